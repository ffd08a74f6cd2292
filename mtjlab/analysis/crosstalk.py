"""Correlation between junctions, with an error that allows for the memory of each."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.analysis.memory import autocorrelation


@dataclass(frozen=True)
class Crosstalk:
    """Between all pairs of columns.

    Attributes:
        correlation: (m, m), coefficients; nan in the rows of columns that do not vary.
        low, high: (m, m), 95 % intervals.
        effective: (m, m), independent samples behind each.
        chance: what the largest of all pairs stays below with 99 % probability if nothing is
            correlated, taken with the least effective number.
        constant: columns that do not vary: the reason of every nan.
    """

    correlation: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    effective: NDArray[np.float64]
    chance: float
    constant: tuple[int, ...]

    def pair(self, one: int, other: int) -> Estimate:
        """Of two columns."""
        if not math.isfinite(self.correlation[one, other]):
            dead = [i for i in (one, other) if i in self.constant]
            return Estimate.none(f"column {dead[0]} does not vary", low=-1.0, high=1.0)
        low, high = float(self.low[one, other]), float(self.high[one, other])
        return Estimate(float(self.correlation[one, other]), low, high)


def crosstalk(traces: NDArray[np.floating]) -> Crosstalk:
    """Of simultaneous traces.

    Two series of n samples with autocorrelations a_k and b_k are worth n / (1 + 2 sum a_k b_k)
    independent pairs (Bartlett); atanh r is normal with the variance 1 / (that - 3) (Fisher).

    Args:
        traces: (n, m), finite.
    """
    wide = np.asarray(traces, dtype=np.float64)
    if wide.ndim != 2 or not np.isfinite(wide).all():
        raise ValueError(f"traces of shape {wide.shape}: expected (n, m) finite values")
    n, m = wide.shape
    if n < 10:
        raise ValueError(f"{n} samples; at least 10 are needed")
    constant = np.flatnonzero(np.ptp(wide, axis=0) == 0.0)
    deviation = wide - wide.mean(axis=0)
    sd = deviation.std(axis=0)
    sd[constant] = np.nan
    r = np.clip(deviation.T @ deviation / n / np.outer(sd, sd), -1.0, 1.0)
    memories = [
        np.zeros(1) if i in constant else _memory(np.ascontiguousarray(deviation[:, i]))
        for i in range(m)
    ]
    longest = max((len(one) for one in memories), default=1)
    table = np.zeros((m, longest))
    for i, one in enumerate(memories):
        table[i, : len(one)] = one
    effective = n / np.maximum(1.0 + 2.0 * table @ table.T, 1.0)
    error = 1.0 / np.sqrt(np.maximum(effective - 3.0, 0.25))
    with np.errstate(divide="ignore"):
        centre = np.arctanh(r)
    low, high = np.tanh(centre - Z_95 * error), np.tanh(centre + Z_95 * error)
    varying = m - len(constant)
    pairs = max(varying * (varying - 1) // 2, 1)
    worst = float(error[np.ix_(*2 * [np.setdiff1d(np.arange(m), constant)])].max(initial=0.0))
    chance = math.tanh(-float(ndtri(0.005 / pairs)) * worst)
    return Crosstalk(r, low, high, effective, chance, tuple(int(i) for i in constant))


def _memory(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Autocorrelation at lags 1 and up, as far as it stands out of its noise."""
    rho = autocorrelation(values)[1:]
    below = np.flatnonzero(rho < 2.0 / math.sqrt(len(values)))
    return rho[: int(below[0])] if len(below) else rho
