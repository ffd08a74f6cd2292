"""Tasks by name, and how they are split into what is learnt from and what is kept aside."""

from collections.abc import Callable
from importlib import resources

import numpy as np

from mtjlab.core.errors import DataError, nearest
from mtjlab.learning.csv_table import read_csv
from mtjlab.learning.splits import Split, split, split_at
from mtjlab.learning.task import Task, validate

__all__ = ["Split", "Task", "load_task", "split", "split_at", "task_names", "validate"]


def load_task(name: str) -> Task:
    """A checked task: "iris" or "xor".

    Raises:
        DataError: no such task, or its data cannot be learnt from.
    """
    if name not in _LOADERS:
        raise DataError(f"no task {name!r}: {nearest(name, _LOADERS)}")
    task = _LOADERS[name]()
    validate(task)
    return task


def task_names() -> tuple[str, ...]:
    """Names that `load_task` knows."""
    return tuple(_LOADERS)


def _iris() -> Task:
    text = (resources.files("mtjlab.resources") / "datasets" / "iris.csv").read_text("utf-8")
    table = read_csv(text, "iris.csv")
    return Task(
        "iris",
        table.x,
        table.labels,
        table.class_names,
        table.feature_names,
        "Anderson's iris flowers, Fisher 1936, UCI Machine Learning Repository, CC BY 4.0",
    )


def _xor() -> Task:
    x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    return Task("xor", x, np.array([0, 1, 1, 0]), ("equal", "different"), ("a", "b"), "by rule")


_LOADERS: dict[str, Callable[[], Task]] = {"iris": _iris, "xor": _xor}
