"""Dwell times against bias, and where they meet.

Per level, ln tau = a + b (V - V0) + c (V - V0)^2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from mtjlab.analysis.estimate import Z_95, Estimate

_POOR = 0.01


@dataclass(frozen=True)
class LogTau:
    """A weighted fit of ln(tau / s) for one level.

    Attributes:
        reference_v: V0, V.
        coefficients: a, b (1/V), c (1/V^2, where asked for); tau = exp(a) s at V0.
        covariance: of these; nan where there is no fit.
        p_value: chance of a larger scatter about the curve; below 0.01 the errors are stretched.
    """

    reference_v: float
    coefficients: tuple[Estimate, ...]
    covariance: NDArray[np.float64]
    p_value: Estimate


def fit_log_tau(
    bias_v: ArrayLike,
    tau_s: Sequence[Estimate],
    *,
    reference_v: float | None = None,
    degree: int = 1,
) -> LogTau:
    """Weighted by the intervals; points without a value or with an open interval are left out.

    Args:
        bias_v: (n,), the voltage across the junction at that level, V.
        tau_s: (n,), s.
        reference_v: V0; None: the mean of the bias values.
        degree: 1 or 2.
    """
    if degree not in (1, 2):
        raise ValueError(f"degree = {degree!r} must be 1 or 2")
    bias = np.asarray(bias_v, dtype=np.float64)
    if bias.shape != (len(tau_s),):
        raise ValueError(f"{len(tau_s)} dwell times at bias values of shape {bias.shape}")
    good = [i for i, one in enumerate(tau_s) if one.known and 0.0 < one.low < one.high < math.inf]
    reference = float(bias.mean() if reference_v is None else reference_v) if len(bias) else 0.0
    if len(np.unique(bias[good])) < degree + 1:
        reason = (
            f"{len(good)} of {len(tau_s)} dwell times have a bounded interval, at "
            f"{len(np.unique(bias[good]))} bias values; at least {degree + 1} are needed"
        )
        return _none(reference, degree, reason)
    target = np.array([math.log(tau_s[i].value) for i in good])
    sigma = np.array([math.log(tau_s[i].high / tau_s[i].low) / (2.0 * Z_95) for i in good])
    design = np.vander(bias[good] - reference, degree + 1, increasing=True) / sigma[:, np.newaxis]
    scale = np.linalg.norm(design, axis=0)
    covariance = np.linalg.inv((design / scale).T @ (design / scale)) / np.outer(scale, scale)
    point = covariance @ design.T @ (target / sigma)
    square = float(((target / sigma - design @ point) ** 2).sum())
    dof = len(good) - degree - 1
    note, stretched, p_value = None, math.inf, _untested()
    if dof > 0:
        p = float(chdtrc(dof, square))
        p_value = Estimate(p, p, p)
        if p < _POOR:
            covariance = covariance * (square / dof)
            note, stretched = f"the points scatter by {square / dof:.3g} times their variance", dof
    errors = np.sqrt(np.diag(covariance))
    coefficients = []
    for value, error in zip(point, errors, strict=True):
        one = Estimate.normal(float(value), float(error), dof=stretched)
        coefficients.append(Estimate(one.value, one.low, one.high, note))
    return LogTau(reference, tuple(coefficients), covariance, p_value)


def crossing(low: LogTau, high: LogTau) -> Estimate:
    """Bias at which both dwell times are equal, V: V50.

    Of two straight lines with one reference; the interval is Fieller's, which is right also where
    the difference of the slopes is uncertain.
    """
    if low.reference_v != high.reference_v:
        raise ValueError(f"references {low.reference_v!r} V and {high.reference_v!r} V differ")
    if len(low.coefficients) != 2 or len(high.coefficients) != 2:
        raise ValueError("a crossing is that of two straight lines")
    for one in (low, high):
        if not one.coefficients[0].known:
            return Estimate.none(f"no line for one level: {one.coefficients[0].reason}")
    # Zero of offset + slope x.
    offset, slope = (high.coefficients[i].value - low.coefficients[i].value for i in range(2))
    spread = low.covariance + high.covariance
    square = Z_95**2
    a = slope**2 - square * spread[1, 1]
    b = offset * slope - square * spread[0, 1]
    c = offset**2 - square * spread[0, 0]
    if a <= 0.0 or b * b - a * c < 0.0:
        return Estimate.none("the two lines have the same slope to within their errors")
    root = math.sqrt(b * b - a * c)
    ends = sorted(low.reference_v + (-b + sign * root) / a for sign in (-1.0, 1.0))
    return Estimate(low.reference_v - offset / slope, ends[0], ends[1])


def _untested() -> Estimate:
    return Estimate.none("as many parameters as points: nothing tests the line", low=0.0, high=1.0)


def _none(reference_v: float, degree: int, reason: str) -> LogTau:
    nothing = tuple(Estimate.none(reason) for _ in range(degree + 1))
    covariance = np.full((degree + 1, degree + 1), np.nan)
    return LogTau(reference_v, nothing, covariance, Estimate.none(reason, low=0.0, high=1.0))
