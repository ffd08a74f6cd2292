"""What an output can do to a junction at full scale, and the fence that would hold it back.

A source without programmable compliance reaches its full scale when software fails; only a
divider and a series resistor then stand between it and the junction.

source --(divider d)--[R_s]--+--[junction]-- ground;   worst case: `JunctionLimits.worst_case`

In an array the junction ends at a column instead, which amplifier or selector hold at ground; one
that has come loose stands between the potentials of the rows, and two rows may be opposite.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si

# Of a fence that is proposed: rounded to this many digits, towards the safe side.
_DIGITS = 3
# A fence exactly at the limit holds; its product must not fail by the last bit of a float.
_LAST_BITS = 1 + 1e-12


@dataclass(frozen=True)
class Fence:
    """One junction behind an output at full scale.

    Attributes:
        full_scale_v: largest |voltage| of the output, V.
        worst_v, worst_a: largest |V| (V) and |I| (A) at the junction then.
        holds: both are within the limits.
        remedy: divider and series resistor that would hold; empty if they do.
    """

    full_scale_v: float
    worst_v: float
    worst_a: float
    holds: bool
    remedy: str

    def __str__(self) -> str:
        return (
            f"full scale {si(self.full_scale_v, 'V')} puts up to {si(self.worst_v, 'V')} and "
            f"{si(self.worst_a, 'A')} on a junction"
        )


def fence(
    divider: float,
    series_ohm: float,
    full_scale_v: float,
    limits: JunctionLimits,
    *,
    swing_v: float = 1.0,
    swing_a: float = 1.0,
) -> Fence:
    """Judge a divider (0 < d <= 1) and series resistor (> 0 ohm) at `full_scale_v` (> 0 V).

    `swing_v` and `swing_a` are those of an array's row: other rows at the opposite full scale.
    """
    worst_v, worst_a = limits.worst_case(full_scale_v * divider, series_ohm)
    worst_v, worst_a = worst_v * swing_v, worst_a * swing_a
    holds = worst_v <= limits.hard_v * _LAST_BITS and worst_a <= limits.hard_a * _LAST_BITS
    if holds:
        return Fence(full_scale_v, worst_v, worst_a, True, "")
    d, r_ohm = enough(divider, series_ohm, full_scale_v, limits, swing_v=swing_v, swing_a=swing_a)
    remedy = (
        f"a divider of {d:g} or less with a series resistor of {si(r_ohm, 'ohm')} or more "
        "would fence it"
    )
    return Fence(full_scale_v, worst_v, worst_a, False, remedy)


def enough(
    divider: float,
    series_ohm: float,
    full_scale_v: float,
    limits: JunctionLimits,
    *,
    swing_v: float = 1.0,
    swing_a: float = 1.0,
) -> tuple[float, float]:
    """The largest divider, then the smallest series resistance (ohm), that fence an output.

    The series resistor as built is kept where it suffices. An open junction takes no current, so
    against voltage only the divider helps.
    """
    per_volt_v, _ = limits.worst_case(1.0, series_ohm)
    largest = limits.hard_v / (full_scale_v * per_volt_v * swing_v)
    fenced = divider if divider <= largest else _down(largest)
    least_ohm = full_scale_v * fenced * swing_a / limits.hard_a - limits.r_min_ohm
    return fenced, series_ohm if series_ohm >= least_ohm else _up(least_ohm)


def _down(value: float) -> float:
    return _rounded(value, ROUND_FLOOR)


def _up(value: float) -> float:
    return _rounded(value, ROUND_CEILING)


def _rounded(value: float, mode: str) -> float:
    return float(Context(prec=_DIGITS, rounding=mode).create_decimal(repr(value)))
