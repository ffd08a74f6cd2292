"""Resistance and magnetoresistance against bias.

R = R0 + R1 |V|,   TMR = TMR0 / (1 + (V / V_half)^2)
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
class Line:
    """A weighted straight line a + b x.

    Attributes:
        a, b: with their intervals.
        covariance: (2, 2); nan where there is no line.
        p_value: chance of a larger scatter about it; below 0.01 the errors are stretched to it.
    """

    a: Estimate
    b: Estimate
    covariance: NDArray[np.float64]
    p_value: Estimate

    def at(self, x: float) -> Estimate:
        """On the line; an Estimate without a value where there is none."""
        if not self.a.known:
            return Estimate.none(f"no line: {self.a.reason}")
        row = np.array([1.0, x])
        error = math.sqrt(float(row @ self.covariance @ row))
        return Estimate.normal(self.a.value + self.b.value * x, error)


@dataclass(frozen=True)
class Magnetoresistance:
    """TMR against bias.

    Attributes:
        tmr0: at 0 V.
        half_v: where it has fallen to one half of that, V; without a value where the fall is not
            larger than its error, and then `low` bounds it.
        p_value: chance of a larger scatter about the curve.
    """

    tmr0: Estimate
    half_v: Estimate
    p_value: Estimate


def fit_line(x: ArrayLike, y: Sequence[Estimate]) -> Line:
    """Weighted by the intervals; points without a value or with an open interval are left out.

    Args:
        x: (n,).
        y: (n,).
    """
    at = np.asarray(x, dtype=np.float64)
    if at.shape != (len(y),):
        raise ValueError(f"{len(y)} values at points of shape {at.shape}")
    good = [
        i
        for i, one in enumerate(y)
        if one.known and math.isfinite(at[i]) and 0.0 < one.high - one.low < math.inf
    ]
    points = at[good]
    if len(np.unique(points)) < 2:
        reason = f"{len(good)} of {len(y)} points have a value; two different ones are needed"
        none = Estimate.none(reason)
        return Line(none, none, np.full((2, 2), np.nan), Estimate.none(reason, low=0.0, high=1.0))
    sigma = np.array([y[i].error for i in good])
    value = np.array([y[i].value for i in good])
    # About the middle, in units of the spread, so that the sums do not cancel.
    centre, scale = float(points.mean()), float(np.ptp(points))
    design = (
        np.stack([np.ones(len(good)), (points - centre) / scale], axis=1) / sigma[:, np.newaxis]
    )
    inner = np.linalg.inv(design.T @ design)
    found = inner @ design.T @ (value / sigma)
    square = float(((value / sigma - design @ found) ** 2).sum())
    dof, stretch, note = len(good) - 2, math.inf, None
    p_value = Estimate.none("as many parameters as points", low=0.0, high=1.0)
    if dof > 0:
        p = float(chdtrc(dof, square))
        p_value = Estimate(p, p, p)
        if p < _POOR:
            inner, stretch = inner * (square / dof), dof
            note = f"the points scatter by {square / dof:.3g} times their variance"
    change = np.array([[1.0, -centre / scale], [0.0, 1.0 / scale]])
    a, b = (float(z) for z in change @ found)
    covariance = change @ inner @ change.T
    ends = [
        Estimate.normal(z, math.sqrt(covariance[i, i]), dof=stretch) for i, z in enumerate((a, b))
    ]
    ends = [Estimate(e.value, e.low, e.high, note) for e in ends]
    return Line(ends[0], ends[1], covariance, p_value)


def fit_magnetoresistance(voltage_v: ArrayLike, tmr: Sequence[Estimate]) -> Magnetoresistance:
    """A line of 1 / TMR against V^2.

    Args:
        voltage_v: (n,), across the junction in AP, V.
        tmr: (n,), of which those that are positive beyond their error count.
    """
    voltage = np.asarray(voltage_v, dtype=np.float64)
    inverse = [
        one.reciprocal() if one.known and one.low > 0.0 else Estimate.none("no TMR") for one in tmr
    ]
    line = fit_line(voltage**2, inverse)
    if not line.a.known or line.a.low <= 0.0:
        reason = line.a.reason or "the fall with bias leaves the value at 0 V undetermined"
        none = Estimate.none(reason, low=0.0)
        return Magnetoresistance(none, none, line.p_value)
    return Magnetoresistance(line.a.reciprocal(), _half(line), line.p_value)


def _half(line: Line) -> Estimate:
    """sqrt(a / b); Fieller's interval of b / a, which is also right where b is uncertain."""
    a, b = line.a.value, line.b.value
    stretch = (line.a.high - line.a.low) / (2.0 * Z_95 * math.sqrt(line.covariance[0, 0]))
    c = line.covariance * (Z_95 * stretch) ** 2
    # Ends of the ratio r = b / a: (b - r a)^2 = Z^2 (C_bb - 2 r C_ab + r^2 C_aa).
    square, linear, constant = a**2 - c[0, 0], a * b - c[0, 1], b**2 - c[1, 1]
    root = math.sqrt(max(linear**2 - square * constant, 0.0))
    low, high = (linear - root) / square, (linear + root) / square
    if high <= 0.0:
        return Estimate.none("TMR rises with bias: it has no half-voltage", low=0.0)
    shortest = 1.0 / math.sqrt(high)
    if low <= 0.0:
        return Estimate.none(
            f"TMR does not fall with bias by more than its error: at least {shortest:.3g} V",
            low=shortest,
        )
    return Estimate(math.sqrt(a / b), shortest, 1.0 / math.sqrt(low), line.a.reason)
