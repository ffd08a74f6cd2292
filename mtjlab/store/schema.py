"""The layout of a run file: names, record types and chunk sizes. `data/README.md` explains it.

    /               attributes: what this file is, and how the run ended
    /header         attributes: everything known before the first row
    /data/STREAM    rows, one extendible dataset per declared stream
    /status         two records, written in turn: how far the run has come
    /log            sentences, each in one or more fixed-length records
    /checkpoint     two slots, written in turn, and what they hold
    /summary        JSON text, written once, at the end

Only `/data` depends on nothing but seed and physics.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream

FORMAT = "mtjlab run"
FORMAT_VERSION = 1

HEADER, DATA, STATUS, LOG, SUMMARY = "header", "data", "status", "log", "summary"
SLOTS = ("checkpoint/slot0", "checkpoint/slot1")
SLOT_RECORDS = "checkpoint/slots"

Ending = Literal["finished", "aborted", "failed"]
Status = Literal["running", "finished", "aborted", "failed", "died"]

CHUNK_BYTES = 128 * 1024
LARGEST_CHUNK_BYTES = 1024 * 1024
SLOT_CHUNK_BYTES = 64 * 1024
LOG_TEXT_BYTES = 240
LOG_LEVEL_BYTES = 16

LOG_RECORD = np.dtype(
    [
        ("bench_time_s", "<f8"),
        ("unix_s", "<f8"),
        ("level", f"S{LOG_LEVEL_BYTES}"),
        ("part", "<u4"),
        ("text", f"S{LOG_TEXT_BYTES}"),
    ]
)

_STREAM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class RunHeader:
    """What is known of a run before its first row.

    Attributes:
        run_id: unique text; its first eight characters are part of the file name.
        protocol, bench: names.
        twin: whether a simulated world was behind the drivers.
        seed: of the run; the chip's seed is in the bench file.
        bench_toml: the bench file as it was read.
        bench_overrides: what was changed in it, by dotted key.
        parameters: resolved parameters of the protocol, JSON-able.
        versions: of Python and packages.
        revision: git revision of the checkout, empty for a wheel.
        host: name of the computer.
        started: with a time zone; stored in UTC.
        command: the command line, if there was one.
        chip: id of the chip, if known.
        resumed_from: run id of the run that this one continues.
        allow_raw: the bench allowed ways around the guard; the log says which were taken.
        session, step: id of the session or sweep, and the name that this run has in it.
        uses: parameter -> `run id:result` of the earlier step that it was taken from.
    """

    run_id: str
    protocol: str
    bench: str
    twin: bool
    seed: int
    bench_toml: str
    bench_overrides: Mapping[str, Any]
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    revision: str
    host: str
    started: datetime
    command: str = ""
    chip: str = ""
    resumed_from: str = ""
    allow_raw: bool = False
    session: str = ""
    step: str = ""
    uses: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.started.tzinfo is None:
            raise ValueError(f"started = {self.started} has no time zone; use datetime.now(UTC)")


def check_streams(streams: Sequence[Stream]) -> None:
    """Refuse what cannot become datasets below `/data`.

    Raises:
        StoreError: a name that is not an identifier, a name twice, or a type HDF5 cannot hold.
    """
    seen: set[str] = set()
    for stream in streams:
        if not _STREAM_NAME.match(stream.name):
            raise StoreError(f"stream {stream.name!r}: a name has letters, digits and _ only")
        if stream.name in seen:
            raise StoreError(f"stream {stream.name!r} is declared twice")
        seen.add(stream.name)
        try:
            kind = np.dtype(stream.dtype).kind
        except TypeError as error:
            raise StoreError(f"stream {stream.name!r}: no such type: {stream.dtype!r}") from error
        if kind not in "biufc":
            raise StoreError(
                f"stream {stream.name!r}: type {stream.dtype!r} is not a plain number; "
                "use a float, integer, complex or boolean type"
            )


def chunk_shape(dtype: np.dtype[Any], row: Sequence[int]) -> tuple[int, ...]:
    """Chunk of a stream with rows of shape `row`: about 128 KiB, and never above 1 MiB."""
    cells = [max(1, n) for n in row]
    row_bytes = dtype.itemsize * math.prod(cells)
    while dtype.itemsize * math.prod(cells) > LARGEST_CHUNK_BYTES:
        widest = cells.index(max(cells))
        cells[widest] = -(-cells[widest] // 2)
    return max(1, CHUNK_BYTES // row_bytes), *cells


def committed_type(streams: Sequence[str]) -> np.dtype[Any]:
    """One counter per stream, by name; without streams a nameless one keeps the type legal."""
    return np.dtype([(name, "<u8") for name in streams] or [("_", "<u8")])


def status_type(streams: Sequence[str]) -> np.dtype[Any]:
    """A record of `/status`; `crc32` covers the record with its own field at zero."""
    return np.dtype(
        [
            ("sequence", "<u8"),
            ("state", "S10"),
            ("done", "<f8"),
            ("total", "<f8"),
            ("bench_time_s", "<f8"),
            ("unix_s", "<f8"),
            ("committed", committed_type(streams)),
            ("crc32", "<u4"),
        ]
    )


def slot_type(streams: Sequence[str]) -> np.dtype[Any]:
    """A record of `/checkpoint/slots`: what the slot of the same index holds."""
    return np.dtype(
        [
            ("sequence", "<u8"),
            ("length", "<u8"),
            ("blob_crc32", "<u4"),
            ("committed", committed_type(streams)),
            ("crc32", "<u4"),
        ]
    )
