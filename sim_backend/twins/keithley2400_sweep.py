"""Levels of a list or staircase sweep of a Keithley 2400."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim_backend.scpi import ScpiError

# One message carries at most so many list points; appending goes up to the buffer's size.
LIST_MESSAGE = 100
LIST_LONGEST = 2500


class Sweep:
    """Sweep settings of one source function.

    Attributes:
        mode: FIX, LIST or SWE.
        points: of the list, V or A.
        start, stop: of the staircase.
        fixed: the level that waits for FIX while the mode is another.
    """

    def __init__(self) -> None:
        self.mode = "FIX"
        self.points: list[float] = [0.0]
        self.start = self.stop = self.fixed = 0.0

    def set_list(self, *points: float) -> None:
        """A new list."""
        if len(points) > LIST_MESSAGE:
            raise ScpiError(-223)
        self.points = list(points)

    def append(self, *points: float) -> None:
        """More points at the end of the list."""
        if len(points) > LIST_MESSAGE or len(self.points) + len(points) > LIST_LONGEST:
            raise ScpiError(-223)
        self.points += points

    def levels(self, settings: dict[str, Any]) -> Sequence[float] | None:
        """What the source steps through; None if it stays at its level.

        Raises:
            ScpiError: -221, a logarithmic sweep through zero.
        """
        if self.mode == "FIX":
            return None
        if self.mode == "LIST":
            return self.points
        n = settings["sweep_points"]
        if settings["sweep_spacing"] == "LIN":
            levels = np.linspace(self.start, self.stop, n)
        elif self.start * self.stop > 0:
            levels = np.geomspace(self.start, self.stop, n)
        else:
            raise ScpiError(-221)
        found: list[float] = levels.tolist()
        return found[::-1] if settings["sweep_direction"] == "DOWN" else found

    def step(self, n: int) -> float:
        """Step of a linear staircase of n points."""
        return (self.stop - self.start) / max(1, n - 1)

    def points_for(self, step: float) -> int:
        """How many points a step makes.

        Raises:
            ScpiError: -222, it leads nowhere or there would be too many.
        """
        span = self.stop - self.start
        count = round(span / step) + 1 if step else 0
        if not 1 <= count <= LIST_LONGEST:
            raise ScpiError(-222)
        return count
