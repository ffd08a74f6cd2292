"""Flicker (1/f) noise as a bank of Ornstein-Uhlenbeck processes, one per decade.

A process with rate r and variance s^2 has the one-sided spectrum 4 s^2 r / (r^2 + (2 pi f)^2). With
one such rate per decade and s^2 = A ln 10 the sum is A / f: within 6 % from 2 times the lowest to
half the highest frequency, within 12 % at the two, flat below and falling as 1 / f^2 above. Each
process is exact for any time step, so the band does not depend on how often anybody looks.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim_backend.physics.junction import JunctionParameters

# A share of an earlier value that changes no later one.
_NOTHING = 1e-30


class Bank(NamedTuple):
    """K independent processes per junction.

    Attributes:
        rates_hz: (K,), inverse correlation times, 1/s.
        sigma: standard deviation of each.
    """

    rates_hz: NDArray[np.float64]
    sigma: float

    @property
    def variance(self) -> float:
        """Of the sum of all."""
        return len(self.rates_hz) * self.sigma**2


def bank(parameters: JunctionParameters) -> Bank:
    """Processes whose sum has the spectrum flicker / f in the band; none without flicker."""
    if parameters.flicker == 0.0:
        return Bank(np.empty(0), 0.0)
    lowest = 2.0 * math.pi * parameters.flicker_lowest_hz
    decades = math.log10(parameters.flicker_highest_hz / parameters.flicker_lowest_hz)
    # From half a decade below the band to half a decade above it, at least.
    k = np.arange(math.ceil(decades - 1e-9) + 2)
    rates_hz: NDArray[np.float64] = lowest * np.power(10.0, k - 0.5)
    return Bank(rates_hz, math.sqrt(parameters.flicker * math.log(10.0)))


def follow(
    bank: Bank,
    start: NDArray[np.float64],
    elapsed_s: ArrayLike,
    dt_s: float,
    normal: NDArray[np.float64],
) -> NDArray[np.float64]:
    """All processes at n instants.

    Args:
        bank: K processes.
        start: (m, K), their values.
        elapsed_s: from `start` to the first instant, one value or (m,), s, >= 0.
        dt_s: between instants, s, >= 0.
        normal: (n, m, K) standard normal numbers, n >= 1.

    Returns:
        (n, m, K).
    """
    kept = np.exp(-np.multiply.outer(np.asarray(elapsed_s, dtype=np.float64), bank.rates_hz))
    step = np.exp(-bank.rates_hz * dt_s)
    out = bank.sigma * np.sqrt(-np.expm1(-2.0 * bank.rates_hz * dt_s)) * normal
    out[0] = kept * start + bank.sigma * np.sqrt(1.0 - kept**2) * normal[0]
    # x[i] = step x[i - 1] + new[i], summed by doubling: after pass j each value holds 2^j terms.
    reach = 1
    while reach < len(out) and step.max(initial=0.0) > _NOTHING:
        out[reach:] += step * out[:-reach]
        reach, step = 2 * reach, step**2
    return out
