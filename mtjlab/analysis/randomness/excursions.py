"""Visits of the running sum to each level between returns to 0 (SP 800-22, 2.14 and 2.15)."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.randomness.bits import Bits, chi_square_p

NEAR = (-4, -3, -2, -1, 1, 2, 3, 4)
FAR = (*range(-9, 0), *range(1, 10))
_MOST_VISITS = 5


def walk(bits: Bits) -> tuple[NDArray[np.int64], int]:
    """The running sum, and how often it comes back to 0, the end taken for one."""
    sums = np.cumsum(2 * bits.astype(np.int64) - 1)
    return sums, int(np.count_nonzero(sums == 0)) + int(sums[-1] != 0)


def fewest_cycles(n: int) -> float:
    """Returns to 0 below which the test says nothing."""
    return max(0.005 * math.sqrt(n), 500.0)


def random_excursions(bits: Bits) -> NDArray[np.float64]:
    """A p-value for each level of `NEAR`, from cycles with 0, 1, ..., 5 or more visits."""
    sums, cycles = walk(bits)
    # A return to 0 ends its cycle; it is no visit to any of these levels.
    cycle = np.cumsum(sums == 0)
    found = []
    for level in NEAR:
        visits = np.bincount(cycle[sums == level], minlength=cycles)
        counts = np.bincount(np.minimum(visits, _MOST_VISITS), minlength=_MOST_VISITS + 1)
        expected = cycles * visit_probabilities(level)
        found.append(chi_square_p(float(((counts - expected) ** 2 / expected).sum()), _MOST_VISITS))
    return np.array(found)


def visit_probabilities(level: int) -> NDArray[np.float64]:
    """Of 0, 1, ..., 4 visits to a level in a cycle, and of more."""
    back = 1.0 - 0.5 / abs(level)
    some = 0.25 / level**2 * back ** np.arange(_MOST_VISITS - 1)
    return np.array([back, *some, 0.5 / abs(level) * back ** (_MOST_VISITS - 1)])


def random_excursions_variant(bits: Bits) -> NDArray[np.float64]:
    """A p-value for each level of `FAR`, from all visits to it."""
    sums, cycles = walk(bits)
    return np.array(
        [
            math.erfc(
                abs(int(np.count_nonzero(sums == level)) - cycles)
                / math.sqrt(2.0 * cycles * (4.0 * abs(level) - 2.0))
            )
            for level in FAR
        ]
    )
