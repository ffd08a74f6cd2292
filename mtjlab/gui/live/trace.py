"""Raw samples of a run that goes on: what a scope shows of them."""

import threading
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.extremes import Band, Extremes
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.timeline import Piece, Timeline

# Of all channels together, so that many junctions take no more memory than eight do.
NEWEST_SAMPLES = 8 << 19


class Trace(Protocol):
    """What a scope reads, live or from a file. Any thread.

    Attributes:
        stream: as declared; a row has one sample of each channel.
        names: of the channels.
        version: grows with every change.
        count: samples so far.
    """

    stream: Stream
    names: tuple[str, ...]
    version: int
    count: int

    def timeline(self) -> Timeline:
        """Where the samples are in time."""
        ...

    def window(self, piece: Piece, columns: int, chosen: NDArray[np.int64]) -> Band:
        """Extremes of about as many columns, in a time that does not depend on the window."""
        ...

    def samples(self, piece: Piece, chosen: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Every sample, (n, c); None where only extremes are known, or not yet more."""
        ...

    def read(self, channel: int, piece: Piece) -> NDArray[np.float32]:
        """Samples of one channel, those that are kept; may take a while, not for the window."""
        ...


class LiveTrace:
    """Samples of k channels; appended in the run's thread, read in the window's.

    Neither waits for the other longer than some copying takes, and memory does not grow.

    Attributes:
        stream: as declared; a row has one sample of each channel.
        names: of the channels.
        version: grows with every block.
        count: samples so far.
    """

    def __init__(self, stream: Stream, samples: int | None = None) -> None:
        """`samples`: how many there will be, where that is known and few."""
        k = max(1, int(np.prod(stream.shape)))
        self.stream = stream
        names = tuple(stream.about.split(","))
        self.names = names if len(names) == k else tuple(f"channel {i}" for i in range(k))
        self.version = 0
        self.count = 0
        self._k = k
        self._samples = samples
        self._lock = threading.Lock()
        # Made with the first samples: a run that shows none takes no memory for them.
        self._extremes: Extremes | None = None
        self._segments = np.empty((0, 4))
        self._timeline = Timeline(self._segments, 0, 0)
        self._timeline_of = 0

    def append(self, index0: int, rows: NDArray[Any]) -> None:
        """The next (n, k) samples, the first of them with the absolute index `index0`."""
        flat = rows.reshape(len(rows), self._k)
        extremes = self._extremes
        if extremes is None:
            extremes = self._made()
            extremes.begin(index0)
        elif index0 != extremes.count:
            with self._lock:
                extremes.begin(index0)
        for piece in extremes.pieces(flat):
            with self._lock:
                extremes.add(piece)
        self._extremes = extremes
        self.count = index0 + len(rows)
        self.version += 1

    def _made(self) -> Extremes:
        if self._samples is not None:
            return Extremes(self._k, newest=self._samples, bins=self._samples, levels=1)
        return Extremes(self._k, newest=NEWEST_SAMPLES // max(8, self._k))

    def segments(self, rows: NDArray[Any]) -> None:
        """Rows `first_sample, t0_s, interval_s, gap_s`: where the trace goes on, and when."""
        self._segments = np.concatenate([self._segments, np.asarray(rows, dtype=np.float64)])
        self.version += 1

    def timeline(self) -> Timeline:
        """Where the samples are in time."""
        version = self.version
        if self._timeline_of != version:
            begun = 0 if self._extremes is None else self._extremes.begun
            self._timeline = Timeline(self._segments, begun, self.count)
            self._timeline_of = version
        return self._timeline

    def window(self, piece: Piece, columns: int, chosen: NDArray[np.int64]) -> Band:
        """See `Trace`."""
        assert self._extremes is not None
        with self._lock:
            return self._extremes.window(piece.first, piece.last, columns, chosen)

    def samples(self, piece: Piece, chosen: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """See `Trace`."""
        extremes = self._extremes
        if extremes is None:
            return None
        with self._lock:
            if piece.first < extremes.oldest_sample:
                return None
            return extremes.samples(piece.first, piece.last)[:, chosen]

    def read(self, channel: int, piece: Piece) -> NDArray[np.float32]:
        """See `Trace`."""
        extremes = self._extremes
        if extremes is None:
            return np.empty(0, dtype=np.float32)
        with self._lock:
            found = extremes.samples(piece.first, piece.last)
        return np.ascontiguousarray(found[:, channel])
