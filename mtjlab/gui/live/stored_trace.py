"""Raw samples in a run file: the summaries at once, the samples when they have been read."""

import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.extremes import Band, Bins, Stretch
from mtjlab.gui.live.timeline import Piece, Timeline
from mtjlab.store import RunReader

# Of all channels: less than this is kept as it is, more as extremes, still more is not read.
_KEPT_VALUES = 4 << 20
_READ_VALUES = 256 << 20
# Read at once; between two of these a newer wish is looked for.
_SLICE_VALUES = 1 << 18
_MOST_SUMMARIES = 1 << 19
# First the coarse picture is drawn, and whoever still turns the wheel wishes again.
_WAIT_S = 0.06
# On both sides of what is wanted, of its length, so that a small shift needs no reading.
_BESIDE = 0.5


class _Wish(NamedTuple):
    """A stretch of samples, in bins of so many."""

    first: int
    last: int
    width: int


class StoredTrace:
    """The trace of a run file as it was when opened; the same to read as a `LiveTrace`.

    Attributes:
        stream, names, version, count: as of a `LiveTrace`; `version` grows when something finer
            has been read.
    """

    def __init__(self, path: Path, trace: str = "trace", segments: str = "segments") -> None:
        """Open and look at the head; `trace` and `segments` are names of streams.

        Raises:
            StoreError: it cannot be read.
        """
        with RunReader.open(path) as run:
            self.stream = run.streams[trace]
            self.count = run.committed[trace]
            rows = np.asarray(run.stream(segments), dtype=np.float64)
            parameters = run.header.parameters
            self._summaries = run.committed.get("summary_min", 0)
        self.names = tuple(self.stream.about.split(","))
        self.version = 1
        self.failure: str | None = None
        self._path = path
        self._k = int(np.prod(self.stream.shape))
        self._timeline = Timeline(rows, 0, self.count)
        self._per_row = _samples_per_row(parameters, self._timeline.interval_s)
        self._lock = threading.Lock()
        self._wish: _Wish | None = None
        self._reading = False
        self._coarse: Bins | None = None
        self._fine: Bins | None = None
        with self._lock:
            self._begin_reading()

    def timeline(self) -> Timeline:
        """See `Trace`."""
        return self._timeline

    def window(self, piece: Piece, columns: int, chosen: NDArray[np.int64]) -> Band:
        """The best there is now; something finer is wished for where that is coarse."""
        wanted = max(1, (piece.last - piece.first) // columns)
        fine, coarse = self._fine, self._coarse
        covered = fine is not None and _covers(fine, piece, wanted)
        known = min(
            coarse.width if coarse else 1 << 62, fine.width if covered and fine else 1 << 62
        )
        if known > wanted:
            self._want(piece, wanted)
        best = fine if covered and (coarse is None or wanted < coarse.width) else coarse
        if best is None:
            nothing = np.full((len(chosen), 1, 2), np.nan, dtype=np.float32)
            return Band(piece.first, piece.last - piece.first, nothing, piece.last - piece.first)
        return best.columns(piece.first, piece.last, columns, chosen)

    def samples(self, piece: Piece, chosen: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """See `Trace`."""
        fine = self._fine
        if fine is None or fine.width > 1 or not _covers(fine, piece, 0):
            self._want(piece, 1)
            return None
        return fine.low[piece.first - fine.base : piece.last - fine.base, chosen]

    def read(self, channel: int, piece: Piece) -> NDArray[np.float32]:
        """See `Trace`.

        Raises:
            StoreError: it cannot be read.
        """
        found = np.empty(max(0, piece.last - piece.first), dtype=np.float32)
        step = max(1, _SLICE_VALUES // self._k)
        with RunReader.open(self._path) as run:
            for start in range(piece.first, piece.last, step):
                rows = run.stream(self.stream.name, start, min(start + step, piece.last))
                found[start - piece.first :][: len(rows)] = rows.reshape(len(rows), -1)[:, channel]
        return found

    # -- reading, in a thread that lives while there is something to read ------------------------

    def _want(self, piece: Piece, wanted: int) -> None:
        length = piece.last - piece.first
        beside = int(_BESIDE * length)
        first, last = max(0, piece.first - beside), min(self.count, piece.last + beside)
        if length * self._k > _READ_VALUES or self.failure is not None:
            return
        width = 1
        while (last - first) * self._k > _KEPT_VALUES * width and 2 * width <= wanted:
            width *= 2
        with self._lock:
            wish = self._wish or _Wish(0, 0, 1)
            inside = wish.first <= piece.first and piece.last <= wish.last
            if inside and width <= wish.width <= max(1, wanted):
                return
            self._wish = _Wish(first, last, width)
            self._begin_reading()

    def _begin_reading(self) -> None:
        if not self._reading:
            self._reading = True
            threading.Thread(target=self._read, name="stored trace", daemon=True).start()

    def _read(self) -> None:
        try:
            with RunReader.open(self._path) as run:
                if self._coarse is None:
                    self._coarse = self._read_summaries(run)
                    self.version += 1
                done: _Wish | None = None
                while True:
                    with self._lock:
                        wish = self._wish
                        if wish is None or wish is done:
                            self._reading = False
                            return
                    time.sleep(_WAIT_S)
                    found = self._read_stretch(run, wish)
                    done = wish
                    if found is not None:
                        self._fine = found
                        self.version += 1
        except Exception as error:
            with self._lock:
                self._reading = False
            self.failure = str(error)
            self.version += 1

    def _read_summaries(self, run: RunReader) -> Bins | None:
        """Extremes of the whole trace, several rows together where there are very many."""
        together = -(-self._summaries // _MOST_SUMMARIES)
        if not together:
            return None
        size = -(-self._summaries // together)
        both = np.empty((2, size, self._k), dtype=np.float32)
        step = together * max(1, _SLICE_VALUES // self._k // together)
        for found, kind in zip(both, ("min", "max"), strict=True):
            widen = np.minimum if kind == "min" else np.maximum
            for start in range(0, self._summaries, step):
                stop = min(start + step, self._summaries)
                rows = run.stream(f"summary_{kind}", start, stop).reshape(stop - start, -1)
                at = start // together
                edges = np.arange(0, len(rows), together)
                found[at : at + len(edges)] = widen.reduceat(rows, edges)
        return Bins(both[0], both[1], 0, 0, size, together * self._per_row)

    def _read_stretch(self, run: RunReader, wish: _Wish) -> Bins | None:
        stretch = Stretch(wish.first, wish.last, self._k, wish.width)
        step = max(1, _SLICE_VALUES // self._k)
        for start in range(wish.first, wish.last, step):
            if self._wish is not wish:
                return None
            rows = run.stream(self.stream.name, start, min(start + step, wish.last))
            stretch.add(rows.reshape(len(rows), -1))
        return stretch.bins


def _samples_per_row(parameters: object, interval_s: float) -> int:
    """Of the summaries, by the parameters of the run."""
    known = parameters if isinstance(parameters, dict) else {}
    per_row_s = min(known.get("summary_s", 0.1), known.get("duration_s", 0.1))
    return max(1, round(per_row_s / interval_s)) if interval_s > 0.0 else 1


def _covers(bins: Bins, piece: Piece, wanted: int) -> bool:
    """Whether columns of about `wanted` samples over a piece lie within whole bins."""
    end = bins.end * bins.width
    starts = max(0, piece.first - wanted - bins.width)
    return bins.kept * bins.width <= max(starts, 0) and (piece.last <= end)
