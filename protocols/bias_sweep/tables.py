"""The tables of a bias sweep: one row for each junction and bias, one for each fitted curve."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.log_tau import LogTau, crossing, fit_log_tau
from mtjlab.analysis.logistic import Logistic, fit_occupancies
from mtjlab.core.wiring import Cell
from mtjlab.fabric.biased_singles import Recorded
from mtjlab.fabric.flips import Flips

QUANTITIES = ("level_p_v", "level_ap_v", "occupancy_ap", "tau_p_s", "tau_ap_s", "tau_c_s")
POINTS = (
    "row",
    "column",
    "field_t",
    "bias_v",
    "mean_v",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
    "flips",
    "duration_s",
    "reason",
)
FITTED = ("v50_v", "width_v", "v50_junction_v")
LINES = tuple(
    f"ln_tau_{state}_{name}" for state in ("p", "ap") for name in ("a", "b_per_v", "c_per_v2")
)
COVARIANCES = (
    *(f"cov_logistic_{pair}" for pair in ("00", "01", "11")),
    *(
        f"cov_ln_tau_{state}_{pair}"
        for state in ("p", "ap")
        for pair in ("00", "01", "11", "02", "12", "22")
    ),
)
FITS = (
    "row",
    "column",
    "field_t",
    *(f"{name}{end}" for name in (*FITTED, *LINES) for end in ("", "_low", "_high")),
    "reference_v",
    "p_logistic",
    "p_ln_tau_p",
    "p_ln_tau_ap",
    *COVARIANCES,
    "reason",
)
FIT_REASONS = {
    "complete": "occupancy and both dwell times have a curve",
    "no_logistic": "no curve of the occupancy: too few biases with flips, or no change with bias",
    "no_ln_tau": "no line of a dwell time: too few biases at which it is bounded",
    "nothing": "neither",
}
_TRIPLES = [POINTS.index(name) for name in QUANTITIES]
_PAIRS = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))


def point_row(field_t: float, one: Recorded, found: Flips, wanted: float) -> NDArray[np.float64]:
    """(len(POINTS),)."""
    estimates = [getattr(found, name) for name in QUANTITIES]
    return np.array(
        [
            one.junction.cell.row,
            one.junction.cell.column,
            field_t,
            one.bias_v,
            found.mean_v,
            *(end for e in estimates for end in (e.value, e.low, e.high)),
            found.transitions,
            one.duration_s,
            found.reason(wanted),
        ]
    )


def estimate_of(row: NDArray[np.float64], name: str) -> Estimate:
    """An estimate of a row of `POINTS` back."""
    at = _TRIPLES[QUANTITIES.index(name)]
    value, low, high = (float(v) for v in row[at : at + 3])
    reason = None if math.isfinite(value) else "not seen at this bias"
    return Estimate(value, low, high, reason)


class Curves:
    """What is fitted to the points of one junction at one field."""

    def __init__(self, rows: NDArray[np.float64], *, curvature: bool) -> None:
        """Of (n, len(POINTS)) rows."""
        bias_v = rows[:, POINTS.index("bias_v")]

        def column(name: str) -> list[Estimate]:
            return [estimate_of(row, name) for row in rows]

        self.logistic: Logistic = fit_occupancies(bias_v, column("occupancy_ap"))
        levels = {s: [e.value for e in column(f"level_{s}_v")] for s in ("p", "ap")}
        seen = [v for s in levels.values() for v in s if math.isfinite(v)]
        # One reference for both states, so that their lines can be compared.
        self.reference_v = float(np.mean(seen)) if seen else 0.0
        degree = 2 if curvature else 1
        self.lines: dict[str, LogTau] = {
            state: fit_log_tau(
                np.nan_to_num(volts, nan=self.reference_v),
                column(f"tau_{state}_s"),
                reference_v=self.reference_v,
                degree=degree,
            )
            for state, volts in levels.items()
        }
        self.v50_junction_v = (
            crossing(self.lines["p"], self.lines["ap"])
            if degree == 1
            else Estimate.none("a crossing is that of two straight lines")
        )

    @property
    def known(self) -> tuple[bool, bool]:
        """Whether the logistic curve and both lines are there."""
        return self.logistic.v50_v.known, all(
            line.coefficients[0].known for line in self.lines.values()
        )

    def row(self, cell: Cell, field_t: float) -> NDArray[np.float64]:
        """(len(FITS),)."""
        untold = Estimate.none("not asked for")
        lines = [
            one
            for line in self.lines.values()
            for one in (*line.coefficients, *[untold] * (3 - len(line.coefficients)))
        ]
        estimates: Sequence[Estimate] = (
            self.logistic.v50_v,
            self.logistic.width_v,
            self.v50_junction_v,
            *lines,
        )
        tests = [self.logistic.p_value, *(line.p_value for line in self.lines.values())]
        spreads = [self.logistic.covariance[i, j] for i, j in _PAIRS[:3]]
        for line in self.lines.values():
            size = len(line.covariance)
            spreads += [line.covariance[i, j] if max(i, j) < size else math.nan for i, j in _PAIRS]
        logistic, times = self.known
        reason = {(True, True): 0, (False, True): 1, (True, False): 2, (False, False): 3}
        return np.array(
            [
                cell.row,
                cell.column,
                field_t,
                *(end for e in estimates for end in (e.value, e.low, e.high)),
                self.reference_v,
                *(test.value for test in tests),
                *spreads,
                reason[logistic, times],
            ]
        )
