"""A table of numbers with the class in the last column, from CSV text."""

import csv
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError


class Table(NamedTuple):
    """What the text held.

    Attributes:
        x: (rows, features).
        labels: (rows,), index into `class_names`.
        class_names: in the order of first appearance.
        feature_names: from the header.
    """

    x: NDArray[np.float64]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]


def read_csv(text: str, where: str) -> Table:
    """Read a header line, then one sample a line: numbers, and the class as a word.

    An empty cell becomes NaN. `where` names the file in messages.

    Raises:
        DataError: no rows, a line of another length, or a cell that is not a number.
    """
    reader = csv.reader(text.splitlines())
    header = [name.strip() for name in next(reader, [])]
    if len(header) < 2:
        raise DataError(
            f"{where}: the first line has {len(header)} columns; expected the names of one or "
            "more features and of the class, separated by commas"
        )
    rows: list[list[float]] = []
    words: list[str] = []
    for cells in reader:
        if not cells:
            continue
        at = f"{where}, line {reader.line_num}"
        if len(cells) != len(header):
            raise DataError(f"{at}: {len(cells)} columns, but the header has {len(header)}")
        numbers = zip(header, cells[:-1], strict=False)
        rows.append([_number(cell, f"{at}, column {name!r}") for name, cell in numbers])
        words.append(cells[-1].strip())
    if not rows:
        raise DataError(f"{where}: a header but no rows of data")
    names = tuple(dict.fromkeys(words))
    labels = np.array([names.index(word) for word in words], dtype=np.int64)
    return Table(np.array(rows), labels, names, tuple(header[:-1]))


def _number(cell: str, at: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError as error:
        raise DataError(f"{at}: {cell!r} is not a number") from error
