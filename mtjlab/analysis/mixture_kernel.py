"""Gaussians of one width fitted to a histogram, in machine code."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel


@kernel
def climb(
    where: NDArray[np.float64],
    weights: NDArray[np.float64],
    means: NDArray[np.float64],
    shares: NDArray[np.float64],
    sigma: float,
    least: float,
    iterations: int,
) -> tuple[float, float]:
    """Expectation-maximisation; `means` and `shares` are changed in place.

    Args:
        where: (n,), the middle of each bin.
        weights: (n,), its samples.
        means: (k,), first guesses.
        shares: (k,), likewise; they add up to 1.
        sigma: likewise.
        least: sigma is not taken below it.
        iterations: at most.

    Returns:
        Ln likelihood but for a constant, and sigma.
    """
    levels, total = len(means), weights.sum()
    part = np.empty(levels)
    likelihood = -np.inf
    for _ in range(iterations):
        held, sums, squares = np.zeros(levels), np.zeros(levels), np.zeros(levels)
        previous, likelihood = likelihood, -total * math.log(sigma)
        for i in range(len(where)):
            peak = -np.inf
            for k in range(levels):
                part[k] = math.log(shares[k]) - 0.5 * ((where[i] - means[k]) / sigma) ** 2
                peak = max(peak, part[k])
            whole = 0.0
            for k in range(levels):
                part[k] = math.exp(part[k] - peak)
                whole += part[k]
            likelihood += weights[i] * (math.log(whole) + peak)
            for k in range(levels):
                belongs = weights[i] * part[k] / whole
                held[k] += belongs
                sums[k] += belongs * where[i]
                squares[k] += belongs * where[i] ** 2
        variance = 0.0
        for k in range(levels):
            held[k] = max(held[k], 1e-9 * total)
            means[k] = sums[k] / held[k]
            variance += max(squares[k] - held[k] * means[k] ** 2, 0.0)
        shares[:] = held / held.sum()
        sigma = max(math.sqrt(variance / total), least)
        if likelihood - previous < 1e-7 * total:
            break
    return likelihood, sigma
