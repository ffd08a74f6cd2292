"""Rates of a two-state chain from how often one sample follows another, for any sampling step.

With p01 and p10 the probabilities of being at the other level one sample later,

    G = -ln(1 - p01 - p10) / dt,   g1 = G p01 / (p01 + p10),   g2 = G p10 / (p01 + p10)

is exact however long the step is. Intervals are those in which the profile likelihood of the
chain stays within 1.92 of its largest value (Wilks): they are one-sided where sampling is too slow
or the trace too short to bound a rate on both sides.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.chain_kernels import LEAVE_HIGH, LEAVE_LOW, OCCUPANCY, TOTAL, interval
from mtjlab.analysis.estimate import Estimate


@dataclass(frozen=True)
class ChainRates:
    """Times of a two-state chain.

    Attributes:
        tau_low_s, tau_high_s: mean time at the level before leaving it, s.
        tau_c_s: correlation time, 1 / (1/tau_low + 1/tau_high), s.
        occupancy_high: share of time at the upper level in the long run.
        transitions: changes of level between successive samples.
    """

    tau_low_s: Estimate
    tau_high_s: Estimate
    tau_c_s: Estimate
    occupancy_high: Estimate
    transitions: int


def pair_counts(high: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How often level i is followed by level j, (2, 2)."""
    now, then = high[:-1], high[1:]
    both = float(np.count_nonzero(now & then))
    from_high, to_high = float(np.count_nonzero(now)), float(np.count_nonzero(then))
    up, down = to_high - both, from_high - both
    return np.array([[len(now) - up - down - both, up], [down, both]])


def chain_rates(pairs: NDArray[np.float64], dt_s: float) -> ChainRates:
    """Times and occupancy from counts of pairs.

    Args:
        pairs: (2, 2), how often level i is followed by level j; of several traces of one junction
            under the same conditions the sum.
        dt_s: sampling interval, s, > 0.
    """
    check_step(dt_s)
    counts = np.asarray(pairs, dtype=np.float64)
    if counts.shape != (2, 2) or not np.isfinite(counts).all() or (counts < 0.0).any():
        raise ValueError(f"pairs {counts!r}: expected (2, 2) counts")
    total = counts.sum()
    transitions = round(float(counts[0, 1] + counts[1, 0]))
    if transitions == 0:
        return never_flips(float(counts[0].sum()), float(counts[1].sum()), dt_s)
    leave = [_ratio(counts[0, 1], counts[0].sum()), _ratio(counts[1, 0], counts[1].sum())]
    both = leave[0] + leave[1]
    if both < 1.0:
        rate = -math.log1p(-both)
        share = leave[0] / both
    else:
        rate = math.inf
        share = float(counts[:, 1].sum() / total)
    slowest = math.log(1e-4 / total)
    span_s = dt_s * total
    return ChainRates(
        _time(
            counts,
            LEAVE_LOW,
            rate * share,
            slowest,
            dt_s,
            f"left the lower level in {span_s:.3g} s",
        ),
        _time(
            counts,
            LEAVE_HIGH,
            rate * (1.0 - share),
            slowest,
            dt_s,
            f"left the upper level in {span_s:.3g} s",
        ),
        _time(counts, TOTAL, rate, slowest, dt_s, f"flipped in {span_s:.3g} s"),
        _occupancy(counts, share, slowest),
        transitions,
    )


def never_flips(steps_low: float, steps_high: float, dt_s: float) -> ChainRates:
    """What a trace without a transition tells: a bound on the rate of leaving one level.

    With T at a level and no departure, exp(-T / tau) >= 0.05 bounds tau from below.
    """
    span_s = dt_s * (steps_low + steps_high)
    reason = f"no transition in {span_s:.3g} s: only a lower bound; measure for longer"
    unseen = Estimate.none("the other level was not visited", low=0.0)
    bound = Estimate.none(reason, low=span_s / -math.log(0.05))
    low, high = (bound, unseen) if steps_low > 0.0 else (unseen, bound)
    return ChainRates(
        low,
        high,
        Estimate.none("no transition: the rate of coming back is not known", low=0.0),
        Estimate.none(f"no transition in {span_s:.3g} s", low=0.0, high=1.0),
        0,
    )


def check_step(dt_s: float) -> None:
    """Refuse a sampling interval that is none."""
    if not (math.isfinite(dt_s) and dt_s > 0.0):
        raise ValueError(f"dt_s = {dt_s!r} s must be positive")


def too_fast(dt_s: float) -> str:
    """What is said where successive samples do not differ from independent ones."""
    return (
        f"successive samples, {dt_s:.3g} s apart, may be independent: only an upper bound; "
        "sample faster"
    )


def _ratio(count: float, of: float) -> float:
    return float(count / of) if of > 0.0 else 0.0


def _time(
    pairs: NDArray[np.float64],
    which: int,
    rate: float,
    slowest: float,
    dt_s: float,
    event: str,
) -> Estimate:
    """1 / rate with its interval, s."""
    best = math.log(rate) if 0.0 < rate < math.inf else (-math.inf if rate == 0.0 else math.inf)
    ends = interval(pairs, which, best, slowest)
    low_s, high_s = (dt_s * math.exp(-end) for end in (ends[1], ends[0]))
    if rate == 0.0:
        return Estimate.none(f"never {event}: only a lower bound", low=low_s)
    if not math.isfinite(ends[1]):
        return Estimate.none(too_fast(dt_s), low=0.0, high=high_s)
    value_s = dt_s / rate
    return Estimate(value_s, min(low_s, value_s), max(high_s, value_s))


def _occupancy(pairs: NDArray[np.float64], share: float, slowest: float) -> Estimate:
    best = (
        math.log(share / (1.0 - share)) if 0.0 < share < 1.0 else math.copysign(40.0, share - 0.5)
    )
    low, high = interval(pairs, OCCUPANCY, best, slowest)
    ends = [1.0 / (1.0 + math.exp(-min(max(end, -700.0), 700.0))) for end in (low, high)]
    if not 0.0 < share < 1.0:
        return Estimate.none("seen to flip in one direction only", low=ends[0], high=ends[1])
    return Estimate(share, min(ends[0], share), max(ends[1], share))
