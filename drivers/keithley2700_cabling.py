"""How the lines of an array are cabled to the 6 x 8 matrix of a 7709, and what selects a cell.

Every line of the array (a row or a column of junctions) is on one column of the matrix, every
source, amplifier and ground on one row of it. A crosspoint is a channel: 1 to 8 are row 1,
9 to 16 row 2, up to 48. Channels 49 and 50 connect rows to the multimeter and stay open.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Unselected
from mtjlab.core.parameters import Ge, Gt, Le, Quantity
from mtjlab.core.wiring import ArrayWiring, Cell

ROWS, COLUMNS = 6, 8
# A bus that carries no terminal.
GROUND, HALF, AMPLIFIER = "ground", "half", "amplifier"
_REST: Mapping[Unselected, str | None] = {"ground": GROUND, "bias_half": HALF, "float": None}

_Line = dict[str, Annotated[int, Ge(1), Le(COLUMNS)]]


class Keithley2700Options(BaseModel):
    """`[instruments.NAME.options]`.

    Attributes:
        timeout_s: longest wait for a reply, s.
        slot: of the 7709.
        settle_s: waited after every move, s; a relay needs 3 ms.
        row_lines: row of the array -> column of the matrix, 1..8.
        column_lines: column of the array -> column of the matrix, 1..8.
        buses: terminal of a source, address of an input, `ground`, `half` (of the selected row's
            voltage) or `amplifier` (of a column that nothing reads) -> row of the matrix, 1..6.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: Annotated[float, Quantity("s"), Gt(0)] = 2.0
    slot: Literal[1, 2] = 1
    settle_s: Annotated[float, Quantity("s"), Ge(0.003), Le(10)] = 0.01
    row_lines: Annotated[_Line, Field(description="a matrix column for each row of the array")]
    column_lines: Annotated[_Line, Field(description="a matrix column for each column")]
    buses: dict[str, Annotated[int, Ge(1), Le(ROWS)]]

    @field_validator("buses")
    @classmethod
    def _once(cls, buses: dict[str, Any]) -> dict[str, Any]:
        if len(set(buses.values())) < len(buses):
            raise ValueError("two buses on one row of the matrix are one bus")
        return buses


class Cabling:
    """Which channels select a cell of one array.

    Args:
        array: the lines, with their sources and inputs.
        options: where they are on the matrix.
        where: the instrument, for messages.

    Raises:
        BenchError: a line or a terminal of the array is on none of the matrix, or two lines are on
            one column.
    """

    def __init__(self, array: ArrayWiring, options: Keithley2700Options, where: str) -> None:
        self._array, self._where = array, where
        self._buses, self._slot = options.buses, options.slot
        self._rows = self._lines("row", array.rows, options.row_lines)
        self._columns = self._lines("column", array.columns, options.column_lines)
        used = [*self._rows.values(), *self._columns.values()]
        if len(set(used)) < len(used):
            raise BenchError(
                f"{where}: two lines of the array are on one column of the matrix; give each its "
                "own in row_lines and column_lines"
            )
        for terminal in (*array.sources, *map(self._amplifier, array.columns)):
            self._bus(terminal)

    def channels(self, cells: Sequence[Cell], unselected: Unselected) -> tuple[int, ...]:
        """Channels to close, ascending: the rows and columns of `cells`, and the rest.

        Raises:
            BenchError: a cell that the array has not, or a bus that the matrix has not.
        """
        for cell in cells:
            if cell not in self._array.cells:
                raise BenchError(
                    f"{self._where}: {cell} is not in its array; nothing moved. It has rows "
                    f"{', '.join(map(str, self._rows))} and columns "
                    f"{', '.join(map(str, self._columns))}"
                )
        rest = _REST[unselected]
        rows, columns = {c.row for c in cells}, {c.column for c in cells}
        closed: list[int] = []
        for row, source in zip(self._array.rows, self._array.sources, strict=True):
            bus = source if row in rows else rest
            closed += self._closed(bus, self._rows[row])
        for column in self._array.columns:
            bus = self._amplifier(column) if column in columns else rest
            closed += self._closed(bus, self._columns[column])
        return tuple(sorted(closed))

    def _closed(self, bus: str | None, column: int) -> Iterable[int]:
        if bus is not None:
            yield 100 * self._slot + (self._bus(bus) - 1) * COLUMNS + column

    def _amplifier(self, column: int) -> str:
        read = self._array.reads[self._array.columns.index(column)]
        return AMPLIFIER if read is None else read.address

    def _bus(self, name: str) -> int:
        if name not in self._buses:
            raise BenchError(
                f"{self._where}: {name!r} is on no row of the matrix (buses has "
                f"{', '.join(map(repr, self._buses))}); nothing moved. Cable it and name it in "
                "buses, or choose another state for what is not selected"
            )
        return self._buses[name]

    def _lines(
        self, what: str, wanted: Sequence[int], given: Mapping[str, int]
    ) -> Mapping[int, int]:
        if set(given) != set(map(str, wanted)):
            raise BenchError(
                f"{self._where}: {what}_lines names {', '.join(given) or 'nothing'}; the array "
                f"behind it has {what}s {', '.join(map(str, wanted))}"
            )
        return {line: given[str(line)] for line in wanted}
