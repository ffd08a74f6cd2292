"""Loss and correctness of every presentation by itself."""

import numpy as np
from numpy.typing import NDArray


def cross_entropy(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """-ln of the softmax probability of the true class.

    Computed in float64: noise-based learning lives on the small difference of two losses.

    Args:
        logits: (S, classes), of any size.
        labels: (S,), 0 <= label < classes.

    Returns:
        (S,), >= 0.
    """
    wide = logits.astype(np.float64)
    above_true = wide - np.take_along_axis(wide, labels[:, np.newaxis], axis=1)
    top = above_true.argmax(axis=1)[:, np.newaxis]
    highest = np.take_along_axis(above_true, top, axis=1)
    others = np.exp(above_true - highest)
    np.put_along_axis(others, top, 0.0, axis=1)
    loss: NDArray[np.float64] = highest[:, 0] + np.log1p(others.sum(axis=1))
    return loss


def correct(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether the largest logit is that of the true class, (S,)."""
    right: NDArray[np.bool_] = logits.argmax(axis=1) == labels
    return right
