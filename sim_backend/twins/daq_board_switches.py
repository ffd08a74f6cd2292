"""The selector of a DAQ board: three switches per line of an array, none of them at first.

Switch 100 + n connects line n to its source or amplifier, 200 + n to ground, 300 + n to half of
the selected row's voltage. Lines count from 0: rows, then columns, array by array.
"""

from collections.abc import Iterable, Sequence

from mtjlab.core.errors import BenchError
from sim_backend.scpi import DEVICE_ERROR, ScpiError
from sim_backend.world.lines import LineState
from sim_backend.world.world import World

_KINDS: dict[int, LineState] = {1: "on", 2: "ground", 3: "half"}


class Switches:
    """Which are closed, and the arrays that they move.

    Attributes:
        closed: numbers of closed switches, ascending.
    """

    def __init__(self, name: str, world: World, lines: int) -> None:
        """Take the arrays of the wiring that name this board as their selector.

        Raises:
            BenchError: they have more lines than the board.
        """
        self.closed: tuple[int, ...] = ()
        self._world = world
        self._lines = lines
        self._arrays = world.arrays_behind(name)
        wired = sum(len(a.rows) + len(a.columns) for _, a in self._arrays)
        if wired > lines:
            raise BenchError(
                f"{name}: its selector has {lines} lines, the wiring needs {wired}; "
                f"set lines = {wired} in [twin.instruments.{name}]"
            )

    def close(self, wanted: Iterable[int]) -> None:
        """Close these, too.

        Raises:
            ScpiError: -222 no such switch; -221 a line would have two connections. Nothing moves.
        """
        closed = sorted({*self.closed, *self._known(wanted)})
        lines = [number % 100 for number in closed]
        if len(set(lines)) < len(lines):
            raise ScpiError(-221)
        self._move(closed)

    def open(self, wanted: Iterable[int] | None = None) -> None:
        """Open these, or all."""
        gone = set(self.closed) if wanted is None else set(self._known(wanted))
        self._move([number for number in self.closed if number not in gone])

    def restore(self, closed: Iterable[int]) -> None:
        """Take over a saved list; the world restores what it moved."""
        self.closed = tuple(closed)

    def _known(self, wanted: Iterable[int]) -> list[int]:
        numbers = list(wanted)
        if any(n // 100 not in _KINDS or n % 100 >= self._lines for n in numbers):
            raise ScpiError(-222)
        return numbers

    def _move(self, closed: Sequence[int]) -> None:
        if tuple(closed) == self.closed:
            return
        self.closed = tuple(closed)
        state = {number % 100: _KINDS[number // 100] for number in closed}
        first = 0
        for position, array in self._arrays:
            rows, columns = len(array.rows), len(array.columns)
            lines = [state.get(first + i, "float") for i in range(rows + columns)]
            self._world.connect(position, lines[:rows], lines[rows:])
            first += rows + columns


def energised() -> ScpiError:
    """The board's own outputs are not at 0 V."""
    return ScpiError(203, "Outputs are not at 0 V: switches do not move", event=DEVICE_ERROR)
