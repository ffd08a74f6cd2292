"""A table of numbers with a class in each row, from CSV text."""

import csv
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError

CLASS_COLUMNS = ("class", "label")

# From here on, more classes than half the rows look like a column of measurements.
_ROWS_TO_JUDGE = 20


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

    The class is in the column named `class` or `label`, else in the last one. An empty cell
    becomes NaN. `where` names the file in messages.

    Raises:
        DataError: no rows, a line of another length, a cell that is not a number, or a class that
            is none.
    """
    reader = csv.reader(text.splitlines())
    header = [name.strip() for name in next(reader, [])]
    _check_header(header, where)
    kind = _class_column(header)
    names = header[:kind] + header[kind + 1 :]
    rows: list[list[float]] = []
    words: list[str] = []
    for cells in reader:
        if not cells:
            continue
        at = f"{where}, line {reader.line_num}"
        if len(cells) != len(header):
            raise DataError(f"{at}: {len(cells)} columns, but the header has {len(header)}")
        word = cells.pop(kind).strip()
        if not word:
            raise DataError(f"{at}: the class, column {header[kind]!r}, is empty")
        words.append(word)
        rows.append(_numbers(cells, names, at))
    if not rows:
        raise DataError(f"{where}: a header but no rows of data")
    class_names = tuple(dict.fromkeys(words))
    if len(rows) >= _ROWS_TO_JUDGE and 2 * len(class_names) > len(rows):
        raise DataError(
            f"{where}: column {header[kind]!r} has {len(class_names)} different values in "
            f"{len(rows)} rows; is it the class? Name the column of the class `class`"
        )
    index = {word: label for label, word in enumerate(class_names)}
    labels = np.array([index[word] for word in words], dtype=np.int64)
    return Table(np.array(rows), labels, class_names, tuple(names))


def _check_header(header: list[str], where: str) -> None:
    if len(header) < 2:
        raise DataError(
            f"{where}: the first line has {len(header)} columns; expected the names of one or "
            "more features and of the class, separated by commas"
        )
    if all(map(_is_number, header)):
        raise DataError(
            f"{where}: the first line has numbers only; expected the names of the columns"
        )
    twice = [name for index, name in enumerate(header) if name in header[:index]]
    if twice:
        raise DataError(f"{where}: two columns are named {twice[0]!r}; rename one")


def _class_column(header: list[str]) -> int:
    for index, name in enumerate(header):
        if name.lower() in CLASS_COLUMNS:
            return index
    return len(header) - 1


def _numbers(cells: list[str], names: list[str], at: str) -> list[float]:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        # An empty or bad cell among them: once more, with its name.
        return [
            _number(cell, f"{at}, column {name!r}") for cell, name in zip(cells, names, strict=True)
        ]


def _number(cell: str, at: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError as error:
        raise DataError(f"{at}: {cell!r} is not a number") from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
