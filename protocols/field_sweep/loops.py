"""What the loop of one junction tells."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.hysteresis import switching_fields
from mtjlab.core.wiring import Cell

POINTS = (
    "row",
    "column",
    "loop",
    "direction",
    "field_t",
    "measured_t",
    "mean_v",
    "resistance_ohm",
)
QUANTITIES = (
    "up_t",
    "down_t",
    "coercive_t",
    "centre_t",
    "r_plus_ohm",
    "r_minus_ohm",
    "remanence",
)
LOOPS = (
    "row",
    "column",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
    "reason",
)
REASONS = {
    "complete": "it switches within the fields, both ways",
    "one_level": "the resistance is the same at both ends: it does not switch within these fields",
    "one_way": "no crossing in one of the directions",
}
_LOOP, _DIRECTION, _FIELD, _MEAN, _OHM = (
    POINTS.index(n) for n in ("loop", "direction", "field_t", "mean_v", "resistance_ohm")
)
# Fields within this share of the largest are the ends of a loop.
_OUTER = 0.9
# Below this change a mean of two levels is not told from drift.
_LEAST_CHANGE = 0.01


@dataclass(frozen=True)
class Loop:
    """Of one junction.

    Attributes:
        estimates: by the names of `QUANTITIES`.
        reason: of `REASONS`.
    """

    estimates: dict[str, Estimate]
    reason: str

    def row(self, cell: Cell) -> NDArray[np.float64]:
        """(len(LOOPS),)."""
        ends = [x for e in self.estimates.values() for x in (e.value, e.low, e.high)]
        return np.array([cell.row, cell.column, *ends, list(REASONS).index(self.reason)])


def loop_of(rows: NDArray[np.float64]) -> Loop:
    """Of the (n, len(POINTS)) rows of one junction, in the order of measurement.

    The field counts at which the mean voltage is half-way between its ends: there a junction that
    flips while it is read spends half of the time in each state.
    """
    field, volts = rows[:, _FIELD], rows[:, _MEAN]
    outer = np.abs(field) >= _OUTER * np.abs(field).max()
    plus, minus = rows[outer & (field > 0)], rows[outer & (field < 0)]
    r_plus, r_minus = _mean(plus[:, _OHM]), _mean(minus[:, _OHM])
    ends = {"r_plus_ohm": r_plus, "r_minus_ohm": r_minus}
    apart = r_plus.low > r_minus.high or r_minus.low > r_plus.high
    change = abs(r_plus.value - r_minus.value)
    if not apart or change < _LEAST_CHANGE * min(r_plus.value, r_minus.value):
        nothing = Estimate.none(REASONS["one_level"])
        return Loop({n: ends.get(n, nothing) for n in QUANTITIES}, "one_level")
    middle = 0.5 * (float(plus[:, _MEAN].mean()) + float(minus[:, _MEAN].mean()))
    # A negative bias turns the voltage over, not the crossing.
    found = switching_fields(field, volts, threshold_ohm=middle)
    estimates = {
        "up_t": found.up_t,
        "down_t": found.down_t,
        "coercive_t": found.coercive_t,
        "centre_t": found.centre_t,
        **ends,
        "remanence": _remanence(rows, r_plus.value - r_minus.value),
    }
    known = found.up_t.known and found.down_t.known
    return Loop(estimates, "complete" if known else "one_way")


def _remanence(rows: NDArray[np.float64], change_ohm: float) -> Estimate:
    """Resistance at 0 T coming from above less that coming from below, over the whole change."""
    differences = []
    for number in np.unique(rows[:, _LOOP]):
        at_zero = []
        for direction in (-1.0, 1.0):
            mine = rows[(rows[:, _LOOP] == number) & (rows[:, _DIRECTION] == direction)]
            mine = mine[np.argsort(mine[:, _FIELD])]
            at_zero.append(float(np.interp(0.0, mine[:, _FIELD], mine[:, _OHM])))
        differences.append((at_zero[0] - at_zero[1]) / change_ohm)
    if len(differences) < 2:
        return Estimate(differences[0], -1.0, 1.0, "one loop: its scatter is not known")
    return _mean(np.array(differences))


def _mean(values: NDArray[np.float64]) -> Estimate:
    if len(values) < 2:
        return Estimate.none(f"{len(values)} readings at this end")
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    return Estimate.normal(float(values.mean()), error, dof=len(values) - 1.0)
