"""Recordings of a junction's voltage: a file, or a folder of files that follow each other.

    with open_trace("recording/") as trace:
        trace.samples, trace.interval_s, trace.read(0, 1000)

Parquet, CSV and HDF5. Nothing is loaded but what is asked for, so a recording of gigabytes costs
no more memory than a small one. `docs/tasks.md` describes the files.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.core.units import si
from mtjlab.store.traces_csv import CsvChunk
from mtjlab.store.traces_hdf5 import Hdf5Chunk, is_run_file
from mtjlab.store.traces_parquet import ParquetChunk

PARQUET = (".parquet", ".pqt", ".pq")
CSV = (".csv", ".tsv", ".txt")
HDF5 = (".h5", ".hdf5", ".hdf")
_ENDINGS = ", ".join(PARQUET + HDF5 + CSV)

# Chunks of one recording may state their interval with some rounding.
_SAME_INTERVAL = 1e-6


class Chunk(Protocol):
    """One file of a recording; see `Trace` for what the members mean."""

    path: Path
    samples: int
    interval_s: float | None
    kind: str

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """See `Trace`."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


class Trace:
    """A recording, open for reading; a context manager.

    Attributes:
        where: what was opened, as given.
        samples: how many, in all files.
        interval_s: between samples, s.
        chunks: the files in their order.
        kind: what a sample is in these files, in words.
    """

    def __init__(self, chunks: Sequence[Chunk], where: str, interval_s: float) -> None:
        self.where = where
        self.interval_s = interval_s
        self.chunks = tuple(chunks)
        self.kind = chunks[0].kind
        self._ends = np.cumsum([0, *(chunk.samples for chunk in chunks)])
        self.samples = int(self._ends[-1])

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V, over the edges of files.

        Reading in ascending order is cheap; going back reads a file from an earlier point again.

        Raises:
            DataError: beyond the end, a file that cannot be read, or a sample that is no number.
        """
        if start < 0 or count < 0 or start + count > self.samples:
            raise DataError(
                f"{self.where}: samples {start} to {start + count} of {self.samples} were asked for"
            )
        parts: list[NDArray[np.floating]] = []
        at = start
        while at < start + count:
            index = int(np.searchsorted(self._ends, at, side="right")) - 1
            stop = min(start + count, int(self._ends[index + 1]))
            chunk = self.chunks[index]
            parts.append(_finite(chunk, at - int(self._ends[index]), stop - at))
            at = stop
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.zeros(0, np.float32)])

    def pieces(self, count: int) -> Iterator[NDArray[np.floating]]:
        """The whole recording, `count` samples at a time; the last piece may be shorter."""
        for start in range(0, self.samples, count):
            yield self.read(start, min(count, self.samples - start))

    def close(self) -> None:
        """Release all files."""
        for chunk in self.chunks:
            chunk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_trace(where: str | Path, *, interval_s: float | None = None) -> Trace:
    """Open a recording.

    Args:
        where: a file, or a folder of files of one kind, taken in the order of the numbers in
            their names. `PATH::NAME` names the column (else "V") or HDF5 dataset;
            `PATH::NAME[3]` a row of a dataset of several traces.
        interval_s: between samples, s; None takes what the files say.

    Raises:
        DataError: nothing there, files that do not belong together, or no interval known.
        ParameterError: parquet without pyarrow installed.
    """
    path_text, _, name = str(where).partition("::")
    files = _files(Path(path_text))
    chunks: list[Chunk] = []
    try:
        for file in files:
            chunks.append(_open_chunk(file, name))
            _check_belongs(chunks[-1], chunks[0])
        stated = chunks[0].interval_s
        used = interval_s if interval_s is not None else stated
        if used is None:
            raise DataError(
                f"{where} does not say how fast it was sampled; give the interval, as in "
                "--interval 5us (interval_s in Python)"
            )
        if not 0.0 < used < float("inf"):
            raise DataError(f"{where}: an interval of {used!r} s; it must be positive")
        if sum(chunk.samples for chunk in chunks) == 0:
            raise DataError(f"{where} has no samples")
    except BaseException:
        for chunk in chunks:
            chunk.close()
        raise
    return Trace(chunks, str(where), used)


def is_recording(where: str) -> bool:
    """Whether `where` is meant as a recording by its look; run files are not, but parts of them."""
    text, name, _ = where.partition("::")
    path = Path(text)
    if name or path.is_dir() or path.suffix.lower() in PARQUET + CSV:
        return True
    return path.suffix.lower() in HDF5 and path.is_file() and not is_run_file(path)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"no recording {path}: no such file or folder")
    for endings in (PARQUET, HDF5, CSV):
        found = [file for file in path.iterdir() if file.suffix.lower() in endings]
        if found:
            return sorted(found, key=lambda file: _by_number(file.name))
    raise DataError(
        f"folder {path} has no files of a recording ({', '.join(PARQUET + HDF5 + CSV)})"
    )


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """Sorts chunk2 before chunk10."""
    words = re.findall(r"\d+|\D+", name)
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]


def _open_chunk(file: Path, name: str) -> Chunk:
    ending = file.suffix.lower()
    if ending in HDF5:
        return Hdf5Chunk(file, name)
    if ending in CSV:
        return CsvChunk(file, name)
    if ending in PARQUET:
        return ParquetChunk(file, name)
    raise DataError(f"{file} is no recording by its name; known endings are {_ENDINGS}")


def _check_belongs(chunk: Chunk, first: Chunk) -> None:
    if chunk.kind != first.kind:
        raise DataError(
            f"{chunk.path} does not belong to this recording: {chunk.kind}, while "
            f"{first.path.name} has {first.kind}"
        )
    here, there = chunk.interval_s, first.interval_s
    if here is None and there is None:
        return
    if here is None or there is None or abs(here - there) > _SAME_INTERVAL * there:
        raise DataError(
            f"{chunk.path} does not belong to this recording: {_rate(here)}, while "
            f"{first.path.name} has {_rate(there)}"
        )


def _rate(interval_s: float | None) -> str:
    if interval_s is None:
        return "no stated rate"
    return f"{si(1.0 / interval_s, 'S/s')} ({si(interval_s, 's')})"


def _finite(chunk: Chunk, start: int, count: int) -> NDArray[np.floating]:
    volts = chunk.read(start, count)
    finite = np.isfinite(volts)
    if not finite.all():
        first = int(np.argmin(finite))
        raise DataError(
            f"{chunk.path}: sample {start + first} is {volts[first]}; "
            "cut it out, or use the part before or after it"
        )
    return volts
