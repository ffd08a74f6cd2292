"""What is connected to what, as values: from terminals of instruments to junctions.

A *terminal* is text: `smu` for the one output of a source-meter, `smu.a` for a channel of one,
`daq/ao0` and `daq/ai3` for a board's analogue output and input.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from mtjlab.core.coil import Coil
from mtjlab.core.errors import BenchError
from mtjlab.core.limits import JunctionLimits

# Share of a step that is let pass unless the bench file says otherwise.
LEFT_OVER = 0.01

TerminalMode = Literal["differential", "rse", "nrse", "pseudodifferential"]


@dataclass(frozen=True, order=True)
class Cell:
    """A junction's place in the crossbar."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"({self.row}, {self.column})"


@dataclass(frozen=True)
class InputWire:
    """An analogue input: where, and how the board must be set for it.

    Attributes:
        instrument: name in the bench file.
        channel: the board's own channel name, such as `ai3`.
        range_v: the input is read on the range -range_v .. +range_v, V.
        terminal: how the input is referenced.
        capacitance_f: of cable, switches and input at the node, F.
    """

    instrument: str
    channel: str
    range_v: float
    terminal: TerminalMode
    capacitance_f: float = 0.0

    @property
    def address(self) -> str:
        """As in `daq/ai3`."""
        return f"{self.instrument}/{self.channel}"


@dataclass(frozen=True)
class SingleJunction:
    """A junction between its series resistor and ground; its own voltage is read.

    source --(divider)--[series_ohm]--+--[junction]-- ground
                                      +-- read

    Attributes:
        cell: the junction's place.
        source: terminal that drives it, shared by all junctions that name it.
        series_ohm: series resistance including the source's own, ohm.
        divider: open-circuit voltage behind the divider over that of the source, 0 < d <= 1.
        read: the input across the junction; None where nothing reads it.
        bias_v: its operating bias, open-circuit volts behind the divider; None: not said.
    """

    # One electrode is at ground, whatever the other sources do.
    swing_v: ClassVar[float] = 1.0
    swing_a: ClassVar[float] = 1.0
    junctions: ClassVar[int] = 1

    cell: Cell
    source: str
    series_ohm: float
    divider: float
    read: InputWire | None
    bias_v: float | None = None

    @property
    def label(self) -> str:
        """Of the junction at risk, for messages."""
        return f"junction {self.cell}"


def array_swing(sources: int, selector: bool) -> tuple[float, float]:
    """`swing_v` and `swing_a` of an array whose rows have this many different sources.

    A selector leaves columns floating on purpose. An amplifier that is wired to its column holds
    it: against a broken wire there (an open junction) only the voltage counts.
    """
    swing_v = 2.0 if sources > 1 else 1.0
    return swing_v, swing_v if selector else 1.0


@dataclass(frozen=True)
class ArrayRow:
    """A row of an array as its source sees it; any of its junctions may be the bad one.

    source --(divider)--[series_ohm]-- row --[junction]-- column -- virtual ground

    A column that has lost its virtual ground stands somewhere between the rows: with a source of
    its own for each row, an open junction may then see the difference of two of them.

    Attributes:
        cell: the first junction of the row.
        source: terminal that drives it.
        series_ohm: resistance between source and row, ohm.
        divider: open-circuit voltage behind the divider over that of the source, 0 < d <= 1.
        swing_v: largest |V_row - V_column| over |V_row|, all rows at up to the same |V|.
        swing_a: the same for the voltage that drives a current through the junction.
        junctions: how many are on the row.
    """

    cell: Cell
    source: str
    series_ohm: float
    divider: float
    swing_v: float
    swing_a: float
    junctions: int

    @property
    def label(self) -> str:
        """Of the junction at risk, for messages."""
        return f"a junction of row {self.cell.row}"


@dataclass(frozen=True)
class ArrayWiring:
    """A passive crossbar: rows on sources, columns into transimpedance amplifiers.

    source --(divider)--[series_ohm]--[wire]--+--[wire]--+-- ...        row
                                          [junction] [junction]
                                              |          |              columns
                                            [wire]     [wire]
                                      [tia_input_ohm]    ...
                                              |
                                      virtual ground, read = -tia_ohm x current

    Attributes:
        rows, columns: chip rows and columns; every pair is a junction.
        sources: terminal that drives each row; one for all is through a selector, or common.
        series_ohm: between a source and its row: driver, resistor, switch; ohm.
        divider: open-circuit voltage behind the divider over that of the source, 0 < d <= 1.
        row_wire_ohm, column_wire_ohm: of one segment between neighbouring junctions, ohm.
        tia_ohm: feedback resistor, the gain of the amplifiers in V/A.
        tia_input_ohm: between the end of a column and virtual ground, ohm.
        reads: input at the output of each column's amplifier; None where nothing reads it.
        selector: instrument that connects the lines; None: every line is always connected.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    sources: tuple[str, ...]
    series_ohm: float
    divider: float
    row_wire_ohm: float
    column_wire_ohm: float
    tia_ohm: float
    tia_input_ohm: float
    reads: tuple[InputWire | None, ...]
    selector: str | None = None

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Its junctions, row by row."""
        return tuple(Cell(row, column) for row in self.rows for column in self.columns)

    @cached_property
    def row_wires(self) -> tuple[ArrayRow, ...]:
        """Each row as its source sees it."""
        swing_v, swing_a = array_swing(len(set(self.sources)), self.selector is not None)
        return tuple(
            ArrayRow(
                Cell(row, self.columns[0]),
                source,
                self.series_ohm,
                self.divider,
                swing_v,
                swing_a,
                len(self.columns),
            )
            for row, source in zip(self.rows, self.sources, strict=True)
        )


