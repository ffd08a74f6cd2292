"""Tasks in files: those that mtjlab brings along, and the user's own."""

from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError
from mtjlab.learning.csv_table import read_csv
from mtjlab.learning.idx_files import Pair, find_pairs, read_pair
from mtjlab.learning.task import Task
from mtjlab.learning.task_bytes import read_text

_UCI = "UCI Machine Learning Repository, CC BY 4.0"

# Name -> file and source; `mtjlab/resources/datasets/README.md` says more.
SHIPPED = {
    "iris": ("iris.csv", f"Anderson's iris flowers, Fisher 1936, {_UCI}"),
    "wine": ("wine.csv", f"Wine, Aeberhard and Forina 1991, {_UCI}"),
    "breast_cancer": (
        "breast_cancer.csv.gz",
        f"Breast Cancer Wisconsin (Diagnostic), Street, Wolberg and Mangasarian 1993, {_UCI}",
    ),
    "digits": (
        "digits.csv.gz",
        f"Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998, {_UCI}",
    ),
}


def shipped(name: str) -> Task:
    """A task of `SHIPPED`."""
    file, source = SHIPPED[name]
    with resources.as_file(resources.files("mtjlab.resources") / "datasets" / file) as path:
        table = read_csv(read_text(path), file)
    return Task(
        name,
        table.x,
        table.labels,
        table.class_names,
        table.feature_names,
        source,
        images=name == "digits",
    )


def from_csv(name: str, path: Path) -> Task:
    """A table with a header and a class in each row; see `read_csv`.

    Raises:
        DataError: it cannot be read.
    """
    table = read_csv(read_text(path), str(path))
    return Task(name, table.x, table.labels, table.class_names, table.feature_names, f"file {path}")


def from_idx(name: str, where: Path) -> Task:
    """Images and labels of a folder, or of files whose names begin with `where`.

    With one pair of files all of it is one set. With two, one called train and one t10k or test,
    the latter is the test part.

    Raises:
        DataError: they cannot be read, or do not belong together.
    """
    train, test = _parts(find_pairs(where), where)
    images, labels = read_pair(train)
    given = 0
    if test is not None:
        more, more_labels = read_pair(test)
        if more.shape[1:] != images.shape[1:]:
            raise DataError(
                f"{test.images} has images of {_size(more)}, {train.images.name} of "
                f"{_size(images)}; they do not belong together"
            )
        images, labels = np.concatenate([images, more]), np.concatenate([labels, more_labels])
        given = len(more)
    if images.size == 0:
        raise DataError(f"{train.images} has {len(images)} images of {_size(images)}: nothing")
    values, index = np.unique(labels, return_inverse=True)
    return Task(
        name,
        images.reshape(len(images), -1),
        index.astype(np.int64),
        tuple(str(value) for value in values),
        tuple(",".join(map(str, place)) for place in np.ndindex(*images.shape[1:])),
        f"IDX files {train.images}" + ("" if test is None else f" and {test.images.name}"),
        images=True,
        given_test=given,
    )


def _parts(pairs: list[Pair], where: Path) -> tuple[Pair, Pair | None]:
    if len(pairs) == 1:
        return pairs[0], None
    tests = [pair for pair in pairs if "t10k" in pair.stem.lower() or "test" in pair.stem.lower()]
    trains = [pair for pair in pairs if "train" in pair.stem.lower()]
    if len(pairs) == 2 and len(tests) == len(trains) == 1:
        return trains[0], tests[0]
    raise DataError(
        f"{where} has {len(pairs)} pairs of IDX files: "
        f"{', '.join(pair.images.name for pair in pairs)}; name one by the beginning of its name, "
        f"as in idx:{pairs[0].images.with_name(pairs[0].stem or 'NAME')}"
    )


def _size(images: NDArray[np.uint8]) -> str:
    return " x ".join(map(str, images.shape[1:]))
