"""The junctions of a map as an image, filled as they come: no Qt here."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.quantity_names import quantities
from mtjlab.gui.live.table import Table

_PLACES = ("row", "column")
_NOT_SHOWN = (*_PLACES, "members")


def shown_quantities(table: Table) -> tuple[str, ...]:
    """What can be coloured, in the order of the columns."""
    return tuple(name for name in quantities(table.columns) if name not in _NOT_SHOWN)


class MapImage:
    """One quantity over the chip; only new rows cost anything.

    Attributes:
        origin: smallest row and column so far.
        values: (rows, columns), nan where nothing was seen.
        verdicts: likewise, codes of the verdict.
        index: likewise, number of the row in the table; -1 where there is none.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._count, self._name, self._first = 0, "", 0
        self.origin = (0, 0)
        self.values = np.full((0, 0), np.nan)
        self.verdicts = np.full((0, 0), np.nan)
        self.index = np.full((0, 0), -1, dtype=np.int64)

    def update(self, name: str) -> bool:
        """Bring it up to date with the table; whether anything has changed."""
        table = self._table
        rows = np.asarray(table.rows)
        if name == self._name and self._first == table.first and self._count == len(rows):
            return False
        begin = self._count if name == self._name and self._first == table.first else 0
        columns = {column: number for number, column in enumerate(table.columns)}
        at = [columns[axis] for axis in _PLACES]
        places = rows[begin:, at].astype(np.int64)
        if begin == 0 or not self._fits(places):
            begin, places = 0, rows[:, at].astype(np.int64)
            self._lay_out(places)
        down, across = (places - np.array(self.origin)).T
        self.values[down, across] = rows[begin:, columns[name]]
        if "verdict" in columns:
            self.verdicts[down, across] = rows[begin:, columns["verdict"]]
        self.index[down, across] = np.arange(begin, len(rows))
        self._name, self._first, self._count = name, table.first, len(rows)
        return True

    def _fits(self, places: NDArray[np.int64]) -> bool:
        low, high = places.min(axis=0), places.max(axis=0)
        end = np.array(self.origin) + self.values.shape
        return bool((low >= self.origin).all() and (high < end).all())

    def _lay_out(self, places: NDArray[np.int64]) -> None:
        if not len(places):
            return
        low = places.min(axis=0)
        shape = tuple(int(n) for n in places.max(axis=0) - low + 1)
        self.origin = (int(low[0]), int(low[1]))
        self.values = np.full(shape, np.nan)
        self.verdicts = np.full(shape, np.nan)
        self.index = np.full(shape, -1, dtype=np.int64)

    def row_of(self, row: int, column: int) -> dict[str, float]:
        """All columns of one junction; empty where none was seen."""
        at = (row - self.origin[0], column - self.origin[1])
        inside = all(0 <= place < size for place, size in zip(at, self.index.shape, strict=True))
        if not inside or self.index[at] < 0:
            return {}
        rows = self._table.rows
        found = rows[self.index[at]]
        return dict(zip(self._table.columns, (float(v) for v in found), strict=True))

    def coded(
        self,
        table: NDArray[np.float64],
        codes: tuple[int, ...],
        rows: tuple[float, float],
        columns: tuple[float, float],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places (k, 2) and codes (k,) of the junctions with one of these codes.

        Args:
            table: `verdicts`, or `values` where these are codes.
            codes: that are looked for.
            rows: first and last row to look at.
            columns: first and last column.
        """
        first = [
            max(0, math.floor(ends[0]) - start)
            for ends, start in zip((rows, columns), self.origin, strict=True)
        ]
        last = [
            max(0, math.ceil(ends[1]) - start + 1)
            for ends, start in zip((rows, columns), self.origin, strict=True)
        ]
        part = table[first[0] : last[0], first[1] : last[1]]
        found = np.argwhere(np.isin(part, codes))
        of_them = part[found[:, 0], found[:, 1]].astype(np.int64)
        return found + np.array(first) + np.array(self.origin), of_them
