"""Autocorrelation of a trace and the correlation time in it, without reading levels.

An exponential A rho^k is fitted to lags k >= 1, which white noise does not enter. The error comes
from how much pieces of the trace differ, so that it holds for signals that are not Gaussian.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from mtjlab.analysis.chain import check_step
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.pieces import TOO_SHORT, cut, spread_of_mean

# Length of a piece and of the fit, in correlation times.
_PIECE, _FIT = 15.0, 2.0
_MOST_LAGS = 200
_ITERATIONS = 40
# A decay known no better than this is chosen by chance more than by the data.
_MOST_RELATIVE = 0.3


@dataclass(frozen=True)
class Autocorrelation:
    """Of one trace.

    Attributes:
        lag_s: (k,), s, from 0.
        correlation: (k,), 1 at lag 0.
        error: (k,), one standard deviation.
        tau_c_s: decay time of the fitted exponential, s.
    """

    lag_s: NDArray[np.float64]
    correlation: NDArray[np.float64]
    error: NDArray[np.float64]
    tau_c_s: Estimate


def trace_autocorrelation(
    trace: NDArray[np.floating], dt_s: float, *, guess_s: float | None = None
) -> Autocorrelation:
    """Correlation against lag, and its decay time.

    Args:
        trace: (n,), V, finite.
        dt_s: sampling interval, s, > 0.
        guess_s: about the correlation time, s; None: from the trace.
    """
    check_step(dt_s)
    values = np.asarray(trace, dtype=np.float64)
    values = values - values.mean()
    steps = guess_s / dt_s if guess_s is not None else _first_guess(values)
    lags = int(min(max(4, math.ceil(_FIT * steps) + 1), max(len(values) // 8, 1)))
    pieces = cut(values, max(round(_PIECE * steps), 4 * lags))
    if pieces is None or not values.any():
        nothing = np.zeros(0)
        reason = (
            "a constant trace has no correlation"
            if not values.any()
            else TOO_SHORT.format(len(values))
        )
        return Autocorrelation(nothing, nothing, nothing, Estimate.none(reason, low=0.0))
    each = _covariances(pieces, lags)
    # Taking off the mean of the trace takes off its variance as well.
    each = each + float(each[:, 0].mean()) * 2.0 * max(steps, 0.5) / pieces.size
    mean = each.mean(axis=0)
    correlation = np.asarray(mean / mean[0], dtype=np.float64)
    relative = (each - correlation * each[:, :1]) / mean[0]
    error = np.asarray(np.sqrt(np.diag(spread_of_mean(relative))), dtype=np.float64)
    lag_s = dt_s * np.arange(lags + 1, dtype=np.float64)
    return Autocorrelation(lag_s, correlation, error, _decay(each, dt_s))


def _first_guess(values: NDArray[np.float64]) -> float:
    """Correlation time in samples, from where the correlation has fallen to a third of lag 1."""
    head = values[: 1 << 18]
    n = len(head)
    power = np.abs(rfft(head, next_fast_len(2 * n, real=True))) ** 2
    covariance = irfft(power)[: max(n // 8, 2)]
    below = np.flatnonzero(covariance[1:] < covariance[1] / 3.0)
    return max(1.0, float(below[0]) / 1.1) if len(below) and covariance[1] > 0.0 else 1.0


def _covariances(pieces: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """(pieces, lags + 1), about the mean of the whole trace."""
    count, size = pieces.shape
    block = min(size, max(8 * lags, 4096))
    length = next_fast_len(block + lags, real=True)
    usable = size // block * block
    found = np.zeros((count, lags + 1))
    for index, piece in enumerate(pieces):
        blocks = piece[:usable].reshape(-1, block)
        power = (np.abs(rfft(blocks, length, axis=1)) ** 2).sum(axis=0)
        found[index] = irfft(power, length)[: lags + 1]
    pairs = (usable // block) * (block - np.arange(lags + 1))
    result: NDArray[np.float64] = found / pairs
    return result


def _decay(each: NDArray[np.float64], dt_s: float) -> Estimate:
    """Least squares over lags 1 and up, thinned evenly; Gauss and Newton's steps."""
    chosen = np.unique(np.linspace(1, each.shape[1] - 1, _MOST_LAGS).astype(int))
    mean = each.mean(axis=0)
    unclear = Estimate.none("the correlation does not stand out of its noise", low=0.0)
    if not (mean[1] > 0.0 and mean[2] > 0.0):
        return unclear
    target = mean[chosen] / mean[0]
    amplitude, rate = float(target[0]), max(1e-9, -math.log(min(mean[2] / mean[1], 0.999999)))
    slope = np.empty((len(chosen), 2))
    for _ in range(_ITERATIONS):
        decay = np.exp(-rate * chosen)
        slope[:, 0], slope[:, 1] = decay, -amplitude * rate * chosen * decay
        normal = slope.T @ slope
        try:
            step = np.linalg.solve(normal, slope.T @ (target - amplitude * decay))
        except np.linalg.LinAlgError:
            return unclear
        amplitude += float(step[0])
        rate *= math.exp(min(max(float(step[1]), -1.0), 1.0))
        if abs(step[1]) < 1e-8:
            break
    else:
        return unclear
    scores = (each[:, chosen] / mean[0] - amplitude * np.exp(-rate * chosen)) @ slope
    inverse = np.linalg.inv(normal)
    relative = math.sqrt(float((inverse @ spread_of_mean(scores) @ inverse)[1, 1]))
    if amplitude <= 0.0 or relative > _MOST_RELATIVE:
        return unclear
    return Estimate.positive(dt_s / rate, relative, dof=len(each) - 1.0)
