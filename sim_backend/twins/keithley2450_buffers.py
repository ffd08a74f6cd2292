"""Reading buffers of a Keithley 2450: two that are always there, and those that users make."""

import math
from collections import deque
from collections.abc import Sequence
from itertools import islice

import numpy as np

from sim_backend.scpi import ScpiError
from sim_backend.twins.keithley2450_errors import buffer_full, name_taken
from sim_backend.twins.keithley2450_readings import OVERFLOW, Row

DEFAULT = "defbuffer1"
_DEFAULTS = (DEFAULT, "defbuffer2")
_DEFAULT_POINTS = 10_000  # page 6-115
SMALLEST, LARGEST = 10, 6_875_000  # page 6-114 and 6-115; the largest of standard style


class ReadingBuffer:
    """Rows in the order they were taken.

    Attributes:
        points: how many fit.
        continuous: the oldest gives way when it is full; else nothing more is stored.
        rows: what is in it.
    """

    def __init__(self, points: int, *, continuous: bool) -> None:
        self.points, self.continuous = points, continuous
        self.rows: deque[Row] = deque()

    @property
    def first_s(self) -> float:
        """Bench time of the first row, s."""
        return self.rows[0].time_s if self.rows else 0.0

    def store(self, row: Row) -> None:
        """Add a row.

        Raises:
            ScpiError: 4915, it is full and filled once.
        """
        if len(self.rows) >= self.points:
            if not self.continuous:
                raise buffer_full()
            self.rows.popleft()
        self.rows.append(row)

    def part(self, first: int, last: int) -> list[Row]:
        """Rows number `first` to `last`, counted from 1.

        Raises:
            ScpiError: -222, they are not all there (the number is not verified).
        """
        if not 1 <= first <= last <= len(self.rows):
            raise ScpiError(-222)
        return list(islice(self.rows, first - 1, last))

    def latest(self) -> Row:
        """The last row.

        Raises:
            ScpiError: -230, there is none (the number is not verified).
        """
        if not self.rows:
            raise ScpiError(-230)
        return self.rows[-1]

    def statistic(self, name: str) -> float:
        """AVER, STDD, MAX, MIN or PK2P of the readings; 0 of an empty buffer (not verified)."""
        values = [row.reading for row in self.rows if abs(row.reading) < OVERFLOW]
        if not values:
            return 0.0
        if name == "AVER":
            return math.fsum(values) / len(values)
        if name == "STDD":
            return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        return {"MAX": max(values), "MIN": min(values), "PK2P": max(values) - min(values)}[name]


class Buffers:
    """All reading buffers by name."""

    def __init__(self) -> None:
        self._all: dict[str, ReadingBuffer] = {}
        self.reset()

    def reset(self) -> None:
        """*RST: the default ones, empty."""
        self._all = {n: ReadingBuffer(_DEFAULT_POINTS, continuous=True) for n in _DEFAULTS}

    def __getitem__(self, name: str) -> ReadingBuffer:
        found = self._all.get(name)
        if found is None:
            # The number of an unknown name is not verified.
            raise ScpiError(-224)
        return found

    def make(self, name: str, points: int) -> None:
        """A buffer of the user's; it is filled once.

        Raises:
            ScpiError: 1115, the name is taken.
        """
        if name in self._all:
            raise name_taken()
        if not name:
            raise ScpiError(-224)
        self._all[name] = ReadingBuffer(points, continuous=False)

    def delete(self, name: str) -> None:
        """Forget a buffer of the user's."""
        if name in _DEFAULTS:
            raise ScpiError(-224)
        _ = self[name]
        del self._all[name]

    def state(self) -> list[tuple[str, int, bool]]:
        """Names and settings, in the order of `tables()`; JSON-able."""
        return [(name, b.points, b.continuous) for name, b in self._all.items()]

    def tables(self) -> list[Sequence[Row]]:
        """Rows of each buffer."""
        return [list(buffer.rows) for buffer in self._all.values()]

    def restore(
        self, state: Sequence[tuple[str, int, bool]], tables: Sequence[Sequence[Row]]
    ) -> None:
        """Put back what `state()` and `tables()` gave."""
        self._all = {}
        for (name, points, continuous), rows in zip(state, tables, strict=True):
            self._all[name] = ReadingBuffer(points, continuous=continuous)
            self._all[name].rows.extend(rows)
