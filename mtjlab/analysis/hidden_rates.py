"""Rates and occupancy with intervals, from a fitted hidden Markov model.

First order in the errors of the two probabilities, on the scale on which the likelihood is nearly
a parabola: the cube root of a rate where flips can be counted (of a Poisson mean it is exactly
that), and exp(-rate), the memory of one step, where sampling is slow. The latter may reach 0, and
then nothing bounds the rate from above.
"""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.chain import ChainRates, check_step, too_fast
from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.analysis.hidden_markov import HiddenMarkov

# Memory of one step above which flips are counted one by one.
_COUNTED = 0.5
_UNCERTAIN = "the model has no best fit with this trace; measure for longer, or with less noise"


def hidden_rates(fit: HiddenMarkov, dt_s: float) -> ChainRates:
    """Times of the chain behind the noise.

    Args:
        fit: of the trace.
        dt_s: sampling interval, s, > 0.
    """
    check_step(dt_s)
    transitions = round(fit.steps_up + fit.steps_down)
    spread = fit.covariance[3:, 3:]
    if not fit.converged or (np.diag(spread) <= 0.0).any():
        unknown = Estimate.none(_UNCERTAIN, low=0.0)
        anything = Estimate.none(_UNCERTAIN, low=0.0, high=1.0)
        return ChainRates(unknown, unknown, unknown, anything, transitions)
    up, down = fit.model.up, fit.model.down
    change = up + down
    share = up / change
    memory_error = math.sqrt(float(spread.sum()))
    slope = np.array([down, -up]) / change**2
    odds_error = _error(slope, spread) / (share * (1.0 - share))
    odds = math.log(share / (1.0 - share))
    ends = [1.0 / (1.0 + math.exp(-odds - z * odds_error)) for z in (-Z_95, Z_95)]
    occupancy = Estimate(share, min(ends[0], share), max(ends[1], share))
    if change >= 1.0:
        # Whatever the memory is, it is no longer than its error.
        slowest = -math.log(min(1.0, max(1e-300, 1.0 - change + Z_95 * memory_error)))
        low_bound, high_bound, bound = (
            Estimate.none(
                too_fast(dt_s), low=0.0, high=dt_s / (slowest * part) if slowest > 0.0 else math.inf
            )
            for part in (share, 1.0 - share, 1.0)
        )
        return ChainRates(low_bound, high_bound, bound, occupancy, transitions)
    total = -math.log1p(-change)
    steeper = 1.0 / (1.0 - change)
    equal = np.array([steeper, steeper])
    tau_low, tau_high, tau_c = (
        _time(total * part, _error(equal * part + total * sign * slope, spread), part, change, dt_s)
        for part, sign in ((share, 1.0), (1.0 - share, -1.0), (1.0, 0.0))
    )
    return ChainRates(tau_low, tau_high, tau_c, occupancy, transitions)


def _error(slope: NDArray[np.float64], spread: NDArray[np.float64]) -> float:
    return math.sqrt(float(slope @ spread @ slope))


def _time(rate: float, error: float, part: float, change: float, dt_s: float) -> Estimate:
    """1 / rate; `part` is the rate's share of the total one."""
    if 1.0 - change > _COUNTED:
        root = rate ** (1.0 / 3.0)
        half = Z_95 * error / (3.0 * root**2)
        slow, fast = max(root - half, 0.0) ** 3, (root + half) ** 3
    else:
        memory = math.exp(-rate / part)
        half = Z_95 * memory * error / part
        slow = -part * math.log(min(memory + half, 1.0))
        fast = -part * math.log(memory - half) if memory > half else math.inf
    longest_s = dt_s / slow if slow > 0.0 else math.inf
    if math.isinf(fast):
        return Estimate.none(too_fast(dt_s), low=0.0, high=longest_s)
    return Estimate(float(dt_s / rate), float(dt_s / fast), float(longest_s))
