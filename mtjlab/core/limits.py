"""A range with a unit that refuses what lies outside it, and what a junction survives."""

import math
from dataclasses import dataclass

from mtjlab.core.errors import LimitError
from mtjlab.core.units import si


@dataclass(frozen=True)
class Limit:
    """A closed range. Never clips."""

    lower: float
    upper: float
    unit: str

    def check(self, value: float, what: str, *, advice: str = "") -> float:
        """Give `value` back if it lies inside.

        Raises:
            LimitError: outside, or not a number; the text has value, range and unit.
        """
        if math.isfinite(value) and self.lower <= value <= self.upper:
            return value
        raise LimitError(
            f"{what} = {si(value, self.unit)} is outside "
            f"{si(self.lower, self.unit)} .. {si(self.upper, self.unit)}; nothing was sent"
            + (f". {advice}" if advice else "")
        )


@dataclass(frozen=True)
class JunctionLimits:
    """What one junction survives; the worst case is computed, never measured.

    Attributes:
        hard_v: largest |voltage| across a junction, V.
        hard_a: largest |current| through a junction, A.
        soft_v: above this the time is booked against the chip, V.
        r_min_ohm: smallest resistance a junction may have; 0 admits a short.
        r_max_ohm: largest; infinity admits an open.
        above_soft_s: time that a junction may spend above `soft_v` in its whole life, s.
    """

    hard_v: float
    hard_a: float
    soft_v: float
    r_min_ohm: float = 0.0
    r_max_ohm: float = math.inf
    above_soft_s: float = math.inf

    def worst_case(self, source_v: float, series_ohm: float) -> tuple[float, float]:
        """Largest |voltage| (V) and |current| (A) at a junction behind a series resistor.

        An open junction carries the whole source voltage, a short one the whole current.
        """
        v = abs(source_v)
        share = (
            1.0 if math.isinf(self.r_max_ohm) else self.r_max_ohm / (self.r_max_ohm + series_ohm)
        )
        loop_ohm = self.r_min_ohm + series_ohm
        current = v / loop_ohm if loop_ohm > 0 else (math.inf if v > 0 else 0.0)
        return v * share, current
