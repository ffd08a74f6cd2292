"""A stretch of trace in which every sample follows the one before."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from mtjlab.core.interfaces import Samples
from mtjlab.core.protocol import State, StateValue

# A rate that the board made within this is the one that was asked for.
_SAME = 1e-6


@dataclass
class Segment:
    """The current one.

    Attributes:
        t0_s: bench time of its first sample, s.
        samples: that it has.
        interval_s: between them, s.
        number: of segments before it.
    """

    t0_s: float
    samples: int
    interval_s: float
    number: int = 0

    def restart(self, piece: Samples) -> None:
        """The stream has been started here, for measuring its rate."""
        self._first = piece

    def measure(self, piece: Samples, nominal_s: float) -> None:
        """The rate, as times and indices of two pieces of one stream tell it."""
        passed = piece.index0 - self._first.index0
        if passed > 0:
            measured_s = (piece.t0_s - self._first.t0_s) / passed
            exact = abs(measured_s / nominal_s - 1.0) < _SAME
            self.interval_s = nominal_s if exact else measured_s

    def gap_s(self, piece: Samples) -> float:
        """Between its end and a piece that does not follow it; nan if the clock began anew."""
        gap_s = piece.t0_s - (self.t0_s + self.samples * self.interval_s)
        return gap_s if gap_s > 0.0 else math.nan

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        return {
            "segment_t0_s": self.t0_s,
            "segment_samples": self.samples,
            "segment_interval_s": self.interval_s,
            "segment_number": self.number,
        }

    @classmethod
    def restored(cls, state: State) -> Self:
        """From `state()`."""
        t0_s, samples, interval_s, number = (
            np.asarray(state[f"segment_{name}"]).item()
            for name in ("t0_s", "samples", "interval_s", "number")
        )
        return cls(float(t0_s), int(samples), float(interval_s), int(number))
