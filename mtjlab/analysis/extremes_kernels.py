"""Smallest and largest samples of bins, kept up while samples arrive, and of columns of bins."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.kernel import kernel


@kernel
def add_samples(
    block: NDArray[np.float32],
    first: int,
    newest: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    factor: int,
) -> None:
    """Put samples into the ring of samples and into the rings of bins of every level.

    Args:
        block: (n, k), n >= 1, no more than any ring holds.
        first: number of samples before it.
        newest: (samples, k), the ring of samples.
        low: (levels, bins, k), rings of bins of `factor`, `factor`^2 .. samples.
        high: likewise.
        factor: between levels.
    """
    n, k = block.shape
    levels, size = low.shape[0], low.shape[1]
    for i in range(n):
        at = (first + i) % newest.shape[0]
        to = ((first + i) // factor) % size
        begins = (first + i) % factor == 0
        for j in range(k):
            value = block[i, j]
            newest[at, j] = value
            if begins:
                low[0, to, j] = np.inf
                high[0, to, j] = -np.inf
            # A sample that is no number is larger and smaller than nothing.
            if value < low[0, to, j]:
                low[0, to, j] = value
            if value > high[0, to, j]:
                high[0, to, j] = value
    begin, end = first // factor, (first + n - 1) // factor + 1
    for level in range(1, levels):
        for child in range(begin, end):
            at, to = child % size, (child // factor) % size
            begins = child % factor == 0
            for j in range(k):
                if begins or low[level - 1, at, j] < low[level, to, j]:
                    low[level, to, j] = low[level - 1, at, j]
                if begins or high[level - 1, at, j] > high[level, to, j]:
                    high[level, to, j] = high[level - 1, at, j]
        begin, end = begin // factor, (end - 1) // factor + 1


@kernel
def fill_columns(
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    base: int,
    kept: int,
    end: int,
    first: int,
    per_column: int,
    chosen: NDArray[np.int64],
    found: NDArray[np.float32],
) -> None:
    """Extremes of columns of bins; nan where a column has no number.

    Args:
        low: (bins, k), a ring: bin b is at (b - base) % bins.
        high: likewise.
        base: see there.
        kept: the oldest bin there is.
        end: the one after the newest.
        first: the first bin of the first column.
        per_column: bins.
        chosen: (c,), which of the k.
        found: (c, columns, 2), filled.
    """
    size = low.shape[0]
    for column in range(found.shape[1]):
        begin = first + column * per_column
        for j in range(len(chosen)):
            found[j, column, 0], found[j, column, 1] = np.inf, -np.inf
        for b in range(max(begin, kept), min(begin + per_column, end)):
            at = (b - base) % size
            for j in range(len(chosen)):
                if low[at, chosen[j]] < found[j, column, 0]:
                    found[j, column, 0] = low[at, chosen[j]]
                if high[at, chosen[j]] > found[j, column, 1]:
                    found[j, column, 1] = high[at, chosen[j]]
        for j in range(len(chosen)):
            if found[j, column, 0] > found[j, column, 1]:
                found[j, column, 0] = found[j, column, 1] = np.nan


@kernel
def bin_samples(
    block: NDArray[np.float32],
    skip: int,
    width: int,
    low: NDArray[np.float32],
    high: NDArray[np.float32],
) -> None:
    """Widen bins by samples.

    Args:
        block: (n, k).
        skip: samples of the first bin that come before the block.
        width: samples in a bin.
        low: (bins, k), infinite where a bin is empty.
        high: likewise.
    """
    for i in range(block.shape[0]):
        to = (skip + i) // width
        for j in range(block.shape[1]):
            value = block[i, j]
            if value < low[to, j]:
                low[to, j] = value
            if value > high[to, j]:
                high[to, j] = value
