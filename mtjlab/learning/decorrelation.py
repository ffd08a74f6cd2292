"""Making the inputs of a layer uncorrelated, from the inputs alone."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.network import Layer

Array = NDArray[np.float32]


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
    change = decorrelated.T @ (decorrelated @ layer.r)
    squares = np.einsum("sn,sn->n", decorrelated, decorrelated)
    change -= squares[:, np.newaxis] * layer.r
    change *= np.float32(rate / len(decorrelated))
    layer.r -= change
