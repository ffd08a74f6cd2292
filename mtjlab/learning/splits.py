"""Which samples are learnt from and which are kept for the test, and how both are scaled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.task import Task

Array = NDArray[np.float32]

CLIP_SD = 3.0


@dataclass(frozen=True)
class Split:
    """Training and test part, standardised with mean and sd of the training part alone.

    Values beyond 3 standard deviations are clipped there, so that no sample drives a node beyond
    what the weights were tried with.

    Attributes:
        train_x, test_x: (n, features), float32.
        train_labels, test_labels: (n,).
        train_rows, test_rows: rows of the task, ascending; disjoint.
        mean, sd: (features,), in the units of the task.
        classes: how many.
    """

    train_x: Array
    train_labels: NDArray[np.int64]
    test_x: Array
    test_labels: NDArray[np.int64]
    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    classes: int

    def state(self) -> dict[str, NDArray[Any]]:
        """The rows of both parts: all that `split_at` needs to make this split again."""
        return {"train_rows": self.train_rows.copy(), "test_rows": self.test_rows.copy()}


def split(task: Task, rng: np.random.Generator, test_count: int = 30) -> Split:
    """Put `test_count` random rows aside, stratified: each class gives its share.

    Shares are rounded by largest remainder, ties to the class named first; no class gives its
    last row. With 0 the test part is empty.

    Raises:
        DataError: too few rows, or a column that is constant in the training part.
    """
    counts = np.bincount(task.labels, minlength=len(task.class_names))
    shares = _shares(counts, test_count, task.name)
    test = [
        rng.permutation(np.flatnonzero(task.labels == label))[:share]
        for label, share in enumerate(shares)
    ]
    test_rows = np.sort(np.concatenate(test))
    train_rows = np.setdiff1d(np.arange(len(task.labels)), test_rows)
    return _scaled(task, train_rows, test_rows)


def split_at(task: Task, state: Mapping[str, NDArray[Any]]) -> Split:
    """The split whose `state()` this is; draws nothing."""
    return _scaled(
        task,
        np.asarray(state["train_rows"], dtype=np.int64),
        np.asarray(state["test_rows"], dtype=np.int64),
    )


def _shares(counts: NDArray[np.int64], test_count: int, name: str) -> NDArray[np.int64]:
    rows = int(counts.sum())
    most = int((counts - 1).clip(0).sum())
    if not 0 <= test_count <= most:
        raise DataError(
            f"task {name!r}: test_count = {test_count} of {rows} rows; with one row of each class "
            f"left to learn from, 0 to {most} are possible"
        )
    exact = counts * (test_count / rows)
    shares: NDArray[np.int64] = np.minimum(np.floor(exact).astype(np.int64), (counts - 1).clip(0))
    for label in np.argsort(shares - exact, kind="stable"):
        if shares.sum() < test_count and shares[label] < counts[label] - 1:
            shares[label] += 1
    # Only where a class could not give its share do others give more than one beyond theirs.
    while shares.sum() < test_count:
        shares[np.argmax(counts - shares)] += 1
    return shares


def _scaled(task: Task, train: NDArray[np.int64], test: NDArray[np.int64]) -> Split:
    mean = task.x[train].mean(axis=0)
    sd = task.x[train].std(axis=0)
    for column in np.flatnonzero(np.ptp(task.x[train], axis=0) == 0):
        raise DataError(
            f"task {task.name!r}: column {task.feature_names[column]!r} has the same value in all "
            f"{len(train)} training rows; remove it, or take another seed or test_count"
        )

    def standardised(rows: NDArray[np.int64]) -> Array:
        clipped = np.clip((task.x[rows] - mean) / sd, -CLIP_SD, CLIP_SD)
        z: Array = clipped.astype(np.float32)
        return z

    return Split(
        standardised(train),
        task.labels[train],
        standardised(test),
        task.labels[test],
        train,
        test,
        mean,
        sd,
        len(task.class_names),
    )