# What stands between a source and a junction.
Driven = SingleJunction | ArrayRow


@dataclass(frozen=True)
class SharedClock:
    """A cable that carries the clock of one board's outputs to another board's inputs.

    Attributes:
        outputs, inputs: names of the two instruments.
    """

    outputs: str
    inputs: str


@dataclass(frozen=True)
class Wiring:
    """All connections of a bench.

    Attributes:
        clocks: cables between boards.
        left_over: largest share of a voltage step that a sample may still miss.
        coils: of the field, each with a source of its own.
    """

    singles: tuple[SingleJunction, ...] = ()
    arrays: tuple[ArrayWiring, ...] = ()
    clocks: tuple[SharedClock, ...] = ()
    left_over: float = LEFT_OVER
    coils: tuple[Coil, ...] = ()

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every junction of the chip: the single ones, then array by array."""
        return (
            *(junction.cell for junction in self.singles),
            *(cell for array in self.arrays for cell in array.cells),
        )

    @cached_property
    def driven(self) -> tuple[Driven, ...]:
        """Every single junction and every row of an array, in the order of the bench file."""
        return (*self.singles, *(row for array in self.arrays for row in array.row_wires))

    @cached_property
    def reads(self) -> tuple[InputWire, ...]:
        """Every input that is wired, in the order of the bench file."""
        singles = (junction.read for junction in self.singles)
        columns = (read for array in self.arrays for read in array.reads)
        return tuple(read for read in (*singles, *columns) if read is not None)

    def coil(self, terminal: str) -> Coil | None:
        """The coil on a source terminal, if there is one."""
        return next((coil for coil in self.coils if coil.source == terminal), None)

    def single(self, cell: Cell) -> SingleJunction:
        """The wiring of one single junction.

        Raises:
            BenchError: no such junction.
        """
        for junction in self.singles:
            if junction.cell == cell:
                return junction
        raise BenchError(f"junction {cell} is not wired as a single junction on this bench")

    def driven_by(self, source: str) -> tuple[Driven, ...]:
        """Single junctions and rows of arrays on one source terminal."""
        return self._by_source.get(source, ())

    @cached_property
    def _by_source(self) -> Mapping[str, tuple[Driven, ...]]:
        # Asked for every output of every block.
        found: dict[str, tuple[Driven, ...]] = {}
        for wire in self.driven:
            found[wire.source] = (*found.get(wire.source, ()), wire)
        return found

    def sources(self) -> tuple[str, ...]:
        """Source terminals in use, in the order of the bench file."""
        return tuple(dict.fromkeys(wire.source for wire in self.driven))

    def clocked_together(self, outputs: str, inputs: str) -> bool:
        """Whether one block may span outputs of the one board and inputs of the other."""
        return outputs == inputs or SharedClock(outputs, inputs) in self.clocks

    def inputs(self, instrument: str) -> Mapping[str, InputWire]:
        """Channel name -> wire, of one board."""
        return {read.channel: read for read in self.reads if read.instrument == instrument}

    def selected(self, instrument: str) -> tuple[ArrayWiring, ...]:
        """Arrays whose lines that instrument connects, in the order of the bench file."""
        return tuple(array for array in self.arrays if selected_by(array, instrument))

    def outputs(self, instrument: str) -> Sequence[str]:
        """Output channels of one board that drive something, in the order of the bench file."""
        prefix = f"{instrument}/"
        named = (wire.source for wire in self.driven if wire.source.startswith(prefix))
        return tuple(dict.fromkeys(name.removeprefix(prefix) for name in named))


def selected_by(array: ArrayWiring, instrument: str) -> bool:
    """Whether that instrument, or a channel of it (`daq.selector`), connects the array's lines."""
    return array.selector is not None and array.selector.partition(".")[0] == instrument


def largest_level_v(driven: Sequence[Driven], limits: JunctionLimits) -> float:
    """Largest |source voltage| whose worst case every junction survives, V; inf for none.

    In an array it holds whatever the other rows do, up to the same |voltage|.
    """
    bounds = [math.inf]
    for wire in driven:
        per_volt_v, per_volt_a = limits.worst_case(wire.divider, wire.series_ohm)
        bounds.append(limits.hard_v / (per_volt_v * wire.swing_v))
        if per_volt_a > 0:
            bounds.append(limits.hard_a / (per_volt_a * wire.swing_a))
    return min(bounds)
