"""Making the inputs of a layer uncorrelated, from the inputs alone."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.crew import share
from mtjlab.learning.network import Layer
from mtjlab.learning.step_kernels import move_decorrelation

Array = NDArray[np.float32]

# Rows of R that are changed at a time: their product is still in the cache when it is subtracted.
_PANEL = 128


def update(layer: Layer, decorrelated: Array, rate: float) -> None:
    """One step of R <- R - rate offdiag(X*^T X* / B) R, in place.

    Computed as X*^T (X* R) less the diagonal's part, so that nothing costs n^3:

        R <- R - (rate / B) (X*^T (X* R) - d . R),   d_i = sum over the batch of x*_i^2

    (Dalm, van Gerven, Ahmad, arXiv 2310.00965.) c is left alone.

    Args:
        layer: whose R is changed.
        decorrelated: X*, (B, n); one read of each sample.
        rate: > 0.
    """
    batch, n = decorrelated.shape
    seen = np.empty((batch, n), dtype=np.float32)
    step = np.float32(rate / batch)
    squares = np.einsum("sn,sn->n", decorrelated, decorrelated)

    def columns(first: int, end: int) -> None:
        np.matmul(decorrelated, layer.r[:, first:end], out=seen[:, first:end])

    def rows(first: int, end: int) -> None:
        panel = np.empty((min(_PANEL, end - first), n), dtype=np.float32)
        for row in range(first, end, _PANEL):
            product = panel[: min(_PANEL, end - row)]
            np.matmul(decorrelated[:, row : row + len(product)].T, seen, out=product)
            move_decorrelation(layer.r, product, squares, step, row)

    share(n, columns, operations=2 * seen.size * n)
    share(n, rows, operations=2 * seen.size * n)
