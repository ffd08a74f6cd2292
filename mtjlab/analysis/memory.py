"""How many independent samples a correlated series is worth."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

# Long series are judged by this many samples in a row.
_LONGEST = 1 << 18
_BLOCKS = 32
# Variance of block means over that of independent samples that chance reaches once in a hundred
# times: chi-square with 31 degrees of freedom, over 31.
_BY_CHANCE = 1.684


def memory_of(series: NDArray[np.floating]) -> float:
    """Samples per independent one, >= 1: the integrated correlation time of the series.

    The correlation is summed up to where it first sinks into its noise. What is slower than that
    shows in the means of 32 blocks, and the larger of the two counts.

    Args:
        series: (n,), finite.
    """
    values = np.asarray(series, dtype=np.float64)
    n = len(values)
    if n < 2 * _BLOCKS:
        return 1.0
    values = values - values.mean()
    variance = float(values @ values) / n
    if variance == 0.0:
        return 1.0
    short = short_memory(values)
    size = n // _BLOCKS
    means = values[: size * _BLOCKS].reshape(_BLOCKS, size).mean(axis=1)
    slow = float(means.var(ddof=1)) * size / variance
    return max(short, slow) if slow > _BY_CHANCE * short else short


def short_memory(series: NDArray[np.floating]) -> float:
    """The same from the correlation of near samples alone, which drift hardly enters."""
    head = np.asarray(series[:_LONGEST], dtype=np.float64)
    head = head - head.mean()
    if not head.any():
        return 1.0
    correlation = autocorrelation(head)
    below = np.flatnonzero(correlation[1:] < 2.0 / np.sqrt(len(head)))
    end = int(below[0]) + 1 if len(below) else len(correlation)
    return max(1.0, 1.0 + 2.0 * float(correlation[1:end].sum()))


def autocorrelation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a series with mean 0, at lags 0 .. n/2; 1 at lag 0."""
    n = len(values)
    power = np.abs(rfft(values, next_fast_len(2 * n, real=True))) ** 2
    covariance = irfft(power)[: n // 2 + 1] / (n - np.arange(n // 2 + 1))
    result: NDArray[np.float64] = covariance / covariance[0]
    return result
