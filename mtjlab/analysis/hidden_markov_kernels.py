"""Forward-backward and most probable path of a two-state chain in Gaussian noise."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel

Reals = NDArray[np.float64]

# A likelihood ratio beyond e^300 is certainty, and its square still a number.
_CERTAIN = 300.0
_SMALL, _LARGE = 1e-100, 1e100


@kernel
def smooth(
    values: Reals, middle: float, slope: float, up: float, down: float, high: Reals
) -> Reals:
    """Probabilities of the upper level given the whole trace, and what they sum to.

    Scaled to probabilities at every step, so that a trace of any length neither under- nor
    overflows. The chance of either level is even before the first sample.

    Args:
        values: (n,), n >= 2.
        middle: half-way between the levels.
        slope: distance of the levels over the variance about them.
        up: probability of leaving the lower level in one step.
        down: of leaving the upper one.
        high: (n,), filled with P(upper level | trace).

    Returns:
        (6,): ln likelihood less that of the lower level at all samples; expected numbers of steps
        up, of steps down, of steps from the upper level and of samples in it; their sum of values.
    """
    n = len(values)
    product, logarithm = 1.0, 0.0
    prior = 0.5
    for t in range(n):
        exponent = slope * (values[t] - middle)
        ratio = math.exp(min(max(exponent, -_CERTAIN), _CERTAIN))
        weight = prior * ratio
        scale = weight + (1.0 - prior)
        posterior = weight / scale
        high[t] = posterior
        prior = up + posterior * (1.0 - down - up)
        product *= scale
        if product < _SMALL or product > _LARGE:
            logarithm += math.log(product)
            product = 1.0
    logarithm += math.log(product)
    after = high[n - 1]
    steps_up, steps_down, from_high = 0.0, 0.0, 0.0
    samples, total = after, after * values[n - 1]
    for t in range(n - 2, -1, -1):
        filtered = high[t]
        prior = up + filtered * (1.0 - down - up)
        stay = after * (filtered * (1.0 - down) / prior)
        fall = (1.0 - after) * (filtered * down / (1.0 - prior))
        steps_up += after - stay
        steps_down += fall
        after = stay + fall
        high[t] = after
        from_high += after
        samples += after
        total += after * values[t]
    return np.array([logarithm, steps_up, steps_down, from_high, samples, total])


@kernel
def most_probable(
    values: Reals, middle: float, slope: float, up: float, down: float, high: NDArray[np.bool_]
) -> None:
    """Viterbi's path: `high` is filled with the upper level's samples.

    Only the difference of the two paths' scores matters, and where each came from.
    """
    n = len(values)
    came = np.empty(n, dtype=np.uint8)
    log_up, log_stay_low = math.log(up), math.log(1.0 - up)
    log_down, log_stay_high = math.log(down), math.log(1.0 - down)
    # Score of being at the upper level less that of the lower one.
    lead = slope * (values[0] - middle)
    for t in range(1, n):
        to_low_from_high = lead + log_down > log_stay_low
        to_high_from_high = lead + log_stay_high > log_up
        best_low = max(lead + log_down, log_stay_low)
        best_high = max(lead + log_stay_high, log_up)
        lead = best_high - best_low + slope * (values[t] - middle)
        came[t] = 2 * to_high_from_high + to_low_from_high
    now = lead > 0.0
    high[n - 1] = now
    for t in range(n - 1, 0, -1):
        now = (came[t] & 2) != 0 if now else (came[t] & 1) != 0
        high[t - 1] = now
