"""A straight line through measurements that come one by one; its memory does not grow."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from mtjlab.analysis.estimate import Estimate

# Weight, and weighted sums of t, t^2, x, x t, x^2.
SUMS = 7
_BY_CHANCE = 1e-3


def added(sums: NDArray[np.float64], t: float, x: float, error: float) -> NDArray[np.float64]:
    """Sums (SUMS,) with one more point; one that is not finite, or without error, adds nothing.

    Args:
        sums: so far; zeros at the beginning.
        t: when.
        x: value.
        error: its standard deviation, > 0.
    """
    if not (math.isfinite(x) and math.isfinite(error) and error > 0.0):
        return sums
    weight = 1.0 / error**2
    return sums + weight * np.array([1.0, t, t * t, x, x * t, x * x, 1.0 / weight])


def slope_of(sums: NDArray[np.float64]) -> Estimate:
    """Change per unit of t; scatter beyond the errors widens the interval.

    Args:
        sums: of at least three points at different t.
    """
    return line_of(sums)[0]


def line_of(sums: NDArray[np.float64]) -> tuple[Estimate, Estimate]:
    """Slope, and value at t = 0; see `slope_of`."""
    weight, t1, t2, x1, xt, x2, count = (float(one) for one in sums)
    if count < 3:
        nothing = Estimate.none(f"{count:.0f} points; a slope and its error need 3")
        return nothing, nothing
    spread = t2 - t1**2 / weight
    if spread <= 1e-12 * t2:
        nothing = Estimate.none("all points are of one moment")
        return nothing, nothing
    slope = (xt - t1 * x1 / weight) / spread
    left = max(0.0, x2 - x1**2 / weight - slope**2 * spread)
    dof = count - 2.0
    scattered = left / dof if float(chdtrc(dof, left)) < _BY_CHANCE else 1.0
    stretch, known = math.sqrt(max(1.0, scattered)), dof if scattered > 1.0 else math.inf
    start_error = math.sqrt(1.0 / weight + (t1 / weight) ** 2 / spread)
    return (
        Estimate.normal(slope, stretch / math.sqrt(spread), dof=known),
        Estimate.normal((x1 - slope * t1) / weight, stretch * start_error, dof=known),
    )
