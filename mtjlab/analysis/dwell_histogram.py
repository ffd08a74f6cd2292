"""Histogram of dwell times, with the exponential law that a telegraph has.

A sampled chain stays for a whole number of steps, and these are geometric: the chance of one more
step is always the same. The first and the last dwell of a trace are cut short; what is known of
them is that they lasted at least so long, and that enters the mean. The test is that of Kolmogorov
and Smirnov; as the mean is taken from the same dwells and steps are discrete, its distribution is
found by drawing (Lilliefors).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.chain import check_step
from mtjlab.analysis.estimate import Z_95, Estimate

_CELLS = 100
_DRAWS = 400
_FEWEST = 5


@dataclass(frozen=True)
class Dwells:
    """Of one level.

    Attributes:
        edges_s: (k + 1,), cells of the histogram, s.
        counts: (k,), whole dwells in each.
        expected: (k,), of the fitted law.
        mean_s: of the fitted law, s: the time seen at the level over the departures seen. In
            steps so long that flips come in pairs unseen it is longer than the dwell time proper,
            which `chain_rates` gives.
        distance: largest difference of the two distributions, 0 .. 1; nan where `p_value` says
            why.
        p_value: chance of a larger distance if dwells are exponential.
        censored_s: length of the first and last dwell, of which only this is known, s.
    """

    edges_s: NDArray[np.float64]
    counts: NDArray[np.int64]
    expected: NDArray[np.float64]
    mean_s: Estimate
    distance: float
    p_value: Estimate
    censored_s: tuple[float, ...]

    @property
    def exponential(self) -> bool | None:
        """Whether the dwells look so, at 1 %; None where it cannot be said."""
        return self.p_value.value >= 0.01 if self.p_value.known else None


def dwells(
    high: NDArray[np.bool_], dt_s: float, *, rng: np.random.Generator
) -> tuple[Dwells, Dwells]:
    """Of the lower and of the upper level.

    Args:
        high: (n,), which samples are at the upper level, n >= 1.
        dt_s: sampling interval, s, > 0.
        rng: for the distribution of the distance.
    """
    check_step(dt_s)
    states = np.asarray(high, dtype=np.bool_)
    changes = np.flatnonzero(states[1:] != states[:-1]) + 1
    begins = np.concatenate([[0], changes])
    steps = np.diff(np.concatenate([begins, [len(states)]]))
    at_high = states[begins]
    whole = np.ones(len(steps), dtype=np.bool_)
    whole[[0, -1]] = False
    low_level, high_level = (
        _of_level(steps[whole & (at_high == level)], steps[~whole & (at_high == level)], dt_s, rng)
        for level in (False, True)
    )
    return low_level, high_level


def _of_level(
    steps: NDArray[np.int64], cut_short: NDArray[np.int64], dt_s: float, rng: np.random.Generator
) -> Dwells:
    censored_s = tuple(dt_s * float(length) for length in cut_short)
    whole = len(steps)
    if whole < _FEWEST:
        reason = f"{whole} whole dwells; at least {_FEWEST} are needed"
        nothing = np.zeros(0)
        return Dwells(
            nothing,
            np.zeros(0, dtype=np.int64),
            nothing,
            Estimate.none(reason, low=0.0),
            math.nan,
            Estimate.none(reason, low=0.0, high=1.0),
            censored_s,
        )
    # A cut dwell of k steps was seen to stay k - 1 times.
    stays = float(steps.sum() + np.maximum(cut_short - 1, 0).sum())
    leave = whole / stays
    root, half = whole ** (1 / 3), Z_95 / 3.0 * whole ** (-1 / 6) * math.sqrt(1.0 - leave)
    # Departures are binomial: nearly a parabola over the cube root of their rate.
    mean_s = dt_s * stays / whole
    mean = Estimate(
        mean_s, mean_s * (root / (root + half)) ** 3, mean_s * (root / max(root - half, 1e-9)) ** 3
    )
    edges = _edges(leave)
    counts = np.histogram(steps, bins=edges)[0].astype(np.int64)
    chance = _chances(edges, leave)
    distance = _distance(counts / whole, chance)
    p_value = _p_value(distance, whole, edges, leave, rng)
    last = max(int(steps.max()), int(edges[-2])) + 1
    shown = dt_s * np.append(edges[:-1], max(last, edges[-2] + 1))
    return Dwells(shown, counts, whole * chance, mean, distance, p_value, censored_s)


def _edges(leave: float) -> NDArray[np.float64]:
    """Whole numbers of steps from 1, in cells of about equal chance; the last one is open."""
    if leave >= 1.0:
        return np.array([1.0, 2.0, np.inf])
    tail = np.linspace(1.0, 0.0, _CELLS + 1)[1:-1]
    inner = np.ceil(np.log(tail) / math.log1p(-leave)) + 1.0
    return np.unique(np.concatenate([[1.0], inner, [np.inf]]))


def _chances(edges: NDArray[np.float64], leave: float) -> NDArray[np.float64]:
    """Of each cell, for dwells of k = 1, 2 .. steps with chance (1 - leave)^(k - 1) leave."""
    with np.errstate(divide="ignore"):
        tail = np.exp((edges - 1.0) * np.log1p(-min(leave, 1.0 - 1e-12)))
    chance: NDArray[np.float64] = tail[:-1] - tail[1:]
    return chance


def _distance(seen: NDArray[np.float64], chance: NDArray[np.float64]) -> float:
    return float(np.abs(np.cumsum(seen) - np.cumsum(chance))[:-1].max())


def _p_value(
    distance: float,
    whole: int,
    edges: NDArray[np.float64],
    leave: float,
    rng: np.random.Generator,
) -> Estimate:
    """From draws of as many dwells, each set fitted as the measured one was."""
    chance = _chances(edges, leave)
    drawn = rng.multinomial(whole, chance / chance.sum(), size=_DRAWS)
    means = _means(edges, leave)
    again = np.minimum(whole / (drawn @ means), 1.0 - 1e-12)
    # Of every draw with the mean it would be fitted by, at all edges but the open ones.
    fitted = -np.expm1((edges[1:-1] - 1.0) * np.log1p(-again)[:, np.newaxis])
    seen = np.cumsum(drawn, axis=1)[:, :-1] / whole
    larger = float(np.count_nonzero(np.abs(seen - fitted).max(axis=1) >= distance))
    p = (larger + 1.0) / (_DRAWS + 1.0)
    half = Z_95 * math.sqrt(p * (1.0 - p) / _DRAWS)
    return Estimate(p, max(p - half, 0.0), min(p + half, 1.0))


def _means(edges: NDArray[np.float64], leave: float) -> NDArray[np.float64]:
    """Mean number of steps of the dwells in each cell."""
    if leave >= 1.0:
        return edges[:-1]
    tail = np.exp((edges - 1.0) * math.log1p(-leave))
    beyond = np.where(
        np.isinf(edges), 0.0, tail * (np.where(np.isinf(edges), 0.0, edges) - 1.0 + 1.0 / leave)
    )
    mean: NDArray[np.float64] = (beyond[:-1] - beyond[1:]) / (tail[:-1] - tail[1:])
    return mean
