"""Maurer's universal test: how far back each word was last seen (SP 800-22, 2.9)."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel
from mtjlab.analysis.randomness.bits import Bits, normal_p

# Bits in a word with its least number of bits.
_LEAST = {length: 1010 * 2**length * length for length in range(6, 17)}
LEAST_BITS = _LEAST[6]


def universal(bits: Bits) -> float:
    """The mean of log2 of the distance; words are as long as the number of bits allows."""
    length = max((k for k, least in _LEAST.items() if len(bits) >= least), default=6)
    return universal_p(bits, length, 10 * 2**length)


def universal_p(bits: Bits, length: int, first: int) -> float:
    """With words of `length` bits, the first `first` of which only begin the table."""
    mean, tested = mean_distance(bits, length, first)
    expected, variance = distance_moments(length)
    shorter = 0.7 - 0.8 / length + (4.0 + 32.0 / length) * tested ** (-3.0 / length) / 15.0
    return normal_p((mean - expected) / (shorter * math.sqrt(variance / tested)))


def mean_distance(bits: Bits, length: int, first: int) -> tuple[float, int]:
    """Mean log2 distance, and of how many words."""
    count = len(bits) // length
    table = bits[: count * length].reshape(count, length).astype(np.int64)
    found = table @ (1 << np.arange(length - 1, -1, -1))
    return _sum_of_logs(found, first, 2**length) / (count - first), count - first


def distance_moments(length: int) -> tuple[float, float]:
    """Mean and variance of log2 of the distance between two sights of a word of fair bits."""
    share = 0.5**length
    distance = np.arange(1, 40 * 2**length, dtype=np.float64)
    weight, logs = share * (1.0 - share) ** (distance - 1.0), np.log2(distance)
    mean = float(weight @ logs)
    return mean, float(weight @ logs**2) - mean**2


@kernel
def _sum_of_logs(words: NDArray[np.int64], first: int, size: int) -> float:
    last = np.zeros(size, dtype=np.int64)
    total = 0.0
    for index in range(len(words)):
        if index >= first:
            total += math.log2(index + 1 - last[words[index]])
        last[words[index]] = index + 1
    return total
