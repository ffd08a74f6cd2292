"""What is connected to what, as values: from terminals of instruments to junctions.

A *terminal* is text: `smu` for the one output of a source-meter, `smu.a` for a channel of one,
`daq/ao0` and `daq/ai3` for a board's analogue output and input.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mtjlab.core.errors import BenchError
from mtjlab.core.limits import JunctionLimits

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
    """

    instrument: str
    channel: str
    range_v: float
    terminal: TerminalMode

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
    """

    cell: Cell
    source: str
    series_ohm: float
    divider: float
    read: InputWire | None


@dataclass(frozen=True)
class Wiring:
    """All connections of a bench."""

    singles: tuple[SingleJunction, ...] = ()

    def single(self, cell: Cell) -> SingleJunction:
        """The wiring of one single junction.

        Raises:
            BenchError: no such junction.
        """
        for junction in self.singles:
            if junction.cell == cell:
                return junction
        raise BenchError(f"junction {cell} is not wired as a single junction on this bench")

    def driven_by(self, source: str) -> tuple[SingleJunction, ...]:
        """Single junctions on one source terminal, in the order of the bench file."""
        return tuple(j for j in self.singles if j.source == source)

    def inputs(self, instrument: str) -> Mapping[str, InputWire]:
        """Channel name -> wire, of one board."""
        wires = (j.read for j in self.singles if j.read is not None)
        return {w.channel: w for w in wires if w.instrument == instrument}

    def outputs(self, instrument: str) -> Sequence[str]:
        """Output channels of one board that drive something, in the order of the bench file."""
        prefix = f"{instrument}/"
        named = (j.source for j in self.singles if j.source.startswith(prefix))
        return tuple(dict.fromkeys(name.removeprefix(prefix) for name in named))


def largest_level_v(junctions: Sequence[SingleJunction], limits: JunctionLimits) -> float:
    """Largest |source voltage| whose worst case every junction survives, V; inf for none."""
    bounds = [math.inf]
    for junction in junctions:
        per_volt_v, per_volt_a = limits.worst_case(junction.divider, junction.series_ohm)
        bounds.append(limits.hard_v / per_volt_v)
        bounds.append(limits.hard_a / per_volt_a)
    return min(bounds)
