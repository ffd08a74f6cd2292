"""Readings of a Keithley 2400: what is in one, how it looks on the wire, the buffer, statistics."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.scpi import Reply, ScpiError, open_block
from sim_backend.twins.keithley2400_errors import error

NOT_MEASURED = 9.91e37
OVERFLOW = 9.9e37
# The timer of the time stamps starts over after 99 999.999 s (user's manual, 18-50).
_TIMER_WRAP_S = 100_000.0

# Bits of the status word (user's manual, 18-50).
OVER_RANGE = 1 << 0
FILTERED = 1 << 1
FRONT = 1 << 2
REAL_COMPLIANCE = 1 << 3
OVERVOLTAGE = 1 << 4
AUTO_OHMS = 1 << 10
MEASURES_V = 1 << 11
MEASURES_I = 1 << 12
MEASURES_OHM = 1 << 13
SOURCES_V = 1 << 14
SOURCES_I = 1 << 15
RANGE_COMPLIANCE = 1 << 16
REMOTE_SENSE = 1 << 22


class ReadingRow(NamedTuple):
    """One source-delay-measure cycle; V, A, ohm, s, 24 bits."""

    voltage: float
    current: float
    resistance: float
    time_s: float
    status: float


# The instrument sends elements in this order, whatever the order they were asked for in.
ELEMENTS = {"VOLT": 0, "CURR": 1, "RES": 2, "TIME": 3, "STAT": 4}


def send(rows: Iterable[ReadingRow], elements: Sequence[str], data: str, *, swapped: bool) -> Reply:
    """The data string of :READ?, :FETCh? and :TRACe:DATA?.

    Args:
        rows: readings in order.
        elements: of each, in the instrument's order.
        data: ASC or REAL; REAL is IEEE 754 single precision in a block of indefinite length.
        swapped: little-endian.
    """
    columns = [ELEMENTS[element] for element in elements]
    values = [row[column] for row in rows for column in columns]
    if data == "ASC":
        return ",".join(f"{value:+.6E}" for value in values)
    return open_block(values, "<f4" if swapped else ">f4")


def table(readings: Sequence[ReadingRow]) -> NDArray[np.float64]:
    """Readings as (n, 5) numbers, for saving."""
    return np.array(readings, dtype=np.float64).reshape(len(readings), len(ELEMENTS))


def rows(saved: object) -> list[ReadingRow]:
    """What `table` gave, as readings."""
    return [ReadingRow(*row) for row in np.asarray(saved, dtype=np.float64).tolist()]


def wrapped(time_s: float) -> float:
    """What the timer of the time stamps shows."""
    return time_s % _TIMER_WRAP_S


class Buffer:
    """The data store.

    Attributes:
        points: how many readings fill it.
        storing: whether readings are stored; ends when it is full.
        rows: readings stored.
    """

    def __init__(self) -> None:
        self.power_on()

    def power_on(self) -> None:
        """Empty, of the size it has at first."""
        self.points = 100
        self.storing = False
        self.rows: list[ReadingRow] = []

    def resize(self, points: int) -> None:
        """Set its size. Not while it stores."""
        if self.storing:
            raise error(800)
        self.points = points

    def control(self, mode: str) -> None:
        """NEXT: fill it and stop; NEV: store nothing."""
        if mode == "NEXT" and not self.storing:
            self.rows = []
        self.storing = mode == "NEXT"

    def store(self, row: ReadingRow) -> None:
        """Keep a reading if readings are stored."""
        if self.storing:
            self.rows.append(row)
            self.storing = len(self.rows) < self.points

    @property
    def full(self) -> bool:
        """Whether it holds what it was to hold."""
        return len(self.rows) >= self.points

    def stamped(self, stamps: str) -> list[ReadingRow]:
        """Readings with times from the first one (ABS) or from the one before (DELT).

        Raises:
            ScpiError: -230, there is nothing in it.
        """
        if not self.rows:
            raise ScpiError(-230)
        times = [row.time_s for row in self.rows]
        start = [times[0]] * len(times) if stamps == "ABS" else [times[0], *times[:-1]]
        return [
            row._replace(time_s=wrapped(time - before))
            for row, time, before in zip(self.rows, times, start, strict=True)
        ]

    def statistic(self, name: str) -> list[float]:
        """MEAN, SDEV, MAX, MIN or PKPK of voltage, current, resistance and math, which is none.

        Raises:
            ScpiError: -230, there is nothing in it.
        """
        if not self.rows:
            raise ScpiError(-230)
        return [_statistic(name, [row[c] for row in self.rows]) for c in range(3)] + [NOT_MEASURED]


def _statistic(name: str, values: Sequence[float]) -> float:
    # The special values are no numbers; one of them spoils the statistic.
    if max(map(abs, values)) >= OVERFLOW:
        return NOT_MEASURED
    if name == "SDEV":
        # Of a sample (n - 1); of a single reading there is none.
        return float(np.std(values, ddof=1)) if len(values) > 1 else NOT_MEASURED
    if name == "PKPK":
        return max(values) - min(values)
    return {"MEAN": math.fsum(values) / len(values), "MAX": max(values), "MIN": min(values)}[name]
