"""Mains hum at an input: a sine that knows the time, not a random number."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pickup:
    """V(t) = amplitude sin(2 pi line t + phase), t in bench time.

    Attributes:
        amplitude_v: peak, >= 0, V.
        line_hz: frequency of the mains, > 0, Hz.
        phase_rad: at bench time 0.

    Raises:
        ValueError: not that.
    """

    amplitude_v: float
    line_hz: float = 50.0
    phase_rad: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.amplitude_v < math.inf:
            raise ValueError(f"pickup of {self.amplitude_v!r} V must be finite and not negative")
        if not 0 < self.line_hz < math.inf:
            raise ValueError(f"mains of {self.line_hz!r} Hz must have a frequency above 0")

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Hum at these bench times, V; the whole turns are taken off before the sine."""
        turns = np.asarray(t_s) * self.line_hz % 1.0
        return self.amplitude_v * np.sin(2 * np.pi * turns + self.phase_rad)
