"""How often bits change, and the longest run of ones in blocks (SP 800-22, 2.3 and 2.4)."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.randomness.bits import Bits, classes_p

# Least number of bits -> bits in a block, length up to which runs are in the first class, and the
# length from which they are in the last.
_BLOCKS = ((750_000, 10_000, 10, 16), (6_272, 128, 4, 9), (0, 8, 1, 4))


def runs(bits: Bits) -> float:
    """Number of runs. 0 where there are too many ones or zeros for it to mean anything."""
    n = len(bits)
    share = float(bits.mean())
    if abs(share - 0.5) >= 2.0 / math.sqrt(n):
        return 0.0
    found = 1 + int(np.count_nonzero(bits[1:] != bits[:-1]))
    spread = share * (1.0 - share)
    return math.erfc(abs(found - 2.0 * n * spread) / (2.0 * math.sqrt(2.0 * n) * spread))


def longest_run(bits: Bits) -> float:
    """Of ones in each block, sorted into classes."""
    counts, block, first = longest_run_counts(bits)
    return classes_p(counts, run_probabilities(block, first, len(counts)))


def longest_run_counts(bits: Bits) -> tuple[NDArray[np.int64], int, int]:
    """Blocks in each class, bits in a block, and the longest run of the first class."""
    block, first, last = next(row[1:] for row in _BLOCKS if len(bits) >= row[0])
    blocks = len(bits) // block
    table = bits[: blocks * block].reshape(blocks, block)
    longest, current = (np.zeros(blocks, dtype=np.int64) for _ in range(2))
    for column in table.T:
        current = (current + 1) * column
        np.maximum(longest, current, out=longest)
    counts = np.bincount(np.clip(longest, first, last) - first, minlength=last - first + 1)
    return counts, block, first


def run_probabilities(block: int, first: int, classes: int) -> NDArray[np.float64]:
    """That the longest run of `block` fair bits is <= first, first + 1, ..., or longer.

    Exact, where the document rounds to four digits.
    """
    at_most = [_at_most(block, first + k) for k in range(classes - 1)] + [1.0]
    return np.diff(np.array([0.0, *at_most]))


def _at_most(block: int, longest: int) -> float:
    """The chance of no `longest` + 1 ones in a row: where the last run began decides."""
    run = longest + 1
    share = np.ones(block + 1)
    for n in range(run, block + 1):
        before = share[n - run - 1] * 0.5 if n > run else 1.0
        share[n] = share[n - 1] - before * 0.5**run
    return float(share[block])
