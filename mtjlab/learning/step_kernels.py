"""Machine code of a learning step: what is left of it between the matrix products."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.compiled import compiled

Array = NDArray[np.float32]


@compiled(
    "void(float32[:, ::1], float32[:, ::1], float32[::1], float32[:, ::1], int64, int64, int64)"
)
def add_noise(
    activity: Array, product: Array, b: Array, xi: Array, offset: int, first: int, end: int
) -> None:
    """Activity = product + bias + noise, for nodes `first` to `end` of a layer.

    Args:
        activity: (S, m), written; may be `product`.
        product: (P, m), of the weights; row s serves presentations s, s + P, s + 2 P ...
        b: (m,).
        xi: (S, N), of all layers.
        offset: column of xi that belongs to node 0.
        first: node that is written.
        end: node that is not written any more.
    """
    rows = product.shape[0]
    for row in range(activity.shape[0]):
        sums = product[row % rows]
        for node in range(first, end):
            activity[row, node] = (sums[node] + b[node]) + xi[row, offset + node]


@compiled("void(float32[:, ::1], float32[:, ::1], float32[::1], float32, int64)")
def move_decorrelation(
    r: Array, product: Array, squares: Array, rate: np.float32, row: int
) -> None:
    """R <- R - rate (product - d . R) for some rows of R.

    Args:
        r: (n, n), changed from row `row` on.
        product: (rows, n), of X*^T (X* R).
        squares: (n,), d.
        rate: of one step, the batch divided out.
        row: the first row.
    """
    for i in range(product.shape[0]):
        moved = r[row + i]
        square = squares[row + i]
        for j in range(r.shape[1]):
            moved[j] -= (product[i, j] - square * moved[j]) * rate


@compiled("void(float64[::1], float32[:, :, ::1], float32[:, :, ::1], int64, int64)")
def add_power(
    power: NDArray[np.float64], differences: Array, weighed: Array, first: int, end: int
) -> None:
    """Add the sum over nodes and reads of deviation times weighed deviation, sample by sample.

    Deviations are from the mean over all reads, read 0 included, whose difference is 0.

    Args:
        power: (B,), added to.
        differences: (K-1, B, m), from read 0.
        weighed: the same shape.
        first: sample that is added to.
        end: sample that is not any more.
    """
    reads = differences.shape[0] + 1
    for sample in range(first, end):
        total = 0.0
        for node in range(differences.shape[2]):
            squares = 0.0
            one = 0.0
            other = 0.0
            for read in range(reads - 1):
                d = np.float64(differences[read, sample, node])
                w = np.float64(weighed[read, sample, node])
                squares += d * w
                one += d
                other += w
            total += squares - one * other / reads
        power[sample] += total
