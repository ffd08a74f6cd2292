"""Column currents of many samples: a constant and what each junction of the column adds in AP."""

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.crossbar.kernel import kernel
from sim_backend.physics.crossbar.network import Array

# Samples at a time, so that the tables of one column and these samples stay in the cache.
_BLOCK = 256
_BYTE = np.uint64(255)
_1, _2, _3, _4, _5, _6, _7 = (np.uint64(8 * byte) for byte in range(1, 8))


@kernel
def add_states(ap: NDArray[np.bool_], base: Array, step: Array, out: Array) -> None:
    """Fill out (n, M) with base (M,) plus step (N, M) where ap (n, N, M)."""
    n, rows, columns = ap.shape
    for t in range(n):
        for j in range(columns):
            out[t, j] = base[j]
        for i in range(rows):
            for j in range(columns):
                out[t, j] += step[i, j] if ap[t, i, j] else 0.0


@kernel
def tables(step: Array) -> Array:
    """(M, bytes, 256): what eight junctions of a column add, for each of their states."""
    rows, columns = step.shape
    width = (rows + 7) // 8
    table = np.zeros((columns, width, 256))
    for j in range(columns):
        for byte in range(width):
            for bit in range(min(8, rows - 8 * byte)):
                size = 1 << bit
                for below in range(size):
                    table[j, byte, size + below] = table[j, byte, below] + step[8 * byte + bit, j]
            # Bits beyond the last row add nothing.
            size = 1 << min(8, rows - 8 * byte)
            for k in range(size, 256):
                table[j, byte, k] = table[j, byte, k & (size - 1)]
    return table


@kernel
def add_bytes(packed: NDArray[np.uint8], base: Array, table: Array, out: Array) -> None:
    """The same from packed states (n, at least M * bytes), uint8."""
    columns, width, _ = table.shape
    for first in range(0, len(packed), _BLOCK):
        last = min(first + _BLOCK, len(packed))
        for j in range(columns):
            for t in range(first, last):
                total = base[j]
                for byte in range(width):
                    total += table[j, byte, packed[t, j * width + byte]]
                out[t, j] = total


@kernel
def add_words(words: NDArray[np.uint64], base: Array, table: Array, out: Array) -> None:
    """The same where a column fills whole words (n, at least M * words), uint64."""
    columns, width, _ = table.shape
    each = width // 8
    for first in range(0, len(words), _BLOCK):
        last = min(first + _BLOCK, len(words))
        for j in range(columns):
            for q in range(each):
                k = 8 * q
                t0, t1, t2, t3 = table[j, k], table[j, k + 1], table[j, k + 2], table[j, k + 3]
                t4, t5, t6, t7 = table[j, k + 4], table[j, k + 5], table[j, k + 6], table[j, k + 7]
                for t in range(first, last):
                    word = words[t, j * each + q]
                    before = base[j] if q == 0 else out[t, j]
                    out[t, j] = (
                        (
                            (before + t0[word & _BYTE])
                            + (t1[word >> _1 & _BYTE] + t2[word >> _2 & _BYTE])
                        )
                        + (t3[word >> _3 & _BYTE] + t4[word >> _4 & _BYTE])
                        + (t5[word >> _5 & _BYTE] + (t6[word >> _6 & _BYTE] + t7[word >> _7]))
                    )
