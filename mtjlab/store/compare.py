"""Two run files side by side: what was asked, what came out, and every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Stream
from mtjlab.store.reader import RunReader

PIECE_BYTES = 8 * 1024 * 1024
WORD_LENGTH = 48
_LINKS = ("session", "step", "uses")
# What two runs may differ in without being different experiments.
_OWN = frozenset({"run_id", "started", "command", "host", "resumed_from", "bench_toml", *_LINKS})


@dataclass(frozen=True)
class Difference:
    """One named value that is not the same; None where one of them has none."""

    name: str
    one: Any
    two: Any


@dataclass(frozen=True)
class StreamDifference:
    """One stream of both.

    Attributes:
        name: of the stream.
        rows_one, rows_two: committed rows.
        compared: rows that both have.
        first: index of the first row that is not the same byte for byte; None if there is none.
        largest: largest |difference| of a number in them; None where nothing can be subtracted.
        unit: of the stream.
    """

    name: str
    rows_one: int
    rows_two: int
    compared: int
    first: int | None
    largest: float | None
    unit: str

    @property
    def same(self) -> bool:
        """Every row that both have is the same byte for byte."""
        return self.first is None


@dataclass(frozen=True)
class Comparison:
    """What two runs differ in.

    Attributes:
        header: names, seed, versions, bench.
        parameters: of the protocol.
        results: numbers and words at the end.
        streams: of both; one that only one of them has counts no row in the other.
    """

    header: tuple[Difference, ...]
    parameters: tuple[Difference, ...]
    results: tuple[Difference, ...]
    streams: tuple[StreamDifference, ...]

    @property
    def same_rows(self) -> bool:
        """Every stream has the same rows, byte for byte."""
        return all(s.same and s.rows_one == s.rows_two for s in self.streams)


def compare(one: RunReader, two: RunReader) -> Comparison:
    """Compare two open runs; reads the rows in pieces, however many there are."""
    header_one, header_two = vars(one.header), vars(two.header)
    asked = [name for name in header_one if name not in _OWN | {"parameters", "versions"}]
    header = differences(
        {name: header_one[name] for name in asked}
        | {f"version of {k}": v for k, v in one.header.versions.items()}
        | {"bench file": one.header.bench_toml},
        {name: header_two[name] for name in asked}
        | {f"version of {k}": v for k, v in two.header.versions.items()}
        | {"bench file": two.header.bench_toml},
    )
    names = [*one.streams, *(name for name in two.streams if name not in one.streams)]
    return Comparison(
        tuple(_shortened(difference) for difference in header),
        differences(one.header.parameters, two.header.parameters),
        differences(one.results, two.results),
        tuple(_stream(name, one, two) for name in names),
    )


def differences(one: Mapping[str, Any], two: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Names whose values are not equal, in the order of the first."""
    names = [*one, *(name for name in two if name not in one)]
    return tuple(
        Difference(name, one.get(name), two.get(name))
        for name in names
        if one.get(name) != two.get(name)
    )


def word(value: Any, length: int = WORD_LENGTH) -> str:
    """A value in a table: short, and a dash where there is none."""
    text = "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _shortened(difference: Difference) -> Difference:
    if difference.name != "bench file":
        return difference
    lines_one, lines_two = difference.one.splitlines(), difference.two.splitlines()
    only_one = [line for line in lines_one if line not in lines_two]
    only_two = [line for line in lines_two if line not in lines_one]
    return Difference("bench file", "; ".join(only_one), "; ".join(only_two))


def _stream(name: str, one: RunReader, two: RunReader) -> StreamDifference:
    rows = [run.committed.get(name, 0) if name in run.streams else 0 for run in (one, two)]
    stream = one.streams.get(name) or two.streams[name]
    other = two.streams.get(name)
    if name not in one.streams or other is None or other.shape != stream.shape:
        return StreamDifference(name, rows[0], rows[1], 0, 0, None, stream.unit)
    compared = min(rows)
    first: int | None = None
    largest: float | None = None
    piece = _piece(stream)
    for start in range(0, compared, piece):
        stop = min(compared, start + piece)
        a, b = one.stream(name, start, stop), two.stream(name, start, stop)
        if a.tobytes() == b.tobytes():
            largest = max(largest or 0.0, 0.0)
            continue
        differing = np.flatnonzero(_unequal(a, b))
        if first is None and len(differing):
            first = start + int(differing[0])
        found = _largest(a, b)
        largest = found if largest is None else max(largest, found)
    return StreamDifference(name, rows[0], rows[1], compared, first, largest, stream.unit)


def _piece(stream: Stream) -> int:
    row_bytes = int(np.prod(stream.shape)) * np.dtype(stream.dtype).itemsize
    return max(1, PIECE_BYTES // max(1, row_bytes))


def _unequal(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows that differ; a missing value equals a missing value."""
    both_missing = (a != a) & (b != b)
    wrong: NDArray[np.bool_] = ((a != b) & ~both_missing).reshape(len(a), -1).any(axis=1)
    return wrong


def _largest(a: NDArray[Any], b: NDArray[Any]) -> float:
    if a.dtype.kind == "b":
        return float((a != b).any())
    # Equal values, infinite ones too, are nothing apart.
    differ = a != b
    apart = np.abs(a[differ].astype(np.complex128) - b[differ].astype(np.complex128))
    return float(np.nanmax(apart, initial=0.0))
