"""Levels and noise with their uncertainty, once it is known which sample is at which level."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.hidden_markov import HiddenMarkov
from mtjlab.analysis.memory import memory_of


@dataclass(frozen=True)
class LevelEstimates:
    """Of one trace.

    Attributes:
        low_v, high_v: the levels, V.
        sigma_v: standard deviation of a sample about its level, V.
        memory: samples per independent sample of the noise, >= 1; the intervals allow for it.
    """

    low_v: Estimate
    high_v: Estimate
    sigma_v: Estimate
    memory: float

    @property
    def distance(self) -> float:
        """Of the levels, in sigma; inf without noise."""
        sigma = self.sigma_v.value
        return (self.high_v.value - self.low_v.value) / sigma if sigma > 0.0 else math.inf


def residual_of(
    trace: NDArray[np.floating], high: NDArray[np.bool_], low_v: float, high_v: float
) -> NDArray[np.float64]:
    """What is left of the samples without their levels, (n,), V."""
    left: NDArray[np.float64] = np.asarray(trace, dtype=np.float64) - low_v
    left -= (high_v - low_v) * high
    return left


def levels_of_states(
    trace: NDArray[np.floating], high: NDArray[np.bool_]
) -> tuple[LevelEstimates, NDArray[np.float64]]:
    """Means over the samples of each level, and the residual.

    Args:
        trace: (n,), V.
        high: (n,), which samples are at the upper level; some are, some are not.
    """
    values = np.asarray(trace, dtype=np.float64)
    n_high = int(np.count_nonzero(high))
    n_low = len(values) - n_high
    offset = float(values[0])
    shifted = values - offset
    sum_high = float(shifted @ high)
    low_v = (float(shifted.sum()) - sum_high) / n_low
    high_v = sum_high / n_high
    left = residual_of(shifted, high, low_v, high_v)
    square = left * left
    variance = float(square.mean())
    sigma = math.sqrt(variance)
    memory = memory_of(left)
    if sigma > 0.0:
        dof = max(len(values) / memory_of(square) - 2.0, 1.0)
        # Of a variance: its logarithm is nearer to normal than itself.
        relative = 0.5 * float(square.std()) / variance / math.sqrt(dof)
        noise = Estimate.positive(sigma, relative)
    else:
        noise = Estimate(0.0, 0.0, 0.0, "the samples show no noise")
    low, upper = (
        Estimate.normal(
            offset + level,
            sigma * math.sqrt(memory / n),
            dof=max(n / memory - 1.0, 1.0),
        )
        for level, n in ((low_v, n_low), (high_v, n_high))
    )
    return LevelEstimates(low, upper, noise, memory), left


def levels_of_model(
    trace: NDArray[np.floating], fit: HiddenMarkov, high: NDArray[np.bool_]
) -> tuple[LevelEstimates, NDArray[np.float64]]:
    """Of a hidden Markov model, whose errors are those of white noise, stretched by its memory.

    Args:
        trace: (n,), V.
        fit: of the trace.
        high: (n,), the most probable path.
    """
    left = residual_of(trace, high, fit.model.low, fit.model.high)
    memory = memory_of(left)
    low, high_error, sigma = np.sqrt(np.maximum(np.diag(fit.covariance)[:3], 0.0))
    stretch = math.sqrt(memory)
    found = LevelEstimates(
        Estimate.normal(fit.model.low, stretch * float(low)),
        Estimate.normal(fit.model.high, stretch * float(high_error)),
        Estimate.positive(fit.model.sigma, stretch * float(sigma) / fit.model.sigma),
        memory,
    )
    return found, left
