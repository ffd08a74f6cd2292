"""Rank of square matrices of bits (SP 800-22, 2.5)."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel
from mtjlab.analysis.randomness.bits import Bits, classes_p


def matrix_rank(bits: Bits, *, size: int = 32) -> float:
    """Matrices of full rank, one less, and the rest; what is left over is dropped."""
    count = len(bits) // size**2
    rows = np.zeros((count, size), dtype=np.uint64)
    for column in bits[: count * size**2].reshape(count, size, size).transpose(2, 0, 1):
        rows = (rows << np.uint64(1)) | column
    missing = size - ranks(rows, size)
    counts = np.bincount(np.minimum(missing, 2), minlength=3)
    return classes_p(counts, rank_probabilities(size))


def rank_probabilities(size: int) -> NDArray[np.float64]:
    """Of full rank, one less, and less, of a size x size matrix of fair bits."""
    full, less = (_probability(size, rank) for rank in (size, size - 1))
    return np.array([full, less, 1.0 - full - less])


def _probability(size: int, rank: int) -> float:
    i = np.arange(rank)
    ways = np.prod((1.0 - 2.0 ** (i - size)) ** 2 / (1.0 - 2.0 ** (i - rank)))
    return float(ways * 2.0 ** (rank * (2 * size - rank) - size**2))


@kernel
def ranks(rows: NDArray[np.uint64], size: int) -> NDArray[np.int64]:
    """Of matrices over the field of two elements.

    Args:
        rows: (matrices, size), the bits of a row as a number; changed.
        size: <= 64.
    """
    found = np.zeros(len(rows), dtype=np.int64)
    for index in range(len(rows)):
        matrix = rows[index]
        rank = 0
        for place in range(size):
            mask = np.uint64(1) << np.uint64(size - 1 - place)
            pivot = -1
            for row in range(rank, size):
                if matrix[row] & mask:
                    pivot = row
                    break
            if pivot < 0:
                continue
            held = matrix[pivot]
            matrix[pivot] = matrix[rank]
            matrix[rank] = held
            for row in range(rank + 1, size):
                if matrix[row] & mask:
                    matrix[row] ^= held
            rank += 1
        found[index] = rank
    return found
