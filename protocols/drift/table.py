"""The row of a junction at one look, and the account of its slopes."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.slope import SUMS, added, slope_of
from mtjlab.analysis.trace_report import TraceReport
from mtjlab.core.wiring import Cell

VERDICTS = ("telegraph", "slow", "too fast", "three levels", "one level", "constant")
QUANTITIES = ("low_v", "high_v", "occupancy_high", "tau_low_s", "tau_high_s", "tau_c_s")
COLUMNS = (
    "row",
    "column",
    "look",
    "t_s",
    "bias_v",
    "verdict",
    "transitions",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
)
# Levels as a share of the bias, which may move; times by their logarithm, in which a drift of the
# barrier is a straight line.
SLOPES = (
    "low_share_per_h",
    "high_share_per_h",
    "occupancy_high_per_h",
    "ln_tau_c_per_h",
    "bias_v_per_h",
)
SLOPE_COLUMNS = (
    "row",
    "column",
    "looks",
    *(f"{name}{end}" for name in SLOPES for end in ("", "_low", "_high")),
)


def row_of(
    cell: Cell, report: TraceReport, look: int, t_s: float, bias_v: float
) -> NDArray[np.float64]:
    """(columns,)."""
    verdict = VERDICTS.index(report.verdict)
    numbers = [cell.row, cell.column, look, t_s, bias_v, verdict, report.transitions]
    for name in QUANTITIES:
        estimate: Estimate = getattr(report, name)
        numbers += [estimate.value, estimate.low, estimate.high]
    return np.array(numbers, dtype=np.float64)


def no_sums(junctions: int) -> NDArray[np.float64]:
    """Before the first look, (junctions, slopes, SUMS)."""
    return np.zeros((junctions, len(SLOPES), SUMS))


def summed(
    sums: NDArray[np.float64], report: TraceReport, t_s: float, bias_v: float
) -> NDArray[np.float64]:
    """The sums of one junction, (slopes, SUMS), with one more look."""
    hours = t_s / 3600.0
    found = sums.copy()
    shares = (report.low_v.times(1.0 / bias_v), report.high_v.times(1.0 / bias_v))
    for index, estimate in enumerate((*shares, report.occupancy_high)):
        found[index] = added(found[index], hours, estimate.value, estimate.error)
    tau_c = report.tau_c_s
    if tau_c.known and tau_c.low > 0.0 and math.isfinite(tau_c.high):
        relative = 0.5 * math.log(tau_c.high / tau_c.low) / 1.96
        found[3] = added(found[3], hours, math.log(tau_c.value), relative)
    found[4] = added(found[4], hours, bias_v, 1e-3)
    return found


def slopes_of(
    cell: Cell, sums: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Mapping[str, Estimate]]:
    """The row of a junction's slopes, and the slopes by name."""
    found = {name: slope_of(one) for name, one in zip(SLOPES, sums, strict=True)}
    looks = float(sums[4, -1])
    numbers = [n for one in found.values() for n in (one.value, one.low, one.high)]
    return np.array([cell.row, cell.column, looks, *numbers]), found
