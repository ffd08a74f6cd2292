"""The dedicated reading buffers of a channel of a Keithley 2600: nvbuffer1 and nvbuffer2."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.tsp import Column, Node, TspError, one_of, own

# With source values and time stamps; without them it is 140 000.
CAPACITY = 60_000
# Bits of the status of a reading (from memory, not verified).
REMOTE_SENSE, LIMITED = 1 << 4, 1 << 6


class Row(NamedTuple):
    """One reading.

    Attributes:
        reading: V, A, ohm or W.
        source: programmed level, V or A.
        time_s: bench time at its end, s.
        status: bits, see above.
    """

    reading: float
    source: float
    time_s: float
    status: float


class ReadingBuffer:
    """Rows in the order they were taken.

    Attributes:
        append: new readings are added; else they replace the old ones.
        keep_sources, keep_times: collected beside the readings; all are kept here in any case.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.power_on()

    def power_on(self) -> None:
        """Empty, modes as they come."""
        self.rows.clear()
        self.append, self.keep_sources, self.keep_times = 0, 0, 1

    def begin(self) -> None:
        """A measurement is about to be stored."""
        if not self.append:
            self.rows.clear()

    def store(self, row: Row) -> None:
        """Add a reading.

        Raises:
            TspError: -225, the buffer is full (the number is not verified).
        """
        if len(self.rows) >= CAPACITY:
            raise TspError(-225, "Out of memory")
        self.rows.append(row)

    def clear(self) -> None:
        """Empty it."""
        self.rows.clear()

    @property
    def first_s(self) -> float:
        """Bench time of the first reading, s."""
        return self.rows[0].time_s if self.rows else 0.0

    def declare(self, node: Node) -> None:
        """Put its names under `node`."""

        def clear(_arguments: object) -> tuple[()]:
            self.clear()
            return ()

        node.function("clear", clear)
        node.function("clearcache", lambda _arguments: ())
        node.attribute("n", lambda: float(len(self.rows)))
        node.attribute("capacity", lambda: float(CAPACITY))
        node.attribute("basetimestamp", lambda: self.first_s)
        own(node, "appendmode", self, "append", one_of(0, 1))
        own(node, "collectsourcevalues", self, "keep_sources", one_of(0, 1))
        own(node, "collecttimestamps", self, "keep_times", one_of(0, 1))
        node.columns("readings", lambda: [row.reading for row in self.rows])
        node.columns("sourcevalues", lambda: [row.source for row in self.rows])
        node.columns("timestamps", lambda: [row.time_s - self.first_s for row in self.rows])
        node.columns("statuses", lambda: [row.status for row in self.rows])
        readings = node.get("readings")
        assert isinstance(readings, Column)
        node.column = readings

    def state(self) -> dict[str, Any]:
        """Its modes; JSON-able."""
        return {"modes": [self.append, self.keep_sources, self.keep_times]}

    def restore(self, state: Mapping[str, Any], rows: NDArray[np.float64]) -> None:
        """Put back what `state()` and `table()` gave."""
        self.append, self.keep_sources, self.keep_times = state["modes"]
        self.rows = [Row(*row) for row in rows.tolist()]

    def table(self) -> NDArray[np.float64]:
        """Its rows, (n, 4)."""
        return np.array(self.rows, dtype=np.float64).reshape(len(self.rows), len(Row._fields))
