"""Labelled samples, and whether anything can be learnt from them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError


@dataclass(frozen=True)
class Task:
    """Labelled samples as they were measured, not yet scaled.

    Attributes:
        name: how messages and run files call it.
        x: (rows, features), float64.
        labels: (rows,), int64; index into `class_names`.
        class_names, feature_names: of each class and column.
        source: where the data come from, with the licence.
    """

    name: str
    x: NDArray[np.float64]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    source: str


def validate(task: Task) -> None:
    """Refuse data that nothing can be learnt from.

    Raises:
        DataError: rows and labels differ in number, a value is not finite, a column is constant,
            a label names no class, or there is only one class.
    """
    where = f"task {task.name!r}"
    if task.x.ndim != 2 or task.x.shape[1] == 0:
        raise DataError(f"{where}: data of shape {task.x.shape}, expected (rows, features)")
    rows, features = task.x.shape
    if task.labels.shape != (rows,):
        raise DataError(
            f"{where}: {rows} rows of data but labels of shape {task.labels.shape}; "
            "every row needs one label"
        )
    if len(task.feature_names) != features:
        raise DataError(f"{where}: {features} columns but {len(task.feature_names)} feature names")
    bad = np.argwhere(~np.isfinite(task.x))
    if len(bad):
        row, column = bad[0].tolist()
        raise DataError(
            f"{where}: {len(bad)} values are missing or not finite, the first "
            f"({task.x[row, column]}) in row {row + 1}, column {task.feature_names[column]!r}; "
            "remove these rows or fill them in"
        )
    classes = len(task.class_names)
    if rows and not 0 <= task.labels.min() <= task.labels.max() < classes:
        raise DataError(
            f"{where}: labels run from {task.labels.min()} to {task.labels.max()}, "
            f"but {classes} classes are named; expected 0 to {classes - 1}"
        )
    present = np.unique(task.labels)
    if len(present) < 2:
        only = f" ({task.class_names[present[0]]!r})" if len(present) else ""
        raise DataError(f"{where}: {len(present)} class{only} in {rows} rows; two are needed")
    for constant in np.flatnonzero(np.ptp(task.x, axis=0) == 0):
        raise DataError(
            f"{where}: column {task.feature_names[constant]!r} has the same value "
            f"({task.x[0, constant]:g}) in all {rows} rows; remove it"
        )
