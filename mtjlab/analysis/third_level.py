"""Whether a trace has a level besides the two of a telegraph.

Three Gaussians of one width are fitted to the histogram. The third is a level if it lies apart
from the others, holds a share of the samples, and is parted from its neighbours by valleys:
samples that were averaged over a flip, a drifting level and broad noise also lie between two
levels, but fill all the space there.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mtjlab.analysis.mixture_kernel import climb

_BINS = 400
_ITERATIONS = 200
# In widths; a share of all samples; a number of them.
_APART = 3.0
_SHARE = 0.005
_FEWEST = 20
_MOST = 1_000_000
# Ln likelihood over two levels that chance, or noise not quite Gaussian, does not give.
_EVIDENCE, _EVIDENCE_SHARE = 30.0, 0.003
# Over what the fit expects in a valley.
_FILLED = 1.5
# Levels so many widths apart are clear without a look at time; else stays are this much longer
# than those of independent samples.
_CLEAR, _LASTS = 6.0, 1.3
# Noise of neighbours over the width of a level.
_CREEPS = 0.3


@dataclass(frozen=True)
class ThreeLevels:
    """Of one trace, in rising order.

    Attributes:
        levels_v: V.
        shares: of all samples.
        sigma_v: width about each, V.
    """

    levels_v: tuple[float, float, float]
    shares: tuple[float, float, float]
    sigma_v: float


class _Mixture(NamedTuple):
    means: NDArray[np.float64]
    shares: NDArray[np.float64]
    sigma: float
    likelihood: float


def three_levels(trace: NDArray[np.floating]) -> ThreeLevels | None:
    """The three levels, or None where two or one do as well.

    Args:
        trace: (n,), V, finite.
    """
    values = np.asarray(trace, dtype=np.float64)
    spread = float(np.ptp(values))
    if len(values) < 10 * _FEWEST or spread == 0.0:
        return None
    # Of a long trace one sample in many shapes the histogram.
    thinned = values[:: max(1, len(values) // _MOST)]
    counts, edges = np.histogram(thinned, bins=_BINS)
    where = 0.5 * (edges[1:] + edges[:-1])[counts > 0]
    weights = counts[counts > 0].astype(np.float64)
    ends = where[[0, -1]]
    quantiles = np.interp([0.02, 0.25, 0.5, 0.75, 0.98], np.cumsum(weights) / weights.sum(), where)
    middle = 0.5 * float(ends.sum())
    two = max(
        (
            _fit(where, weights, np.array(start))
            for start in (quantiles[[1, 3]], quantiles[[0, 4]], ends)
        ),
        key=lambda fit: fit.likelihood,
    )
    between = 0.5 * float(two.means.sum())
    three = max(
        (
            _fit(where, weights, np.array(start))
            for start in (
                quantiles[[0, 2, 4]],
                (ends[0], middle, ends[1]),
                (two.means[0], between, two.means[1]),
                (ends[0], *two.means),
                (*two.means, ends[1]),
            )
        ),
        key=lambda fit: fit.likelihood,
    )
    n = float(len(thinned))
    if three.likelihood - two.likelihood < _EVIDENCE + _EVIDENCE_SHARE * n:
        return None
    order = np.argsort(three.means)
    means, shares = three.means[order], three.shares[order]
    apart = float(np.diff(means).min()) >= _APART * max(three.sigma, spread / _BINS)
    if not apart or float(shares.min()) < max(_SHARE, _FEWEST / n):
        return None
    if not _valleys(thinned, means, shares, three.sigma) or _wanders(values, three.sigma):
        return None
    clear = float(np.diff(means).min()) >= _CLEAR * three.sigma
    if not clear and not _lasts(values, float(means[1]), float(shares[1]), three.sigma):
        return None
    low, mid, high = (float(mean) for mean in means)
    one, other, last = (float(share) for share in shares)
    return ThreeLevels((low, mid, high), (one, other, last), three.sigma)


def _fit(
    where: NDArray[np.float64], weights: NDArray[np.float64], means: NDArray[np.float64]
) -> _Mixture:
    """Gaussians of one width, in units of the histogram's breadth about its middle."""
    step = float(np.diff(where).min()) if len(where) > 1 else 1.0
    middle, breadth = float(where.mean()), max(float(np.ptp(where)), step)
    guess = np.ascontiguousarray((means - middle) / breadth)
    shares = np.full(len(guess), 1.0 / len(guess))
    likelihood, sigma = climb(
        (where - middle) / breadth, weights, guess, shares, 0.1, 0.5 * step / breadth, _ITERATIONS
    )
    return _Mixture(middle + breadth * guess, shares, breadth * sigma, likelihood)


def _wanders(values: NDArray[np.float64], sigma: float) -> bool:
    """Whether the level creeps: neighbours are much more alike than the width of a level."""
    steps = np.abs(np.diff(values[:_MOST]))
    return bool(np.percentile(steps, 75) / (1.15 * 2.0**0.5) < _CREEPS * sigma)


def _lasts(values: NDArray[np.float64], level: float, share: float, sigma: float) -> bool:
    """Whether stays are longer than independent samples would make them."""
    near = np.abs(values - level) <= 2.0 * sigma
    stays = int(np.count_nonzero(near[1:] & ~near[:-1])) + int(near[0])
    return float(np.count_nonzero(near)) > _LASTS * stays / (1.0 - share)


def _valleys(
    values: NDArray[np.float64],
    means: NDArray[np.float64],
    shares: NDArray[np.float64],
    sigma: float,
) -> bool:
    """Whether there is no more half-way between neighbours than their Gaussians put there."""
    half = 0.5 * max(sigma, 1e-12 * float(np.abs(means).max()))
    for middle in 0.5 * (means[1:] + means[:-1]):
        seen = float(np.count_nonzero(np.abs(values - middle) <= half))
        away = (middle - means) / sigma
        expected = len(values) * float(shares @ (ndtr(away + 0.5) - ndtr(away - 0.5)))
        if seen > _FILLED * expected + 4.0 * expected**0.5 + 0.1 * _SHARE * len(values):
            return False
    return True
