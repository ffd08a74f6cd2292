"""The bias of each source: a junction's own, or the compromise of all that share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from mtjlab.core.wiring import SingleJunction
from protocols.operating_point.curve import Curve, curve_of
from protocols.operating_point.parameters import OperatingPointParameters

_GRID = 401


@dataclass(frozen=True)
class Search:
    """Where the search stands.

    Attributes:
        curves: of each junction, in the order of the bench.
        reachable: whether its own bias lies in the window.
        counted: and it is neither too slow nor too fast there.
        bias_v: by terminal; that of its measurements which is next. Terminals without a counted
            junction stay out.
    """

    curves: tuple[Curve, ...]
    reachable: tuple[bool, ...]
    counted: tuple[bool, ...]
    bias_v: dict[str, float]


def search_of(
    junctions: Sequence[SingleJunction],
    window_v: tuple[float, float],
    params: OperatingPointParameters,
    table: NDArray[np.float64],
) -> Search:
    """What follows from all measurements, (n, len(MEASURED))."""
    curves = []
    for junction in junctions:
        mine = (table[:, 0] == junction.cell.row) & (table[:, 1] == junction.cell.column)
        curves.append(curve_of(table[mine], params.duty))
    low_v, high_v = window_v
    reachable = tuple(
        curve.own_bias_v.known and low_v <= curve.own_bias_v.value <= high_v for curve in curves
    )
    counted = tuple(
        good and params.min_tau_c_s <= curve.tau_c_s <= params.max_tau_c_s
        for good, curve in zip(reachable, curves, strict=True)
    )
    bias_v = {}
    for source in dict.fromkeys(junction.source for junction in junctions):
        mine_too = [
            curve
            for junction, curve, good in zip(junctions, curves, counted, strict=True)
            if good and junction.source == source
        ]
        if mine_too:
            bias_v[source] = compromise_v(mine_too, window_v, params.duty)
    return Search(tuple(curves), reachable, counted, bias_v)


def compromise_v(curves: Sequence[Curve], window_v: tuple[float, float], duty: float) -> float:
    """Bias with the least sum of squared deviations from the duty cycle, V."""
    fitted = [curve for curve in curves if np.isfinite(curve.width_v)]
    if len(curves) == 1 or not fitted:
        return float(np.median([curve.own_bias_v.value for curve in curves]))

    def deviation(bias_v: float) -> float:
        return float(sum((curve.duty_at(bias_v) - duty) ** 2 for curve in fitted))

    grid = np.linspace(*window_v, _GRID)
    best = int(np.argmin([deviation(bias_v) for bias_v in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    found = minimize_scalar(deviation, bounds=ends, method="bounded", options={"xatol": 1e-7})
    return float(found.x)


def settled(
    search: Search,
    measured_v: Mapping[str, float],
    junctions: Sequence[SingleJunction],
    params: OperatingPointParameters,
) -> bool:
    """Whether the next biases would change no duty cycle by more than half of the tolerance."""
    for junction, curve, good in zip(junctions, search.curves, search.counted, strict=True):
        if not good:
            continue
        if junction.source not in measured_v:
            return False
        step_v = abs(search.bias_v[junction.source] - measured_v[junction.source])
        if not step_v <= curve.step_v(params.duty, 0.5 * params.tolerance):
            return False
    return True
