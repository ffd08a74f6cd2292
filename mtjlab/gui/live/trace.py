"""Raw samples of a live trace: what a scope shows of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Stream

KEPT_SAMPLES = 400_000


class LiveTrace:
    """Samples of k channels; appended in the run's thread.

    Attributes:
        stream: as declared; a row has one sample of each channel.
        version: grows with every block.
        count: samples so far.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.version = 0
        self.count = 0
        self._newest: NDArray[Any] = np.empty((0, *stream.shape), stream.dtype)

    def append(self, index0: int, rows: NDArray[Any]) -> None:
        """The next (n, k) samples, the first of them with the absolute index `index0`."""
        self._newest = np.concatenate([self._newest, rows])[-KEPT_SAMPLES:]
        self.count = index0 + len(rows)
        self.version += 1

    def segments(self, rows: NDArray[Any]) -> None:
        """Rows `first_sample, t0_s, interval_s, gap_s`: where the trace goes on, and when."""
        self.version += 1
