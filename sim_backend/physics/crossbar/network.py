"""A passive crossbar and what is connected to its lines; what every solver takes and gives.

A row enters at column 0 and a column leaves at the last row, each through one segment of wire and
whatever is connected there:

    volts_i --ohm_i--[wire]--+--[wire]--+-- ..   row i
                             |          |
                          junction   junction    each between its row node and its column node
                             |          |
                             :          :        columns go down, and leave at the bottom through
                                                 [wire]--ohm_j-- volts_j

Nothing else is assumed: currents that take the long way round (sneak paths) are part of it.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crossbar:
    """Size and wires of a passive array.

    Attributes:
        rows, columns: >= 1.
        row_wire_ohm: of one segment between two junctions of a row, and before the first; >= 0.
        column_wire_ohm: the same of a column, and after the last; >= 0.

    Raises:
        ValueError: physically impossible, with the reason.
    """

    rows: int
    columns: int
    row_wire_ohm: float = 0.0
    column_wire_ohm: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rows", "columns"):
            if getattr(self, name) < 1:
                raise ValueError(f"crossbar {name} = {getattr(self, name)!r} must be at least 1")
        for name in ("row_wire_ohm", "column_wire_ohm"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(
                    f"crossbar {name} = {getattr(self, name)!r} must be finite and not negative"
                )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.columns


@dataclass(frozen=True)
class Lines:
    """What is connected to each of L lines: a voltage behind a resistance.

    Attributes:
        volts: (L,), finite, V; of no meaning where the line floats.
        ohm: (L,), > 0: the driver's resistance or the amplifier's input resistance with the
            contact; inf is a line that floats.

    Raises:
        ValueError: not that.
    """

    volts: Array
    ohm: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "volts", np.ascontiguousarray(self.volts, dtype=np.float64))
        object.__setattr__(self, "ohm", np.ascontiguousarray(self.ohm, dtype=np.float64))
        if self.volts.ndim != 1 or self.volts.shape != self.ohm.shape:
            raise ValueError(
                f"lines: volts {self.volts.shape} and ohm {self.ohm.shape}; expected one of each "
                "per line"
            )
        if not np.isfinite(self.volts).all():
            raise ValueError("lines: a voltage is not a finite number")
        if not (self.ohm > 0).all():
            bad = int(np.argmin(self.ohm > 0))
            raise ValueError(f"lines: line {bad} has {self.ohm[bad]} ohm; expected > 0, inf floats")

    @cached_property
    def any_floats(self) -> bool:
        """Whether a line is connected to nothing."""
        return bool(np.isinf(self.ohm).any())

    @classmethod
    def driven(cls, volts: Array, ohm: float) -> "Lines":
        """Every line at its voltage through the same resistance."""
        return cls(volts, np.full(len(volts), ohm))

    @classmethod
    def grounded(cls, count: int, ohm: float) -> "Lines":
        """Every line at 0 V through the same resistance: amplifiers, for example."""
        return cls(np.zeros(count), np.full(count, ohm))


class Solution(NamedTuple):
    """Currents and voltages of one state of the array.

    Attributes:
        row_a: (rows,), current from each source into its row, A.
        column_a: (columns,), current out of each column into what is connected to it, A.
        junction_v: (rows, columns), row node minus column node, V.
        error: no current is further off than this times the largest of them (or times 1e-12 of
            what the sources could drive, where that is more); how it is known is the solver's to
            say.
    """

    row_a: Array
    column_a: Array
    junction_v: Array
    error: float


class Solver(Protocol):
    """One way to solve the network; `crossbar.solver(name, crossbar)` makes one."""

    @property
    def name(self) -> str:
        """exact, iterative or linearised."""
        ...

    @property
    def crossbar(self) -> Crossbar:
        """What it was made for."""
        ...

    def solve(self, g_s: Array, rows: Lines, columns: Lines) -> Solution:
        """Currents and voltages with junction conductances `g_s` (rows, columns), S.

        Args:
            g_s: >= 0, finite; 0 is an open junction.
            rows: what is connected to the rows.
            columns: what is connected to the columns.

        Raises:
            ValueError: a wrong shape, an impossible value, a line whose voltage nothing fixes,
                or a tolerance that was not reached.
        """
        ...
