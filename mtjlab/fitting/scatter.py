"""Mean of a chip and scatter from junction to junction, less the noise of the single estimates.

Of values y_j with errors s_j about a common mean and with a scatter sigma of their own,

    Q(sigma) = sum (y_j - mean)^2 / (sigma^2 + s_j^2)

follows chi-square with n - 1 degrees of freedom at the true sigma, whatever the s_j. The best
guess is where Q is its mean (Paule and Mandel), the interval where it is as far out as chance takes
it in 95 % (Viechtbauer, Statistics in Medicine 26, 37 (2007)); the mean has Student's law.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, stdtrit

from mtjlab.analysis.estimate import Z_95, Estimate

_HALVINGS = 100
_ALONE = "a single junction: nothing tells how others differ"


@dataclass(frozen=True)
class Scatter:
    """Of one quantity over a chip.

    Attributes:
        mean: of the chip that these junctions are samples of.
        sigma: standard deviation from junction to junction.
    """

    mean: Estimate
    sigma: Estimate


def scatter(values: ArrayLike, errors: ArrayLike, *, common: float = 0.0) -> Scatter:
    """Mean and standard deviation of normally distributed quantities.

    Args:
        values: (n,), finite, one for each junction.
        errors: (n,), standard deviation of each value about the truth of its junction, > 0.
        common: standard deviation that all values have in common; it enters the mean alone.
    """
    y = np.asarray(values, dtype=np.float64)
    s = np.asarray(errors, dtype=np.float64)
    if y.ndim != 1 or y.shape != s.shape:
        raise ValueError(f"shapes {y.shape} and {s.shape}: expected (n,) each")
    if not (np.isfinite(y).all() and np.isfinite(s).all() and (s > 0.0).all()):
        raise ValueError("values must be finite and errors positive")
    n = len(y)
    if n == 0:
        nothing = Estimate.none("no junction tells it")
        return Scatter(nothing, Estimate.none("no junction tells it", low=0.0))
    if n == 1:
        alone = Estimate.normal(float(y[0]), math.hypot(float(s[0]), common))
        mean = Estimate(alone.value, alone.low, alone.high, "of a single junction")
        return Scatter(mean, Estimate.none(_ALONE, low=0.0))
    at = _Quotient(y, s)
    best = at.solve(n - 1.0)
    weight = 1.0 / (best**2 + s**2)
    value = float(weight @ y / weight.sum())
    half = math.hypot(float(stdtrit(n - 1.0, 0.975)) / math.sqrt(weight.sum()), Z_95 * common)
    low, high = (at.solve(float(chdtri(n - 1.0, tail))) for tail in (0.025, 0.975))
    sigma = Estimate(best, min(low, best), max(high, best))
    return Scatter(Estimate(value, value - half, value + half), sigma)


class _Quotient:
    """Q as a function of sigma: it falls."""

    def __init__(self, y: NDArray[np.float64], s: NDArray[np.float64]) -> None:
        self._y, self._s = y, s

    def at(self, sigma: float) -> float:
        weight = 1.0 / (sigma**2 + self._s**2)
        mean = weight @ self._y / weight.sum()
        return float(weight @ (self._y - mean) ** 2)

    def solve(self, wanted: float) -> float:
        """Sigma where Q is `wanted`; 0 where it is below that everywhere."""
        if self.at(0.0) <= wanted:
            return 0.0
        high = float(np.ptp(self._y)) or 1.0
        while self.at(high) > wanted:
            high *= 2.0
        return _bisected(lambda sigma: self.at(sigma) - wanted, high)


def _bisected(falling: Callable[[float], float], high: float) -> float:
    low = 0.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if falling(middle) > 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
