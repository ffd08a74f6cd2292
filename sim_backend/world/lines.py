"""What a selector does with the lines of an array, and what each line is then connected to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.wiring import ArrayWiring, Cell

LineState = Literal["on", "ground", "float", "half"]
STATES: tuple[LineState, ...] = get_args(LineState)

# An open relay: no line of a network is left without any connection.
OPEN_OHM = 1e12

Volts = NDArray[np.float64]


@dataclass(frozen=True)
class LineStates:
    """State of every row and column.

    `on` is the source of a row and the amplifier of a column; `half` is half of what the first
    row that is on has behind its divider.

    Attributes:
        rows, columns: one state per line.
    """

    rows: tuple[LineState, ...]
    columns: tuple[LineState, ...]

    @classmethod
    def at_start(cls, array: ArrayWiring) -> "LineStates":
        """Everything connected; behind a selector, nothing."""
        state: LineState = "on" if array.selector is None else "float"
        return cls((state,) * len(array.rows), (state,) * len(array.columns))

    def changed(
        self, array: ArrayWiring, rows: Sequence[LineState], columns: Sequence[LineState]
    ) -> "LineStates":
        """The same array with other connections.

        Raises:
            BenchError: no selector, a wrong count or an unknown state.
        """
        if array.selector is None:
            raise BenchError(f"array {array.cells[0]}: its lines are wired without a selector")
        for what, states, lines in (
            ("row", rows, array.rows),
            ("column", columns, array.columns),
        ):
            if len(states) != len(lines):
                raise BenchError(f"{len(states)} {what} states for {len(lines)} {what}s")
            for state in states:
                if state not in STATES:
                    raise BenchError(f"{what} state {state!r}; expected one of {STATES}")
        return replace(self, rows=tuple(rows), columns=tuple(columns))

    def ohm(self, array: ArrayWiring) -> tuple[Volts, Volts]:
        """Resistance between each line and what it is connected to: rows, columns."""
        rows = [OPEN_OHM if s == "float" else array.series_ohm for s in self.rows]
        columns = [OPEN_OHM if s == "float" else array.tia_input_ohm for s in self.columns]
        return np.array(rows), np.array(columns)

    def volts(self, array: ArrayWiring, source_v: Volts, offset_v: float) -> tuple[Volts, Volts]:
        """Open-circuit voltages of the lines, (L, rows) and (L, columns).

        Args:
            array: its wiring.
            source_v: (L, rows), voltage of each row's source.
            offset_v: of the amplifiers.
        """
        open_v = source_v * array.divider
        on = np.array([state == "on" for state in self.rows])
        half_v = 0.5 * open_v[:, on.argmax()] if on.any() else np.zeros(len(open_v))
        rows = np.where(on, open_v, 0.0)
        rows[:, [state == "half" for state in self.rows]] = half_v[:, np.newaxis]
        columns = np.zeros((len(open_v), len(self.columns)))
        columns[:, [state == "on" for state in self.columns]] = offset_v
        columns[:, [state == "half" for state in self.columns]] = half_v[:, np.newaxis]
        return rows, columns


def for_cells(
    array: ArrayWiring, cells: Sequence[Cell], unselected: Literal["ground", "float", "bias_half"]
) -> tuple[tuple[LineState, ...], tuple[LineState, ...]]:
    """Line states that select exactly the rows and columns of `cells`, for `World.connect`."""
    rest: LineState = "half" if unselected == "bias_half" else unselected
    rows = {cell.row for cell in cells}
    columns = {cell.column for cell in cells}
    return (
        tuple("on" if row in rows else rest for row in array.rows),
        tuple("on" if column in columns else rest for column in array.columns),
    )
