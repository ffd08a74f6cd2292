"""Length of the shortest shift register that makes each block (SP 800-22, 2.10)."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel
from mtjlab.analysis.randomness.bits import Bits, classes_p

# Of T <= -2.5, up to -1.5, ..., above 2.5.
_PROBABILITIES = np.array([1 / 96, 1 / 32, 1 / 8, 1 / 2, 1 / 4, 1 / 16, 1 / 48])


def linear_complexity(bits: Bits, *, block: int = 500) -> float:
    """Deviations from the mean length of blocks of `block` bits, sorted into seven classes."""
    return classes_p(complexity_counts(bits, block), _PROBABILITIES)


def complexity_counts(bits: Bits, block: int) -> NDArray[np.int64]:
    """Blocks in each class."""
    count = len(bits) // block
    lengths = register_lengths(bits[: count * block].reshape(count, block))
    sign = 1.0 if block % 2 == 0 else -1.0
    mean = 0.5 * block + (9.0 - sign) / 36.0 - (block / 3.0 + 2.0 / 9.0) * 0.5**block
    deviation = sign * (lengths - mean) + 2.0 / 9.0
    place = np.ceil(deviation + 2.5).astype(np.int64)
    return np.bincount(np.clip(place, 0, 6), minlength=7)


@kernel
def register_lengths(blocks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """By the algorithm of Berlekamp and Massey.

    Args:
        blocks: (blocks, bits), 0 or 1.
    """
    count, size = blocks.shape
    lengths = np.zeros(count, dtype=np.int64)
    for index in range(count):
        bits = blocks[index]
        now = np.zeros(size + 1, dtype=np.uint8)
        before = np.zeros(size + 1, dtype=np.uint8)
        kept = np.zeros(size + 1, dtype=np.uint8)
        now[0] = before[0] = 1
        length, since = 0, 1
        for n in range(size):
            differs = bits[n]
            for i in range(1, length + 1):
                differs ^= now[i] & bits[n - i]
            if differs == 0:
                since += 1
                continue
            longer = 2 * length <= n
            if longer:
                kept[:] = now
            for i in range(size + 1 - since):
                now[i + since] ^= before[i]
            if longer:
                length = n + 1 - length
                before[:] = kept
                since = 1
            else:
                since += 1
        lengths[index] = length
    return lengths
