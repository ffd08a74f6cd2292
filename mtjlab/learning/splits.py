"""Which samples are learnt from, which choose settings, which are kept for the test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.scaling import CLIP_SD, Scaling, moments, standardised
from mtjlab.learning.task import Task

__all__ = ["CLIP_SD", "Split", "split", "split_at"]

Array = NDArray[np.float32]

_PARTS = ("train", "validation", "test")


def _no_x() -> Array:
    return np.zeros((0, 0), dtype=np.float32)


def _no_rows() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """Training, validation and test part, standardised by mean and sd of the training part alone.

    Values beyond 3 standard deviations are clipped there, so that no sample drives a node beyond
    what the weights were tried with. The test part is for the last word; whoever chooses settings
    by an accuracy chooses by that of the validation part.

    Attributes:
        train_x, validation_x, test_x: (n, features), float32.
        train_labels, validation_labels, test_labels: (n,).
        train_rows, validation_rows, test_rows: rows of the task, ascending; disjoint.
        mean, sd: (features,), in the units of the task; sd 0 where a pixel is constant.
        classes: how many.
        checksum: of the task.
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
    validation_x: Array = field(default_factory=_no_x)
    validation_labels: NDArray[np.int64] = field(default_factory=_no_rows)
    validation_rows: NDArray[np.int64] = field(default_factory=_no_rows)
    checksum: int = 0

    def state(self) -> dict[str, NDArray[Any] | int]:
        """The rows of all parts: what `split_at` needs to make this split again."""
        rows: dict[str, NDArray[Any] | int] = {
            f"{part}_rows": getattr(self, f"{part}_rows").copy() for part in _PARTS
        }
        return rows | {"checksum": self.checksum}


def split(
    task: Task,
    rng: np.random.Generator,
    test_count: int | None = 30,
    validation_count: int = 0,
    *,
    scaling: Scaling = "columns",
) -> Split:
    """Put random rows aside for test and validation, stratified: each class gives its share.

    Shares are rounded by largest remainder, ties to the class named first; no class gives its
    last row. With a count of 0 that part is empty. Of data that came with a test part the test
    rows are taken from that alone, and all others are learnt from.

    Args:
        task: the data.
        rng: drawn from; not for a validation part without rows, nor for a given test part.
        test_count: rows of the test part. None: the test part that came with the data, else a
            fifth of the rows.
        validation_count: rows of the validation part, out of those that are not the test's.
        scaling: see `moments`.

    Raises:
        DataError: too few rows, or a column that is constant in the training part.
    """
    rows = len(task.labels)
    if test_count is None:
        test_count = usual_test_count(task)
    train_rows = np.arange(rows - task.given_test)
    if task.given_test:
        given = np.arange(rows - task.given_test, rows)
        test_rows = given if test_count == len(given) else _draw(task, given, rng, test_count, 0)
    else:
        test_rows = _draw(task, train_rows, rng, test_count, 1)
    train_rows = np.setdiff1d(train_rows, test_rows, assume_unique=True)
    validation_rows = _no_rows()
    if validation_count:
        validation_rows = _draw(task, train_rows, rng, validation_count, 1, "validation")
        train_rows = np.setdiff1d(train_rows, validation_rows, assume_unique=True)
    return _scaled(task, (train_rows, validation_rows, test_rows), scaling)


def usual_test_count(task: Task) -> int:
    """Rows of the test part where nobody says otherwise: those given with the data, or a fifth."""
    return task.given_test or len(task.labels) // 5


def split_at(task: Task, state: Mapping[str, Any], *, scaling: Scaling = "columns") -> Split:
    """The split whose `state()` this is; draws nothing.

    Raises:
        DataError: the task has other data than when the state was taken.
    """
    if state.get("checksum", task.checksum) != task.checksum:
        raise DataError(
            f"task {task.name!r}: these are not the data that the run began with (their checksum "
            "is another); put the old ones back, or begin a new run"
        )
    train, validation, test = (
        np.asarray(state.get(f"{part}_rows", _no_rows()), dtype=np.int64) for part in _PARTS
    )
    return _scaled(task, (train, validation, test), scaling)


def _draw(
    task: Task,
    rows: NDArray[np.int64],
    rng: np.random.Generator,
    count: int,
    leave: int,
    what: str = "test",
) -> NDArray[np.int64]:
    """`count` of `rows`, ascending, each class its share; at least `leave` of a class stay."""
    labels = task.labels[rows]
    counts = np.bincount(labels, minlength=len(task.class_names))
    shares = _shares(counts, count, leave, f"task {task.name!r}: {what}_count")
    drawn = [rng.permutation(rows[labels == label])[:share] for label, share in enumerate(shares)]
    return np.sort(np.concatenate(drawn))


def _shares(counts: NDArray[np.int64], wanted: int, leave: int, what: str) -> NDArray[np.int64]:
    rows = int(counts.sum())
    spare = (counts - leave).clip(0)
    most = int(spare.sum())
    if not 0 <= wanted <= most:
        least = "with one row of each class left to learn from, " if leave else ""
        raise DataError(f"{what} = {wanted} of {rows} rows; {least}0 to {most} are possible")
    exact = counts * (wanted / rows)
    shares: NDArray[np.int64] = np.minimum(np.floor(exact).astype(np.int64), spare)
    for label in np.argsort(shares - exact, kind="stable"):
        if shares.sum() < wanted and shares[label] < spare[label]:
            shares[label] += 1
    # Only where a class could not give its share do others give more than one beyond theirs.
    while shares.sum() < wanted:
        shares[np.argmax(counts - shares)] += 1
    return shares


def _scaled(
    task: Task,
    parts: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    scaling: Scaling,
) -> Split:
    train, validation, test = parts
    mean, sd = moments(task, train, scaling)
    return Split(
        train_x=standardised(task.x, train, mean, sd),
        train_labels=task.labels[train],
        test_x=standardised(task.x, test, mean, sd),
        test_labels=task.labels[test],
        train_rows=train,
        test_rows=test,
        mean=mean,
        sd=sd,
        classes=len(task.class_names),
        validation_x=standardised(task.x, validation, mean, sd),
        validation_labels=task.labels[validation],
        validation_rows=validation,
        checksum=task.checksum,
    )
