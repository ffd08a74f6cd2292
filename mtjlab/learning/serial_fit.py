"""How much of a junction's noise is left one read later, measured from its own trace.

A telegraph has the autocovariance s^2 rho^k at a lag of k reads; the noise of the instrument shows
at lag 0 only. So rho comes from three lags and the white part from what lag 0 has beyond s^2. The
lags are 1, 2 and 3, or the same times a power of two that lets a slow junction forget something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError

LAGS = 4
# The trace is cut into so many pieces; how they scatter is the error of the whole.
PIECES = 32
_FEWEST_SAMPLES = 20 * PIECES
# A covariance of less than this many errors is none.
_SIGNIFICANT = 4.0
# Lags are far enough apart where the second has no more than this of the first.
_FORGOTTEN = 0.8

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class SerialFit:
    """What `Serial` needs; errors are one standard deviation, from a jackknife over 32 pieces.

    Attributes:
        rho, rho_error: correlation of the junction's own noise from one read to the next; 0 where
            successive reads are independent, which leaves nothing to undo.
        white_ratio, white_ratio_error: variance of the instrument's noise over the junction's; 0
            with an error of nan where only neighbours share noise, so that nothing tells the two
            apart: rho is the correlation of all noise then.
    """

    rho: float
    rho_error: float
    white_ratio: float
    white_ratio_error: float


def fit_serial(trace: NDArray[np.floating]) -> SerialFit:
    """Fit rho and the white part of one junction's reads at a constant interval.

    A drift over the trace counts as slow noise of the junction: take a trace that has none.

    Args:
        trace: (n,), n >= 640, in any unit; 1e5 correlation times fix rho to about 1 %.

    Raises:
        DataError: too short, not finite, constant, or not forgetting within the trace.
    """
    if trace.ndim != 1 or len(trace) < _FEWEST_SAMPLES:
        raise DataError(
            f"a trace of shape {trace.shape}: at least {_FEWEST_SAMPLES} successive reads of one "
            "junction are needed to measure how fast it forgets"
        )
    pieces = np.array_split(trace, PIECES)
    mean = float(np.mean(trace, dtype=np.float64))
    if not np.isfinite(mean):
        raise DataError("the trace has values that are not finite numbers")
    longest = len(pieces[-1]) // 4
    unit = 1
    while True:
        counts, sums = _products(pieces, mean, unit)
        covariance = sums.sum(axis=0) / counts.sum(axis=0)
        if covariance[0] <= (1e-12 * mean) ** 2:
            raise DataError("the trace is constant: there is no noise in it")
        without = (sums.sum(axis=0) - sums) / (counts.sum(axis=0) - counts)
        errors = _jackknife(without)
        if unit == 1 and covariance[1] < _SIGNIFICANT * errors[1]:
            error = _jackknife(without[:, 1] / without[:, 0])
            return SerialFit(0.0, float(error), 0.0, float("nan"))
        if covariance[2] < _FORGOTTEN * covariance[1]:
            break
        unit *= 2
        if 3 * unit > longest:
            raise DataError(
                f"the junction does not forget within {longest} reads: the trace of "
                f"{len(trace)} is too short for so slow a junction"
            )
    if covariance[2] < _SIGNIFICANT * errors[2]:
        # One lag cannot say what is white; as it stands the correlation of neighbours is right.
        rho = covariance[1] / covariance[0]
        error = _jackknife(without[:, 1] / without[:, 0])
        return SerialFit(float(rho), float(error), 0.0, float("nan"))
    lags = np.arange(1, LAGS)[covariance[1:] >= _SIGNIFICANT * errors[1:]]
    rho, white = _fit(covariance, lags, unit)
    others = np.array([_fit(c, lags, unit) for c in without])
    rho_error, white_error = _jackknife(others)
    return SerialFit(rho, float(rho_error), max(0.0, white), float(white_error))


def _products(
    pieces: Sequence[NDArray[np.floating]], mean: float, unit: int
) -> tuple[Reals, Reals]:
    """Pairs at lags 0, 1, 2, 3 times `unit`, and sums of their products; (PIECES, LAGS) each."""
    counts, sums = np.empty((len(pieces), LAGS)), np.empty((len(pieces), LAGS))
    for row, piece in enumerate(pieces):
        x = piece.astype(np.float64) - mean
        for column in range(LAGS):
            left = len(x) - column * unit
            counts[row, column] = left
            sums[row, column] = x[:left] @ x[column * unit :]
    return counts, sums


def _fit(covariance: Reals, lags: NDArray[np.intp], unit: int) -> tuple[float, float]:
    """Rho and the white ratio of the straight line through the logarithms of some lags.

    Lags weigh as their squares: the errors of all are about equal, those of the logarithms not.
    """
    seen = covariance[lags]
    weight = seen**2
    centre = float(weight @ lags / weight.sum())
    height = float(weight @ np.log(seen) / weight.sum())
    spread = weight * (lags - centre)
    slope = float(spread @ np.log(seen) / (spread @ (lags - centre)))
    s2 = float(np.exp(height - slope * centre))
    return float(np.exp(slope / unit)), float(covariance[0]) / s2 - 1.0


def _jackknife(without: Reals) -> Reals:
    """Standard errors, (...), from estimates (PIECES, ...) that each leave out one piece."""
    n = len(without)
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    errors: Reals = np.sqrt((n - 1) / n * spread)
    return errors
