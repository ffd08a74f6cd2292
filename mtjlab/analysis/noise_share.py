"""Noise of a junction over that of its instrument, with an interval."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.memory import memory_of


def noise_share(on: tuple[float, float], off: tuple[float, float]) -> Estimate:
    """sqrt(s_on^2 - s_off^2) / s_off, of one channel with and without the junction.

    Args:
        on: `variance_of` samples with the junction at its bias.
        off: with it at 0 V; same channel, range and rate.
    """
    (a, error_a), (b, error_b) = on, off
    if b == 0.0:
        return Estimate.none("the instrument shows no noise with the junction at 0 V", low=0.0)
    excess = a / b - 1.0
    found = Estimate.normal(excess, math.hypot(error_a / b, a * error_b / b**2))
    low, high = (math.sqrt(max(end, 0.0)) for end in (found.low, found.high))
    if excess <= 0.0:
        return Estimate.none("no more noise at the bias than at 0 V", low=0.0, high=high)
    return Estimate(math.sqrt(excess), low, high)


def variance_of(samples: NDArray[np.floating]) -> tuple[float, float]:
    """Variance and its standard error, which allows for the memory of the samples.

    Args:
        samples: (n,), finite, n >= 10.
    """
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or len(values) < 10 or not np.isfinite(values).all():
        raise ValueError(f"samples of shape {values.shape}: expected (n,) finite, n >= 10")
    square = (values - values.mean()) ** 2
    variance = float(square.mean()) if np.ptp(values) else 0.0
    return variance, float(square.std()) * math.sqrt(memory_of(square) / len(square))
