"""Which array can be a crossbar of weights: an output for each row, an input for each column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BadReply, BenchError, ParameterError
from mtjlab.core.interfaces import Block, Daq
from mtjlab.core.protocol import Rig
from mtjlab.core.units import si
from mtjlab.core.wiring import ArrayWiring, Cell, InputWire, largest_level_v
from mtjlab.fabric.crossbar_options import DEFAULT_WINDOW_V, CrossbarOptions
from mtjlab.fabric.part import LayerShape
from mtjlab.fabric.timing import Timing


@dataclass(frozen=True)
class CrossbarWires:
    """Rows and columns of one array on one sample clock.

    Attributes:
        array: as wired.
        reads: inputs of the columns in use, from the first column on.
        reader: the board that reads them.
        player: the board whose outputs drive the rows; often the same.
        same: whether it is.
        outputs: of the rows in use, from the first row on, as `player` calls them.
    """

    array: ArrayWiring
    reads: tuple[InputWire, ...]
    reader: Daq
    player: Daq
    same: bool
    outputs: tuple[str, ...]

    @property
    def fastest_hz(self) -> float:
        """Samples per second of each column while rows step."""
        reader, player = self.reader.abilities, self.player.abilities
        return min(reader.rate_limit_hz(len(self.reads)), player.output_rate_hz)

    def ground(self) -> None:
        """Every row that an output drives to 0 V, in use or not."""
        self.player.write({source.partition("/")[2]: 0.0 for source in self.array.sources})

    def play(self, rows_v: NDArray[np.float64], when: Timing) -> Block:
        """Step the first rows (steps, n) V behind the dividers, read the columns, end at 0 V."""
        rows = rows_v.shape[1]
        board = "" if self.same else f"{self.array.sources[0].partition('/')[0]}/"
        return self.reader.play_and_record(
            rows_v / self.array.divider,
            ao=[board + output for output in self.outputs[:rows]],
            ai=[read.channel for read in self.reads],
            step_rate_hz=when.step_rate_hz,
            settle=when.settle,
            keep=when.keep,
            rest_v=[0.0] * rows,
        )

    def demand_in_range(self, samples_v: NDArray[np.float64]) -> None:
        """Refuse samples (steps, keep, columns) of a column at the end of its range.

        Raises:
            BadReply: its current is not known.
        """
        for column, read in enumerate(self.reads):
            reached_v = float(np.abs(samples_v[:, :, column]).max())
            if reached_v >= read.range_v:
                raise BadReply(
                    f"{read.address} reads {si(reached_v, 'V')}, the end of its range of "
                    f"{si(read.range_v, 'V')}: the current of its column is not known. Use a "
                    "smaller window_v or `tia`, or look for a shorted junction"
                )


def crossbar_wires(
    rig: Rig, layers: Sequence[LayerShape], claimed: frozenset[Cell]
) -> CrossbarWires:
    """The array with room for every layer in turn.

    Raises:
        BenchError: there is none: what is missing, and what would fit.
    """
    rows = 1 + max(layer.inputs for layer in layers)
    columns = max(layer.nodes for layer in layers)
    refused: list[str] = []
    for array in rig.wiring.arrays:
        reason = _unfit(rig, array, claimed) or _too_small(array, layers, rows, columns)
        if reason is None:
            return _wires(rig, array, rows, columns)
        refused.append(f"the array at {array.cells[0]} {reason}")
    why = "; ".join(refused) or "no array is wired on this bench; `array` is one that has it"
    raise BenchError(
        f"fabric crossbar: {rows} rows (one per input of a layer, and the bias) and {columns} "
        f"columns (one per node) are needed, each row on a board output of its own, each column "
        f"read; {why}"
    )


def _unfit(rig: Rig, array: ArrayWiring, claimed: frozenset[Cell]) -> str | None:
    boards = {source.partition("/")[0] for source in array.sources}
    readers = {read.instrument for read in array.reads if read is not None}
    if claimed & set(array.cells):
        return "serves another fabric"
    if array.selector is not None:
        return f"is behind the selector {array.selector}: its rows cannot all be driven at once"
    if len(set(array.sources)) < len(array.sources):
        return f"has {len(set(array.sources))} sources for {len(array.sources)} rows"
    if len(boards) > 1 or not boards <= set(rig.daqs):
        return f"is driven by {', '.join(sorted(boards))}: rows need the outputs of one board"
    if len(readers) != 1:
        return f"is read by {', '.join(sorted(readers)) or 'nothing'}: one board must read it"
    if not rig.wiring.clocked_together(*boards, *readers):
        return f"is driven by {boards.pop()} and read by {readers.pop()} without a shared clock"
    return None


def _too_small(
    array: ArrayWiring, layers: Sequence[LayerShape], rows: int, columns: int
) -> str | None:
    reads = _reads(array)
    missing = []
    if rows > len(array.rows):
        missing.append(_count(rows - len(array.rows), "row"))
    if columns > len(reads):
        missing.append(_count(columns - len(reads), "column"))
    if not missing:
        return None
    widest = max(layers, key=lambda layer: layer.inputs if rows > len(array.rows) else layer.nodes)
    return (
        f"has {len(array.rows)} rows and {len(reads)} columns with an input: "
        f"{' and '.join(missing)} missing (layer {widest.index} is {widest.inputs} to "
        f"{widest.nodes}). Up to {len(array.rows) - 1} inputs and {len(reads)} nodes would fit: "
        "choose a smaller layer, or another fabric for it"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}"


def _reads(array: ArrayWiring) -> tuple[InputWire, ...]:
    """Inputs of the columns up to the first that nothing reads."""
    unread = [j for j, read in enumerate(array.reads) if read is None]
    upto = array.reads[: unread[0]] if unread else array.reads
    return tuple(read for read in upto if read is not None)


def _wires(rig: Rig, array: ArrayWiring, rows: int, columns: int) -> CrossbarWires:
    reads = _reads(array)[:columns]
    reader, player = reads[0].instrument, array.sources[0].partition("/")[0]
    outputs = tuple(source.partition("/")[2] for source in array.sources[:rows])
    return CrossbarWires(
        array, reads, rig.daqs[reader], rig.daqs[player], reader == player, outputs
    )


def reachable_v(rig: Rig, wires: CrossbarWires) -> float:
    """Largest |row voltage| that outputs, limits and inputs admit on all rows at once, V.

    An input must not overload with every junction at `r_min`; where that is 0 the wiring does not
    say, and an overload shows in the reading.
    """
    array = wires.array
    driven = [wire for source in array.sources for wire in rig.wiring.driven_by(source)]
    level_v = min(largest_level_v(driven, rig.limits), max(wires.player.abilities.output_ranges_v))
    bounds = [array.divider * level_v]
    if rig.limits.r_min_ohm > 0:
        gain = array.tia_ohm * len(wires.outputs) / rig.limits.r_min_ohm
        bounds += [read.range_v / gain for read in wires.reads]
    return min(bounds)


def window_v(rig: Rig, wires: CrossbarWires, options: CrossbarOptions) -> float:
    """The declared window, V: as the user says, else the default or what is reachable.

    Raises:
        ParameterError: a window that cannot be reached, or an offset or gain outside it.
    """
    reach_v = reachable_v(rig, wires)
    found_v = min(DEFAULT_WINDOW_V, reach_v) if options.window_v is None else options.window_v
    if found_v > reach_v * (1.0 + 1e-9):
        raise ParameterError(
            f"fabric crossbar: window_v = {si(found_v, 'V')}; {len(wires.outputs)} rows of this "
            f"array can be driven to {si(math.floor(reach_v * 1e4) / 1e4, 'V')} behind their "
            "dividers by output range, junction limits and range of the column inputs (with every "
            "junction at r_min). Use that or less"
        )
    for name in ("offset_v", "gain_v"):
        value = abs(getattr(options, name))
        if value >= found_v:
            raise ParameterError(
                f"fabric crossbar: {name} = {si(value, 'V')} leaves no room in a window of "
                f"{si(found_v, 'V')} (at most {si(reach_v, 'V')} here); use less than that"
            )
    return found_v
