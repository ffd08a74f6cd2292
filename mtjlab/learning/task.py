"""Labelled samples, and whether anything can be learnt from them."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError

Values = NDArray[Any]


@dataclass(frozen=True)
class Task:
    """Labelled samples as they were measured, not yet scaled.

    Attributes:
        name: how messages and run files call it.
        x: (rows, features), float64, or uint8 for images.
        labels: (rows,), int64; index into `class_names`.
        class_names, feature_names: of each class and column.
        source: where the data come from, with the licence.
        images: columns are pixels: one that is the same in all rows is no mistake.
        given_test: the last so many rows are a test part that came with the data.
    """

    name: str
    x: Values
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    source: str
    images: bool = False
    given_test: int = 0

    @cached_property
    def checksum(self) -> int:
        """CRC-32 of data and labels: whether a run goes on with the data it began with."""
        return zlib.crc32(
            np.ascontiguousarray(self.labels).data, zlib.crc32(np.ascontiguousarray(self.x).data)
        )


def validate(task: Task) -> None:
    """Refuse data that nothing can be learnt from.

    Raises:
        DataError: rows and labels differ in number, a value is not finite, a column is constant,
            a label names no class, there is only one class, or a class in the given test part
            alone.
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
    if task.x.dtype.kind == "f":
        _check_finite(task, where)
    _check_labels(task, where)
    _check_columns(task, where)


def _check_finite(task: Task, where: str) -> None:
    bad = np.argwhere(~np.isfinite(task.x))
    if len(bad):
        row, column = bad[0].tolist()
        raise DataError(
            f"{where}: {len(bad)} values are missing or not finite, the first "
            f"({task.x[row, column]}) in row {row + 1}, column {task.feature_names[column]!r}; "
            "remove these rows or fill them in"
        )


def _check_labels(task: Task, where: str) -> None:
    rows, classes = len(task.labels), len(task.class_names)
    if rows and not 0 <= task.labels.min() <= task.labels.max() < classes:
        raise DataError(
            f"{where}: labels run from {task.labels.min()} to {task.labels.max()}, "
            f"but {classes} classes are named; expected 0 to {classes - 1}"
        )
    present = np.unique(task.labels)
    if len(present) < 2:
        only = f" ({task.class_names[present[0]]!r})" if len(present) else ""
        raise DataError(f"{where}: {len(present)} class{only} in {rows} rows; two are needed")
    learnable = np.unique(task.labels[: rows - task.given_test])
    for label in np.setdiff1d(present, learnable):
        raise DataError(
            f"{where}: class {task.class_names[label]!r} is in the test part only; "
            "there is nothing to learn it from"
        )


def _check_columns(task: Task, where: str) -> None:
    same = np.flatnonzero(task.x.min(axis=0) == task.x.max(axis=0))
    if task.images and len(same) < task.x.shape[1]:
        return
    for constant in same:
        what = "every pixel" if task.images else f"column {task.feature_names[constant]!r}"
        raise DataError(
            f"{where}: {what} has the same value "
            f"({task.x[0, constant]:g}) in all {len(task.x)} rows; remove it"
        )
