"""`[wiring]`: single junctions and arrays, as the bench file writes them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from mtjlab.bench.mistakes import Key
from mtjlab.bench.table import Columns, Farad, Ohm, Table, Terminals, Volt
from mtjlab.core.coil import Coil
from mtjlab.core.parameters import Ge, Gt, Le, Quantity
from mtjlab.core.wiring import (
    LEFT_OVER,
    ArrayWiring,
    Cell,
    InputWire,
    SharedClock,
    SingleJunction,
    TerminalMode,
    Wiring,
)


class SinglesTable(Table):
    """One `[[wiring.singles]]`: junctions, each behind its own series resistor."""

    row: Annotated[int, Ge(0), Field(description="a whole number")]
    columns: Annotated[Columns, Field(description="a column or a range such as '0:31'")]
    source: Annotated[Terminals, Field(description="a terminal such as 'smu' or 'daq/ao0:7'")]
    series: Annotated[Ohm, Gt(0), Field(description="the series resistance,")]
    divider: Annotated[float, Gt(0), Le(1)] = 1.0
    read: Terminals | None = None
    range: Annotated[Volt, Gt(0)] | None = None
    terminal: TerminalMode = "differential"
    capacitance: Annotated[Farad, Ge(0)] = 0.0
    bias: Annotated[Volt, Gt(0)] | None = None

    @property
    def sourced(self) -> tuple[str, int]:
        """What has a source of its own, and how many of them there are."""
        return "junctions", len(self.columns)

    def resolve(self) -> tuple[SingleJunction, ...]:
        """One junction per column, in order. The counts must have been checked."""
        sources = _each(self.source, len(self.columns))
        return tuple(
            SingleJunction(
                cell=Cell(self.row, column),
                source=source,
                series_ohm=self.series,
                divider=self.divider,
                read=read,
                bias_v=self.bias,
            )
            for column, source, read in zip(self.columns, sources, _inputs(self), strict=True)
        )


class ArrayTable(Table):
    """One `[[wiring.arrays]]`: a passive crossbar, rows driven, columns into amplifiers."""

    rows: Annotated[Columns, Field(description="a row or a range such as '0:13'")]
    columns: Annotated[Columns, Field(description="a column or a range such as '0:7'")]
    source: Annotated[Terminals, Field(description="a terminal for each row, or one for all,")]
    series: Annotated[Ohm, Gt(0), Field(description="resistance between a source and its row,")]
    divider: Annotated[float, Gt(0), Le(1)] = 1.0
    row_wire: Annotated[Ohm, Ge(0)] = 0.0
    column_wire: Annotated[Ohm, Ge(0)] = 0.0
    tia: Annotated[Ohm, Gt(0), Field(description="feedback resistor of each amplifier,")]
    tia_input: Annotated[Ohm, Gt(0)] = 1.0
    read: Terminals | None = None
    range: Annotated[Volt, Gt(0)] | None = None
    terminal: TerminalMode = "differential"
    selector: str | None = None

    @property
    def sourced(self) -> tuple[str, int]:
        """What has a source of its own, and how many of them there are."""
        return "rows", len(self.rows)

    def resolve(self) -> ArrayWiring:
        """The array as a value. The counts must have been checked."""
        return ArrayWiring(
            rows=self.rows,
            columns=self.columns,
            sources=_each(self.source, len(self.rows)),
            series_ohm=self.series,
            divider=self.divider,
            row_wire_ohm=self.row_wire,
            column_wire_ohm=self.column_wire,
            tia_ohm=self.tia,
            tia_input_ohm=self.tia_input,
            reads=_inputs(self),
            selector=self.selector,
        )


class ClockTable(Table):
    """One `[[wiring.clocks]]`: a cable from the outputs of one board to the inputs of another."""

    outputs: Annotated[str, Field(description="the name of the board that plays")]
    inputs: Annotated[str, Field(description="the name of the board that samples")]


class CoilTable(Table):
    """One `[[wiring.coils]]`: a field coil on a source-meter of its own."""

    source: Annotated[str, Field(description="the terminal of a source-meter, such as 'magnet'")]
    tesla_per_ampere: Annotated[float, Quantity("T/A"), Field(description="the field of 1 A,")]
    resistance: Annotated[Ohm, Gt(0), Field(description="of the coil and its leads,")]
    max_current: Annotated[float, Quantity("A"), Gt(0), Field(description="the largest current,")]
    max_ramp: Annotated[float, Quantity("T/s"), Gt(0), Field(description="the fastest ramp,")]
    compliance: Annotated[Volt, Gt(0), Field(description="the largest voltage of the source,")]

    def resolve(self) -> Coil:
        """The coil as a value."""
        return Coil(
            source=self.source,
            tesla_per_a=self.tesla_per_ampere,
            ohm=self.resistance,
            max_a=self.max_current,
            max_t_per_s=self.max_ramp,
            compliance_v=self.compliance,
        )


class WiringTables(Table):
    """`[wiring]`: everything that is connected."""

    singles: Annotated[tuple[SinglesTable, ...], Field(strict=False)] = ()
    arrays: Annotated[tuple[ArrayTable, ...], Field(strict=False)] = ()
    clocks: Annotated[tuple[ClockTable, ...], Field(strict=False)] = ()
    coils: Annotated[tuple[CoilTable, ...], Field(strict=False)] = ()
    left_over: Annotated[float, Gt(0), Le(1)] = LEFT_OVER

    def groups(self) -> Iterator[tuple[Key, SinglesTable | ArrayTable]]:
        """Every table with its key in the file."""
        for index, singles in enumerate(self.singles):
            yield ("wiring", "singles", index), singles
        for index, array in enumerate(self.arrays):
            yield ("wiring", "arrays", index), array

    def places(self) -> set[tuple[int, int]]:
        """(row, column) of every junction."""
        singles = {(table.row, column) for table in self.singles for column in table.columns}
        arrays = {
            (row, column) for table in self.arrays for row in table.rows for column in table.columns
        }
        return singles | arrays

    def resolve(self) -> Wiring:
        """The connections as values, in the order of the file."""
        return Wiring(
            tuple(junction for table in self.singles for junction in table.resolve()),
            tuple(table.resolve() for table in self.arrays),
            tuple(SharedClock(table.outputs, table.inputs) for table in self.clocks),
            self.left_over,
            tuple(table.resolve() for table in self.coils),
        )


def _each(sources: tuple[str, ...], count: int) -> tuple[str, ...]:
    return sources * count if len(sources) == 1 else sources


def _inputs(table: SinglesTable | ArrayTable) -> tuple[InputWire | None, ...]:
    if table.read is None:
        return (None,) * len(table.columns)
    assert table.range is not None
    wires = []
    for terminal in table.read:
        instrument, _, channel = terminal.partition("/")
        wires.append(
            InputWire(
                instrument,
                channel,
                table.range,
                table.terminal,
                # An amplifier drives its cable.
                table.capacitance if isinstance(table, SinglesTable) else 0.0,
            )
        )
    return tuple(wires)
