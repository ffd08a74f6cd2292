"""Profile likelihood of a sampled two-state chain, in machine code.

All rates are per sampling step: g1 out of the lower level, g2 out of the upper one.
"""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel

LEAVE_LOW, LEAVE_HIGH, TOTAL, OCCUPANCY = 0, 1, 2, 3
# Half the 95 % point of chi-square with one degree of freedom.
_DROP = 1.920729410347062
# Per step: faster is as good as independent, slower as good as never.
_FASTEST = math.log(60.0)
_GOLDEN = 0.6180339887498949


@kernel
def _term(count: float, probability: float) -> float:
    if count == 0.0:
        return 0.0
    return count * math.log(probability) if probability > 0.0 else -1e300


@kernel
def _likelihood(pairs: NDArray[np.float64], total: float, share: float) -> float:
    """Ln likelihood at total rate and occupancy of the upper level."""
    change = -math.expm1(-total)
    up, down = change * share, change * (1.0 - share)
    return (
        _term(pairs[0, 1], up)
        + _term(pairs[0, 0], 1.0 - up)
        + _term(pairs[1, 0], down)
        + _term(pairs[1, 1], 1.0 - down)
    )


@kernel
def _at(pairs: NDArray[np.float64], which: int, fixed: float, other: float) -> float:
    """With one parameter fixed (logarithm or logit) and the other one free."""
    if which == TOTAL:
        return _likelihood(pairs, math.exp(fixed), 1.0 / (1.0 + math.exp(-other)))
    if which == OCCUPANCY:
        return _likelihood(pairs, math.exp(other), 1.0 / (1.0 + math.exp(-fixed)))
    one, two = math.exp(fixed), math.exp(other)
    total = one + two
    return _likelihood(pairs, total, one / total if which == LEAVE_LOW else two / total)


@kernel
def _profile(pairs: NDArray[np.float64], which: int, fixed: float, slowest: float) -> float:
    """Largest ln likelihood with one parameter fixed: golden section over the other."""
    if which == TOTAL:
        a, b = -40.0, 40.0
    else:
        a, b = slowest - 5.0, _FASTEST + 5.0
    c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_c, at_d = _at(pairs, which, fixed, c), _at(pairs, which, fixed, d)
    while b - a > 1e-7:
        if at_c >= at_d:
            b, d, at_d = d, c, at_c
            c = b - _GOLDEN * (b - a)
            at_c = _at(pairs, which, fixed, c)
        else:
            a, c, at_c = c, d, at_d
            d = a + _GOLDEN * (b - a)
            at_d = _at(pairs, which, fixed, d)
    return max(at_c, at_d)


@kernel
def interval(
    pairs: NDArray[np.float64], which: int, best: float, slowest: float
) -> tuple[float, float]:
    """Ends of the 95 % interval (logarithm or logit); infinite where nothing bounds it.

    Args:
        pairs: (2, 2), how often level i is followed by level j.
        which: of the four parameters.
        best: where the likelihood is largest.
        slowest: ln of a rate of which nothing can be known in a trace of this length.
    """
    lowest = -40.0 if which == OCCUPANCY else slowest
    highest = 40.0 if which == OCCUPANCY else _FASTEST
    best = min(max(best, lowest), highest)
    least = _profile(pairs, which, best, slowest) - _DROP
    ends = np.empty(2)
    for side in range(2):
        sign = -1.0 if side == 0 else 1.0
        limit = lowest if side == 0 else highest
        inside, step, outside = best, 1e-3, limit
        found = False
        while inside != limit:
            trial = inside + sign * step
            if (trial - limit) * sign >= 0.0:
                trial = limit
            if _profile(pairs, which, trial, slowest) < least:
                outside, found = trial, True
                break
            inside, step = trial, 2.0 * step
        if not found:
            ends[side] = sign * np.inf
            continue
        while abs(outside - inside) > 1e-6 * max(1.0, abs(inside - best)):
            middle = 0.5 * (inside + outside)
            if _profile(pairs, which, middle, slowest) < least:
                outside = middle
            else:
                inside = middle
        ends[side] = 0.5 * (inside + outside)
    return ends[0], ends[1]
