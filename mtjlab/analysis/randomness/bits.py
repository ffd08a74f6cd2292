"""Series of bits, windows of them, and the two laws from which almost every p-value comes."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

Bits = NDArray[np.uint8]


def checked(bits: NDArray[np.integer]) -> Bits:
    """(n,), n >= 1, each 0 or 1.

    Raises:
        ValueError: anything else, with the first that is neither.
    """
    values = np.asarray(bits)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"bits of shape {values.shape}: expected (n,), n >= 1")
    wrong = np.flatnonzero((values != 0) & (values != 1))
    if len(wrong):
        raise ValueError(f"bits[{wrong[0]}] = {values[wrong[0]]!r}: each must be 0 or 1")
    return values.astype(np.uint8)


def words(bits: Bits, length: int, *, around: bool = False) -> NDArray[np.int64]:
    """The number that `length` bits make, first bit highest, from each place on.

    Args:
        bits: (n,).
        length: of a word, 1 .. 62; at most n.
        around: the first bits follow the last one: n words instead of n - length + 1.
    """
    if around:
        bits = np.concatenate([bits, bits[: length - 1]])
    count = len(bits) - length + 1
    found = np.zeros(count, dtype=np.int64)
    for place in range(length):
        found <<= 1
        found |= bits[place : place + count]
    return found


def normal_p(deviation: float) -> float:
    """Probability that a standard normal number is at least so far from 0, on either side."""
    return math.erfc(abs(deviation) / math.sqrt(2.0))


def chi_square_p(statistic: float, dof: float) -> float:
    """Probability that chi-square is at least so large."""
    return float(gammaincc(0.5 * dof, max(0.5 * statistic, 0.0)))


def classes_p(counts: NDArray[np.integer], probabilities: NDArray[np.float64]) -> float:
    """Of counts in classes with these probabilities."""
    expected = counts.sum() * probabilities
    return chi_square_p(float(((counts - expected) ** 2 / expected).sum()), len(counts) - 1)
