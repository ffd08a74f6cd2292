"""The two levels of a telegraph signal in instrument noise, or that there is only one.

Two Gaussians of equal width are fitted to the trace by expectation-maximisation. The trace enters
as a histogram that keeps count, sum and sum of squares of each bin, so that means and widths carry
no error of binning and a trace of any length costs the same.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

_BINS = 256
_ITERATIONS = 60
# At a distance of 3 sigma 6.7 % of single samples are taken for the other level; closer than that
# the correction for such misreadings in `dwell` is larger than what it corrects.
_LEAST_DISTANCE = 3.0
# A level seen fewer times than this is a glitch.
_FEWEST_SAMPLES = 5
# Evidence, in units of ln likelihood, that two levels must have over one.
_EVIDENCE = 10.0
# Share of samples half-way between the levels beyond that of two Gaussians: 0.02 to 0.03 where
# these are fitted to uniform noise or to a sine.
_MOST_BETWEEN = 0.01
# Correlation of successive samples, of which a telegraph slow enough to be seen has more.
_LEAST_MEMORY = 0.1


@dataclass(frozen=True)
class Levels:
    """Levels of one trace; of a single level, `low_v` and `high_v` are both the mean.

    Attributes:
        low_v, high_v: V.
        sigma_v: standard deviation about the level, V.
        occupancy_high: fraction of time at the upper level; nan with a single level.
        separated: two levels, at least 3 sigma apart.
    """

    low_v: float
    high_v: float
    sigma_v: float
    occupancy_high: float
    separated: bool

    @property
    def threshold_v(self) -> float:
        """Half-way between the levels, V."""
        return 0.5 * (self.low_v + self.high_v)


class _Histogram(NamedTuple):
    samples: NDArray[np.float64]
    mean: NDArray[np.float64]
    square: NDArray[np.float64]


class _Fit(NamedTuple):
    low: float
    high: float
    variance: float
    share_high: float
    likelihood: float


def levels(trace: NDArray[np.floating], *, resolution_v: float = 0.0) -> Levels:
    """Fit two levels; tell whether there are two.

    Args:
        trace: (n,), V, n >= 1, finite.
        resolution_v: step of the converter, V. Levels closer than three steps are not told apart:
            noise below one step toggles between two codes and looks like a telegraph.

    Raises:
        ValueError: an empty trace, or one with values that are not finite.
    """
    values = np.asarray(trace, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all():
        raise ValueError(f"trace of shape {values.shape}: expected (n,) finite values, n >= 1")
    # From the first value: a constant has no rounding left in its mean, nor a width.
    shifted = values - values[0]
    mean, sd = float(values[0] + shifted.mean()), float(shifted.std())
    single = Levels(mean, mean, sd, float("nan"), separated=False)
    spread = float(np.ptp(values))
    if sd == 0.0 or spread <= 3.0 * resolution_v:
        return single
    histogram = _histogram((values - mean) / sd)
    best = max(
        (_expectation_maximisation(histogram, *start) for start in _starts(histogram)),
        key=lambda fit: fit.likelihood,
    )
    one_level = -0.5 * len(values)
    if best.likelihood < one_level + _EVIDENCE:
        return single
    low, high = mean + sd * best.low, mean + sd * best.high
    sigma = sd * float(np.sqrt(best.variance))
    rarer = len(values) * min(best.share_high, 1.0 - best.share_high)
    distance = max(_LEAST_DISTANCE * sigma, 3.0 * resolution_v)
    if high - low < distance or rarer < _FEWEST_SAMPLES:
        return single
    fitted = Levels(low, high, sigma, best.share_high, separated=True)
    return single if _no_telegraph(values, fitted) else fitted


def _no_telegraph(values: NDArray[np.float64], fitted: Levels) -> bool:
    """Whether the valley between the levels is filled by something else than flips.

    A drifting level, mains pickup or broad noise can have as wide a histogram as a telegraph, but
    no valley. A telegraph that is averaged within each sample has little of one either, but its
    samples half-way are single ones among neighbours that still resemble each other: drift stays
    half-way for long, and noise has no memory.
    """
    half = 0.5 * fitted.sigma_v
    inside = np.abs(values - fitted.threshold_v) < half
    from_level = 0.5 * (fitted.high_v - fitted.low_v) / fitted.sigma_v if half else np.inf
    expected = float(ndtr(0.5 - from_level) - ndtr(-0.5 - from_level))
    between = float(inside.mean())
    if between - expected < _MOST_BETWEEN + 4.0 * np.sqrt(expected / len(values)):
        return False
    stays = float(np.mean(inside[1:] & inside[:-1])) > 0.5 * between
    deviation = values - values.mean()
    memory = float(deviation[1:] @ deviation[:-1]) / float(deviation @ deviation)
    return stays or memory < _LEAST_MEMORY


def _histogram(z: NDArray[np.float64]) -> _Histogram:
    lowest = z.min()
    step = (z.max() - lowest) / _BINS
    index = np.minimum((z - lowest) / step, _BINS - 1).astype(np.intp)
    count = np.bincount(index, minlength=_BINS)
    total = np.bincount(index, weights=z, minlength=_BINS).astype(np.float64)
    square = np.bincount(index, weights=z * z, minlength=_BINS).astype(np.float64)
    filled = count > 0
    samples = count[filled].astype(np.float64)
    return _Histogram(samples, total[filled] / samples, square[filled])


def _starts(h: _Histogram) -> list[tuple[float, float, float, float]]:
    """First guesses (low, high, variance, share of high): even, rarely high, rarely low."""
    below = np.cumsum(h.samples)[:-1]
    above = h.samples.sum() - below
    sum_below = np.cumsum(h.samples * h.mean)[:-1]
    sum_all = float((h.samples * h.mean).sum())
    between = below * above * (sum_below / below - (sum_all - sum_below) / above) ** 2
    cut = int(between.argmax())
    low = float(sum_below[cut] / below[cut])
    high = float((sum_all - sum_below[cut]) / above[cut])
    share = float(above[cut] / h.samples.sum())
    within = max(
        float(h.square.sum() / h.samples.sum()) - share * (1 - share) * (high - low) ** 2, 0
    )
    order = np.cumsum(h.samples) / h.samples.sum()
    middle = float(h.mean[np.searchsorted(order, 0.5)])
    narrow = float(np.average((h.mean - middle) ** 2, weights=h.samples)) / 4.0
    return [
        (low, high, within, share),
        (middle, float(h.mean[-1]), narrow, 0.02),
        (float(h.mean[0]), middle, narrow, 0.98),
    ]


def _expectation_maximisation(
    h: _Histogram, low: float, high: float, variance: float, share: float
) -> _Fit:
    n = float(h.samples.sum())
    # In units of the trace's own sd: far below any converter's resolution, above rounding.
    floor = 1e-12
    variance = max(variance, floor)
    likelihood = -np.inf
    for _ in range(_ITERATIONS):
        log_low = np.log1p(-share) - 0.5 * (h.mean - low) ** 2 / variance
        log_high = np.log(share) - 0.5 * (h.mean - high) ** 2 / variance
        log_sum = np.logaddexp(log_low, log_high)
        previous = likelihood
        likelihood = float((h.samples * log_sum).sum() - 0.5 * n * np.log(variance))
        weight_high = h.samples * np.exp(log_high - log_sum)
        n_high = float(weight_high.sum())
        n_low = n - n_high
        if min(n_high, n_low) < 1e-9 * n:
            break
        high = float((weight_high * h.mean).sum()) / n_high
        low = float(((h.samples - weight_high) * h.mean).sum()) / n_low
        variance = max((float(h.square.sum()) - n_high * high**2 - n_low * low**2) / n, floor)
        share = n_high / n
        if abs(likelihood - previous) < 1e-9 * n:
            break
    if low > high:
        low, high, share = high, low, 1.0 - share
    return _Fit(low, high, variance, share, likelihood)
