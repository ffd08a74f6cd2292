"""Sentences of any length in records of a fixed length, and back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.store.schema import LOG_LEVEL_BYTES, LOG_RECORD, LOG_TEXT_BYTES


@dataclass(frozen=True)
class LogLine:
    """One sentence of a run.

    Attributes:
        bench_time_s: when, on the clock of the bench.
        unix_s: when, on the wall clock of the host, seconds since 1970 UTC.
        level: info, warning or error.
        text: what was said.
    """

    bench_time_s: float
    unix_s: float
    level: str
    text: str


def to_records(line: LogLine) -> NDArray[Any]:
    """Records of one line; `part` counts from 0, a new line begins at 0.

    HDF5 pads fixed-length text with NUL, so a NUL inside becomes its picture, U+2400.
    """
    pieces = list(_pieces(line.text.replace("\0", "␀")))
    level = line.level.encode("utf-8", "backslashreplace")[:LOG_LEVEL_BYTES]
    rows = [
        (line.bench_time_s, line.unix_s, level, part, piece) for part, piece in enumerate(pieces)
    ]
    return np.array(rows, dtype=LOG_RECORD)


def from_records(records: NDArray[Any]) -> list[LogLine]:
    """The lines of a log; one cut short by a crash keeps the parts that were written."""
    lines: list[tuple[Any, list[bytes]]] = []
    for record in records:
        if record["part"] == 0 or not lines:
            lines.append((record, []))
        lines[-1][1].append(bytes(record["text"]))
    return [
        LogLine(
            float(first["bench_time_s"]),
            float(first["unix_s"]),
            bytes(first["level"]).decode("utf-8", "replace"),
            b"".join(pieces).decode("utf-8", "replace"),
        )
        for first, pieces in lines
    ]


def _pieces(text: str) -> Iterator[bytes]:
    """UTF-8 of `text`, cut between characters so that every record is readable by itself."""
    whole = text.encode("utf-8", "backslashreplace")
    start = 0
    while len(whole) - start > LOG_TEXT_BYTES:
        end = start + LOG_TEXT_BYTES
        while whole[end] & 0xC0 == 0x80:
            end -= 1
        yield whole[start:end]
        start = end
    yield whole[start:]
