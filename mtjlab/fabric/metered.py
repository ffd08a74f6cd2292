"""Junctions that a source-meter both drives and measures, swept in the instrument's own buffer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.cells import Cells, wanted
from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import ArrayWiring, Cell, SingleJunction
from mtjlab.fabric.terminals import Terminals

# Columns of what `Meters.sweep` gives.
LEVEL, VOLTAGE, CURRENT = 0, 1, 2


@dataclass(frozen=True)
class Metered:
    """What is behind one source-meter.

    Attributes:
        cells: the junctions in parallel; one is a junction alone.
        terminal: the source-meter.
        series_ohm: in front of them, taken off the reading; 0 where each has its own.
        selector: that must connect them first; None: always connected.
    """

    cells: tuple[Cell, ...]
    terminal: str
    series_ohm: float
    selector: str | None = None

    @property
    def alone(self) -> bool:
        """One junction, not a network."""
        return len(self.cells) == 1


def metered(rig: Rig, cells: Cells, what: str) -> tuple[Metered, ...]:
    """All that a source-meter drives without a divider and that holds one of these junctions.

    Args:
        rig: the bench.
        cells: the parameter; None: whatever a source-meter drives.
        what: name of the protocol, for messages.

    Raises:
        BenchError: a junction asked for that no source-meter shows, or none on the bench.
    """
    found = [*_singles(rig), *(one for array in rig.wiring.arrays for one in _rows(rig, array))]
    if cells is None:
        if not found:
            raise BenchError(
                f"{what} needs a source-meter on a junction or a row, without a divider between; "
                f"bench {rig.bench!r} has none"
            )
        return tuple(found)
    chosen: list[Metered] = []
    for cell in wanted(rig, cells):
        one = next((m for m in found if cell in m.cells), None)
        if one is None:
            raise BenchError(
                f"{what}: no source-meter drives junction {cell} directly: a board output measures "
                "no current, and behind a divider a meter sees the divider"
            )
        if one not in chosen:
            chosen.append(one)
    return tuple(chosen)


def alone(rig: Rig, cells: Cells, what: str) -> tuple[Metered, ...]:
    """Only junctions that have a source-meter for themselves.

    Raises:
        BenchError: one shares its source-meter, or there is none.
    """
    found = metered(rig, cells, what)
    single = tuple(one for one in found if one.alone)
    crowd = [one for one in found if not one.alone]
    if crowd and (cells is not None or not single):
        raise BenchError(
            f"{what} needs a source-meter for each junction: {len(crowd[0].cells)} junctions are "
            f"in parallel on {crowd[0].terminal}, from {crowd[0].cells[0]} on"
        )
    return single


class Meters:
    """Source-meters on `targets`, prepared together and swept one at a time."""

    def __init__(
        self, rig: Rig, targets: Sequence[Metered], largest_v: float, *, nplc: float
    ) -> None:
        """Touch nothing.

        Args:
            rig: the bench.
            targets: what is behind them.
            largest_v: largest |level|, V, > 0.
            nplc: integration time, in power-line cycles.

        Raises:
            ParameterError: a level that the junctions must not see, with the largest.
        """
        self._rig, self.targets = rig, tuple(targets)
        terminals = dict.fromkeys(one.terminal for one in targets)
        self._terminals = Terminals(rig, dict.fromkeys(terminals, largest_v), nplc=nplc)

    def prepare(self) -> None:
        """Configure and switch on at 0 V; selectors open."""
        self._terminals.prepare()
        self.open()

    def open(self) -> None:
        """Disconnect what selectors connect."""
        for name in dict.fromkeys(t.selector for t in self.targets if t.selector is not None):
            self._rig.selectors[name].open_all()

    def sweep(
        self, target: Metered, levels_v: NDArray[np.float64], delay_s: float
    ) -> NDArray[np.float64]:
        """One sweep and back to 0 V: (n, 3), level V, voltage across the junctions V, current A."""
        if target.selector is not None:
            self._rig.selectors[target.selector].connect(target.cells, "ground")
        source = self._rig.sources[target.terminal]
        try:
            read = source.sweep(np.asarray(levels_v, dtype=np.float64), delay_s)
        finally:
            self._terminals.zero()
        across = read[:, 0] - target.series_ohm * read[:, 1]
        return np.stack([levels_v, across, read[:, 1]], axis=1)


def _singles(rig: Rig) -> list[Metered]:
    found = []
    for terminal in dict.fromkeys(j.source for j in rig.wiring.singles):
        wires = rig.wiring.driven_by(terminal)
        if terminal not in rig.sources or any(wire.divider != 1.0 for wire in wires):
            continue
        mine = [wire for wire in wires if isinstance(wire, SingleJunction)]
        series_ohm = mine[0].series_ohm if len(wires) == 1 else 0.0
        found.append(Metered(tuple(j.cell for j in mine), terminal, series_ohm))
    return found


def _rows(rig: Rig, array: ArrayWiring) -> list[Metered]:
    """Rows with a meter for themselves, or that a selector connects one at a time."""
    if array.divider != 1.0:
        return []
    found = []
    for terminal in dict.fromkeys(array.sources):
        if terminal not in rig.sources:
            continue
        rows = [r for r, s in zip(array.rows, array.sources, strict=True) if s == terminal]
        together = [rows] if array.selector is None else [[row] for row in rows]
        for members in together:
            cells = tuple(Cell(row, column) for row in members for column in array.columns)
            series_ohm = array.series_ohm if len(members) == 1 else 0.0
            found.append(Metered(cells, terminal, series_ohm, array.selector))
    return found
