"""A stream of numbers whose `about` names its columns."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.store import RunReader

_GONE = "not in the table of the run"


class NamedTable:
    """Columns by name."""

    def __init__(self, columns: Mapping[str, NDArray[np.float64]]) -> None:
        self._columns = columns

    @property
    def names(self) -> frozenset[str]:
        """Of the columns."""
        return frozenset(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def number(self, name: str, row: int) -> float:
        """One number; nan without that column."""
        return float(self._columns[name][row]) if name in self._columns else math.nan

    def cell(self, row: int) -> tuple[int, int]:
        """(row, column) of the junction that a row is about."""
        return int(self._columns["row"][row]), int(self._columns["column"][row])

    def estimate(self, name: str, row: int) -> Estimate:
        """From NAME, NAME_low and NAME_high; without a value where these have none."""
        value, low, high = (self.number(f"{name}{end}", row) for end in ("", "_low", "_high"))
        if math.isnan(low) or math.isnan(high):
            return Estimate.none(_GONE)
        if not math.isfinite(value):
            return Estimate.none(_GONE, low=low, high=high)
        return Estimate(value, min(low, value), max(high, value))


def tables(run: RunReader) -> Iterator[tuple[str, NamedTable]]:
    """Name and table of every stream with a junction in each row."""
    for name, stream in run.streams.items():
        names = [part.strip() for part in stream.about.split(",")]
        named = len(stream.shape) == 1 and len(names) == stream.shape[0]
        if named and names[:2] == ["row", "column"] and run.committed[name]:
            rows = run.stream(name).astype(np.float64)
            yield name, NamedTable({n: rows[:, index] for index, n in enumerate(names)})
