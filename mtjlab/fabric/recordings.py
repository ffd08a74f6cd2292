"""Recordings as a fabric reads them: from files, averaged, or freed of the instrument's noise.

All satisfy `mtjlab.learning.recorded.Recording`.
"""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.levels import Levels
from mtjlab.learning.recorded import Recording
from mtjlab.store.traces import open_trace


class Stored:
    """What `open_trace` reads; no file stays open between two readings.

    Args:
        where: as for `open_trace`.
        interval_s: between samples, s; None: what the files say.

    Raises:
        DataError: nothing there, or nothing that can be read.
    """

    def __init__(self, where: str, interval_s: float | None) -> None:
        self._where = where
        self._given_s = interval_s
        with open_trace(where, interval_s=interval_s) as trace:
            self.samples = trace.samples
            self.interval_s = trace.interval_s

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V."""
        with open_trace(self._where, interval_s=self._given_s) as trace:
            return trace.read(start, count)


class Averaged:
    """Means of `keep` successive samples, as of a bench that averages that many per read."""

    def __init__(self, recording: Recording, keep: int) -> None:
        self._recording = recording
        self._keep = keep
        self.samples = recording.samples // keep
        self.interval_s = recording.interval_s * keep

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Means `start` to `start + count`, (count,), V."""
        volts = self._recording.read(start * self._keep, count * self._keep)
        means: NDArray[np.float64] = volts.reshape(count, self._keep).mean(axis=1, dtype=np.float64)
        return means


class Idealised:
    """Every sample at the level it belongs to: the telegraph without the noise of the reading."""

    def __init__(self, recording: Recording, levels: Levels) -> None:
        self._recording = recording
        self._levels = levels
        self.samples = recording.samples
        self.interval_s = recording.interval_s

    def read(self, start: int, count: int) -> NDArray[np.floating]:
        """Samples `start` to `start + count`, (count,), V."""
        high = self._recording.read(start, count) > self._levels.threshold_v
        return np.where(high, self._levels.high_v, self._levels.low_v)
