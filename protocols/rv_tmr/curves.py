"""From resistances of two levels to R_P, R_AP and TMR against bias, and their fits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.bias_dependence import Line, Magnetoresistance, fit_line, fit_magnetoresistance
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.resistance import magnetoresistance
from mtjlab.core.wiring import Cell
from protocols.rv_tmr.states import LEVEL, STATES

POINTS = (
    "row",
    "column",
    "bias_v",
    "voltage_p_v",
    "voltage_ap_v",
    *(f"{name}{end}" for name in ("r_p_ohm", "r_ap_ohm", "tmr") for end in ("", "_low", "_high")),
    "reason",
)
POINT_REASONS = {
    "complete": "both resistances",
    "one_state": "one level only at this bias: no flip stood out of the noise",
}
FITTED = ("r_p0_ohm", "r_p_ohm_per_v", "r_ap0_ohm", "r_ap_ohm_per_v", "tmr0", "tmr_half_v")
FITS = (
    "row",
    "column",
    *(f"{name}{end}" for name in FITTED for end in ("", "_low", "_high")),
    "p_tmr",
    "reason",
)
FIT_REASONS = {
    "complete": "every number is there",
    "half_v_bounded": "TMR does not fall with bias by more than its error: tmr_half_v has a lower "
    "bound only",
    "half_v_none": "TMR rises with bias: it has no half-voltage",
    "too_few": "fewer than two biases with both states",
    "one_state": "the two fields show the same resistance: the field does not switch it, or it has "
    "only one state",
}
_BIAS, _VOLTAGE, _OHM = (STATES.index(n) for n in ("bias_v", "voltage_v", "resistance_ohm"))


@dataclass(frozen=True)
class Curves:
    """Of one junction.

    Attributes:
        points: (n, len(POINTS)).
        r_p, r_ap: lines against |V| across the junction.
        tmr: against the voltage in AP.
        reason: of `FIT_REASONS`.
    """

    points: NDArray[np.float64]
    r_p: Line
    r_ap: Line
    tmr: Magnetoresistance
    reason: str

    @property
    def estimates(self) -> dict[str, Estimate]:
        """By the names of `FITTED`."""
        found = (self.r_p.a, self.r_p.b, self.r_ap.a, self.r_ap.b, self.tmr.tmr0, self.tmr.half_v)
        return dict(zip(FITTED, found, strict=True))

    def row(self, cell: Cell) -> NDArray[np.float64]:
        """(len(FITS),)."""
        ends = [x for e in self.estimates.values() for x in (e.value, e.low, e.high)]
        reason = list(FIT_REASONS).index(self.reason)
        return np.array([cell.row, cell.column, *ends, self.tmr.p_value.value, reason])


def curves_of(rows: NDArray[np.float64], *, by_field: bool) -> Curves:
    """Of the (2 n, len(STATES)) rows of one junction."""
    sides = [rows[rows[:, LEVEL] == number] for number in (0, 1)]
    sides = [side[np.argsort(side[:, _BIAS], kind="stable")] for side in sides]
    if by_field and np.nanmean(sides[0][:, _OHM]) > np.nanmean(sides[1][:, _OHM]):
        sides.reverse()
    p, ap = ([_estimate(row) for row in side] for side in sides)
    v_p, v_ap = (np.abs(side[:, _VOLTAGE]) for side in sides)
    r_p, r_ap = fit_line(v_p, p), fit_line(v_ap, ap)
    ratios = [
        magnetoresistance(_moved(one, r_p, at, to), other)
        for one, other, at, to in zip(p, ap, v_p, v_ap, strict=True)
    ]
    tmr = fit_magnetoresistance(v_ap, ratios)
    points = np.array(
        [
            [
                *side_p[:2],
                side_p[_BIAS],
                side_p[_VOLTAGE],
                side_ap[_VOLTAGE],
                *(x for e in (one, other, ratio) for x in (e.value, e.low, e.high)),
                0 if ratio.known else 1,
            ]
            for side_p, side_ap, one, other, ratio in zip(*sides, p, ap, ratios, strict=True)
        ]
    )
    return Curves(points, r_p, r_ap, tmr, _reason(ratios, tmr, by_field))


def _estimate(row: NDArray[np.float64]) -> Estimate:
    value, low, high = (float(x) for x in row[_OHM : _OHM + 3])
    return Estimate(value, low, high, None if np.isfinite(value) else "not seen at this bias")


def _moved(r_p: Estimate, line: Line, at_v: float, to_v: float) -> Estimate:
    """R_P at the voltage that the junction has in AP: along its line."""
    at, to = line.at(at_v), line.at(to_v)
    if not (r_p.known and at.known and to.known):
        return r_p
    return r_p.times(to.value / at.value)


def _reason(ratios: list[Estimate], tmr: Magnetoresistance, by_field: bool) -> str:
    known = [one for one in ratios if one.known]
    if by_field and known and not any(one.low > 0.0 for one in known):
        return "one_state"
    if not tmr.tmr0.known:
        return "too_few"
    if tmr.half_v.known:
        return "complete"
    return "half_v_bounded" if tmr.half_v.low > 0.0 else "half_v_none"
