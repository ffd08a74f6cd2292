"""Tasks by name, and how they are split into what is learnt from and what is kept aside."""

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from mtjlab.core.errors import DataError, nearest
from mtjlab.learning import made_tasks
from mtjlab.learning.file_tasks import SHIPPED, from_csv, from_idx, shipped
from mtjlab.learning.splits import Split, split, split_at, usual_test_count
from mtjlab.learning.task import Task, validate

__all__ = [
    "Split",
    "Task",
    "load_task",
    "split",
    "split_at",
    "task_names",
    "usual_test_count",
    "validate",
]

# A run asks for its task several times; nobody works with many at once.
_REMEMBERED = 4


def load_task(name: str) -> Task:
    """A checked task; its arrays are read-only, and read again only if a file has changed.

    Args:
        name: one of `task_names`; `csv:PATH`, a table with a class in each row; `idx:FOLDER` or
            `idx:PATH`, images in MNIST's format, PATH being the beginning of the files' names.

    Raises:
        DataError: no such task, or its data cannot be read or learnt from.
    """
    if name in _BY_NAME:
        return _checked(name, 0)
    kind, colon, where = name.partition(":")
    if not colon or kind not in _BY_PATH:
        raise DataError(f"no task {name!r}: {nearest(name, [*_BY_NAME, 'csv:PATH', 'idx:FOLDER'])}")
    if not where:
        raise DataError(f"task {name!r} names no file; expected {kind}:PATH")
    return _checked(f"{kind}:{Path(where).expanduser().absolute()}", _stamp(Path(where)), name)


def task_names() -> tuple[str, ...]:
    """Names that `load_task` knows, files apart."""
    return tuple(_BY_NAME)


@lru_cache(maxsize=_REMEMBERED)
def _checked(key: str, stamp: int, name: str = "") -> Task:
    if key in _BY_NAME:
        task = _BY_NAME[key]()
    else:
        kind, _, where = key.partition(":")
        task = _BY_PATH[kind](name, Path(where))
    validate(task)
    task.x.setflags(write=False)
    task.labels.setflags(write=False)
    return task


def _stamp(path: Path) -> int:
    """Changes when one of the files behind a path does."""
    path = path.expanduser()
    files = [path] if path.is_file() else []
    if not files and path.parent.is_dir():
        files = [*(path if path.is_dir() else path.parent).iterdir()]
    marks = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return hash(tuple(sorted(marks)))


_BY_NAME: dict[str, Callable[[], Task]] = {
    "xor": made_tasks.xor,
    "moons": made_tasks.moons,
    **{name: partial(shipped, name) for name in SHIPPED},
}
_BY_PATH: dict[str, Callable[[str, Path], Task]] = {"csv": from_csv, "idx": from_idx}
