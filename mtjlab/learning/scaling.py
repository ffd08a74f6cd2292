"""Standard deviations from the mean of what is learnt from; nothing else may enter."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.task import Task, Values

Scaling = Literal["columns", "common"]
Array = NDArray[np.float32]

CLIP_SD = 3.0
_BLOCK_ROWS = 1024


def moments(
    task: Task, train: NDArray[np.int64], scaling: Scaling
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the training rows, (features,) each.

    Args:
        task: the data.
        train: rows that are learnt from.
        scaling: "columns" one of each per column; "common" one for all, the usual one for images.

    Raises:
        DataError: a column that is constant in the training rows, unless columns are pixels.
    """
    part = task.x[train]
    constant = np.flatnonzero(part.min(axis=0) == part.max(axis=0))
    if len(constant) and not task.images:
        raise DataError(
            f"task {task.name!r}: column {task.feature_names[constant[0]]!r} has the same value "
            f"in all {len(train)} training rows; remove it, or take another seed or test_count"
        )
    mean, sd = _of_pixels(part) if part.dtype == np.uint8 else (part.mean(axis=0), part.std(axis=0))
    # The mean of equal numbers may differ from them in the last bit.
    sd[constant] = 0.0
    if scaling == "common":
        middle = mean.mean()
        width = np.sqrt((sd**2 + (mean - middle) ** 2).mean())
        return np.full_like(mean, middle), np.full_like(sd, width)
    return mean, sd


def standardised(
    x: Values, rows: NDArray[np.int64], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> Array:
    """`rows` of x in standard deviations, clipped at 3; 0 in columns without one."""
    divisor = np.where(sd > 0.0, sd, np.inf)
    z = np.empty((len(rows), x.shape[1]), dtype=np.float32)
    # Pixels are small integers: single precision holds them, and takes a third of the time.
    wide = np.dtype(np.float32 if x.dtype == np.uint8 else np.float64)
    middle, divisor = mean.astype(wide), divisor.astype(wide)
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = x[rows[start : start + _BLOCK_ROWS]].astype(wide)
        block -= middle
        block /= divisor
        z[start : start + len(block)] = np.clip(block, -CLIP_SD, CLIP_SD, out=block)
    return z


def _of_pixels(part: Values) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exact sums of small integers, a block at a time."""
    total = np.zeros(part.shape[1])
    squares = np.zeros(part.shape[1])
    for start in range(0, len(part), _BLOCK_ROWS):
        block = part[start : start + _BLOCK_ROWS].astype(np.float64)
        total += block.sum(axis=0)
        squares += np.einsum("ij,ij->j", block, block)
    mean = total / len(part)
    return mean, np.sqrt(np.maximum(squares / len(part) - mean**2, 0.0))
