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
    weight, t1, t2, x1, xt, x2, count = (float(one) for one in sums)
    if count < 3:
        return Estimate.none(f"{count:.0f} points; a slope and its error need 3")
    spread = t2 - t1**2 / weight
    if spread <= 1e-12 * t2:
        return Estimate.none("all points are of one moment")
    slope = (xt - t1 * x1 / weight) / spread
    left = max(0.0, x2 - x1**2 / weight - slope**2 * spread)
    dof = count - 2.0
    scattered = left / dof if float(chdtrc(dof, left)) < _BY_CHANCE else 1.0
    return Estimate.normal(
        slope, math.sqrt(max(1.0, scattered) / spread), dof=dof if scattered > 1.0 else math.inf
    )
