"""Occupancy against bias: 1 / (1 + exp(-(V - V50) / w)), by quasi-likelihood."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit, xlogy

from mtjlab.analysis.estimate import Estimate

_ITERATIONS = 100
# Below this chance the scatter about the curve is taken for the error of the points.
_POOR = 0.01


@dataclass(frozen=True)
class Logistic:
    """A fitted curve.

    Attributes:
        v50_v: bias at which both levels are as frequent, V.
        width_v: w, V; negative where the occupancy falls with bias.
        covariance: (2, 2), of slope 1/w and offset -V50/w; nan where there is no fit.
        p_value: chance of a larger scatter about the curve; below 0.01 the intervals are
            stretched to it, and a note in `v50_v.reason` says so.
    """

    v50_v: Estimate
    width_v: Estimate
    covariance: NDArray[np.float64]
    p_value: Estimate

    def at(self, bias_v: ArrayLike) -> NDArray[np.float64]:
        """Occupancy on the curve."""
        curve: NDArray[np.float64] = expit(
            (np.asarray(bias_v) - self.v50_v.value) / self.width_v.value
        )
        return curve


def effective_count(occupancy: Estimate) -> float:
    """Independent samples that give an occupancy this interval; nan where it has no value."""
    p = occupancy.value
    if not occupancy.known or not 0.0 < p < 1.0 or occupancy.high <= occupancy.low:
        return math.nan
    # On the logit scale, where the interval is nearly symmetric.
    low, high = max(occupancy.low, 1e-12), min(occupancy.high, 1.0 - 1e-12)
    odds = math.log(high / (1.0 - high)) - math.log(low / (1.0 - low))
    error = odds / (2.0 * 1.959964)
    return 1.0 / (error**2 * p * (1.0 - p))


def fit_occupancies(bias_v: ArrayLike, occupancy: Sequence[Estimate]) -> Logistic:
    """From occupancies as `analyse_trace` gives them; those without a value are left out."""
    bias = np.asarray(bias_v, dtype=np.float64)
    count = np.array([effective_count(one) for one in occupancy])
    share = np.array([one.value for one in occupancy])
    good = np.isfinite(count)
    return fit_logistic(bias[good], share[good], count[good])


def fit_logistic(bias_v: ArrayLike, occupancy: ArrayLike, count: ArrayLike) -> Logistic:
    """Weighted by how many independent samples each point is worth.

    Args:
        bias_v: (n,), V.
        occupancy: (n,), 0 .. 1.
        count: (n,), effective independent samples, > 0: the time over twice the correlation time.
    """
    bias = np.asarray(bias_v, dtype=np.float64)
    share = np.asarray(occupancy, dtype=np.float64)
    weight = np.asarray(count, dtype=np.float64)
    if bias.ndim != 1 or bias.shape != share.shape or bias.shape != weight.shape:
        raise ValueError(f"shapes {bias.shape}, {share.shape}, {weight.shape}: expected (n,) each")
    if not ((share >= 0.0) & (share <= 1.0) & (weight > 0.0) & np.isfinite(weight)).all():
        raise ValueError("occupancies must be within 0 .. 1 and counts positive")
    if len(np.unique(bias)) < 2:
        return _none(f"{len(np.unique(bias))} bias values with an occupancy; at least 2 are needed")
    centre, scale = float(bias.mean()), float(np.ptp(bias))
    design = np.stack([(bias - centre) / scale, np.ones_like(bias)], axis=1)
    found = _fit(design, share, weight)
    if found is None:
        return _none("the occupancy jumps from one level to the other between two bias values")
    (slope, offset), covariance = found
    curve = expit(design @ np.array([slope, offset]))
    deviance = 2.0 * float(
        (weight * (xlogy(share, share) + xlogy(1 - share, 1 - share))).sum()
        - (weight * (xlogy(share, curve) + xlogy(1 - share, 1 - curve))).sum()
    )
    dof = len(bias) - 2
    p_value, stretch, note = _scatter(max(deviance, 0.0), dof)
    covariance = covariance * stretch
    slope_error = math.sqrt(covariance[0, 0])
    if abs(slope) < 3.0 * slope_error:
        return _none("the occupancy does not change with bias by more than its error")
    # From (V - centre) / scale to V.
    change = np.array([[1.0 / scale, 0.0], [-centre / scale, 1.0]])
    v50 = centre - scale * offset / slope
    gradient = scale * np.array([offset / slope**2, -1.0 / slope])
    error = math.sqrt(float(gradient @ covariance @ gradient))
    dofs = float(dof) if stretch > 1.0 else math.inf
    v50_v = Estimate.normal(v50, error, dof=dofs)
    width = Estimate.positive(abs(scale / slope), slope_error / abs(slope), dof=dofs)
    if slope < 0.0:
        width = Estimate(-width.value, -width.high, -width.low)
    return Logistic(
        Estimate(v50_v.value, v50_v.low, v50_v.high, note),
        Estimate(width.value, width.low, width.high, note),
        change @ covariance @ change.T,
        p_value,
    )


def _fit(
    design: NDArray[np.float64], share: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[tuple[float, float], NDArray[np.float64]] | None:
    """Iteratively reweighted least squares; None where the slope grows without end."""
    point = np.zeros(2)
    for _ in range(_ITERATIONS):
        curve = expit(design @ point)
        spread = weight * curve * (1.0 - curve)
        information = design.T @ (spread[:, np.newaxis] * design)
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (weight * (share - curve)))
        point = point + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-10 * max(1.0, float(np.abs(point).max())):
            inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
            return (float(point[0]), float(point[1])), inverse
    return None


def _scatter(deviance: float, dof: int) -> tuple[Estimate, float, str | None]:
    """Chance of it, by how much to stretch variances, and what to say."""
    if dof < 1:
        reason = "as many parameters as points: nothing tests the curve"
        return Estimate.none(reason, low=0.0, high=1.0), 1.0, None
    p = float(chdtrc(dof, deviance))
    if p >= _POOR:
        return Estimate(p, p, p), 1.0, None
    note = f"the points scatter by {deviance / dof:.3g} times their own variance"
    return Estimate(p, p, p), deviance / dof, note


def _none(reason: str) -> Logistic:
    nothing = Estimate.none(reason)
    return Logistic(
        nothing, nothing, np.full((2, 2), np.nan), Estimate.none(reason, low=0.0, high=1.0)
    )
