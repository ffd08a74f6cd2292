"""Tables of junctions as images: values over the chip, and of every pair of junctions."""

import numpy as np
from numpy.typing import NDArray


def grid_of(
    row: NDArray[np.float64], column: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at (row, column), from the smallest row and column on; nan where there is none."""
    down, across = row.astype(int), column.astype(int)
    image = np.full((np.ptp(down) + 1, np.ptp(across) + 1), np.nan)
    image[down - down.min(), across - across.min()] = values
    return image


def pair_matrix(
    one: NDArray[np.float64], other: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All junctions that occur, (k, 2), and the symmetric matrix of the pairs, (k, k).

    Args:
        one: (n, 2), row and column of one junction of each pair.
        other: (n, 2), of the other.
        values: (n,), of the pairs; nan stays where there is no pair.
    """
    both = np.concatenate([one, other]).astype(np.int64)
    places, numbers = np.unique(both, axis=0, return_inverse=True)
    a, b = numbers.reshape(2, -1)
    image = np.full((len(places), len(places)), np.nan)
    image[a, b] = image[b, a] = values
    return places, image


def symmetric_span(values: NDArray[np.floating]) -> float:
    """Largest size of a finite value; 1 where there is none but 0."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    return largest if largest > 0.0 else 1.0
