"""Records what is only read (thermometers, meters) beside the rows of a protocol."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.bench.open import OpenBench
from mtjlab.core.protocol import Stream

# At most once in this bench time, s.
EVERY_S = 1.0


class Channels:
    """The recorded channels of one bench; read between the steps of a run.

    Attributes:
        last_s: bench time of the last reading.
    """

    def __init__(self, bench: OpenBench) -> None:
        self._bench = bench
        self.last_s = -math.inf

    def streams(self) -> list[Stream]:
        """One per channel: bench time, then its values."""
        return [
            Stream(
                _stream(name),
                "f8",
                (1 + len(channel.columns),),
                "",
                ", ".join(("bench_time_s", *channel.columns)),
            )
            for name, channel in self._bench.channels().items()
        ]

    def rows(self) -> list[tuple[str, NDArray[np.float64]]]:
        """A row of each channel, shape (1, 1 + columns); none before it is time again.

        Raises:
            InstrumentError: one of them does not answer, or answers nonsense.
        """
        now_s = self._bench.clock.now_s()
        if now_s - self.last_s < EVERY_S:
            return []
        taken = [
            (_stream(name), np.array([[self._bench.clock.now_s(), *channel.values()]]))
            for name, channel in self._bench.channels().items()
        ]
        self.last_s = now_s
        return taken


def _stream(name: str) -> str:
    return f"channel_{name}".replace("-", "_").replace(".", "_")
