"""The selector of a DAQ board as its own face, on the same line as the rest of the board."""

import re
from collections.abc import Sequence

from drivers.daq_board_abilities import BoardAbilities
from drivers.daq_board_link import BoardLink
from drivers.daq_board_run import Runs, channel_list
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    BenchError,
    InstrumentError,
    MtjlabError,
    NotSafeError,
)
from mtjlab.core.interfaces import Identity, Unselected
from mtjlab.core.wiring import ArrayWiring, Cell

_CLOSED = re.compile(r"\(@((?:\d+(?:,\d+)*)?)\)\Z")
# Switch of a line that is not selected; none lets it float.
_REST: dict[Unselected, int | None] = {"ground": 200, "float": None, "bias_half": 300}
_ON = 100


class DaqBoardSelector:
    """Satisfies `Selector`; lines are rows, then columns, array by array."""

    def __init__(
        self,
        link: BoardLink,
        runs: Runs,
        board: BoardAbilities,
        identity: Identity,
        arrays: Sequence[ArrayWiring],
    ) -> None:
        self._link, self._runs, self._board = link, runs, board
        self._identity = identity
        self._arrays = tuple(arrays)

    def identify(self) -> Identity:
        """As `Selector.identify`; the board was asked when it was opened."""
        self._link.exchange(":ROUT:CLOS?")
        return self._identity

    def connect(self, cells: Sequence[Cell], unselected: Unselected) -> None:
        """As `Selector.connect`.

        Raises:
            BenchError: a cell that is in none of the arrays.
            Reported: the board refuses, as while one of its outputs is not at 0 V.
        """
        wanted = self._switches(cells, unselected)
        if self._link.port.abort.is_set():
            raise Aborted(f"{self._link.where}: aborted; shut it down to go on")
        self._move([":ROUT:OPEN:ALL", f":ROUT:CLOS {channel_list(wanted)}"], wanted)

    def closed(self) -> tuple[str, ...]:
        """As `Selector.closed`."""
        [first] = self._link.ask(":ROUT:CLOS?")
        return self._listed(first)

    def open_all(self) -> None:
        """As `Selector.open_all`."""
        self._move([":ROUT:OPEN:ALL"], [])

    def abort(self) -> None:
        """As `Selector.abort`: of the whole board."""
        self._link.port.abort.set()

    def shutdown(self) -> None:
        """As `Selector.shutdown`."""
        self._link.permit.demand(f"{self._link.where}: shutdown of the selector")
        self._link.port.abort.clear()
        for last in (False, True):
            try:
                self._link.exchange(":ABOR")
                self.open_all()
                return
            except MtjlabError as error:
                if last:
                    raise NotSafeError(
                        f"{self._link.where}: the selector could not be read back as open: {error}"
                    ) from error

    def _move(self, units: Sequence[str], wanted: Sequence[int]) -> None:
        self._runs.demand_free()
        question = ":ROUT:CLOS?"
        wait_s = len(units) * self._board.switch_s
        with self._link.held():
            replies = self._link.exchange(
                *units, question, question, wait_s=wait_s, sets="moving the selector"
            )
            [now] = self._link.same(replies, [question])
            if self._listed(now) != tuple(map(str, sorted(wanted))):
                raise InstrumentError(
                    f"{self._link.where}: the closed switches are {now}; expected "
                    f"{channel_list(sorted(wanted))}. Open all of them and look at the board"
                )
        self._link.clock.sleep(self._board.switch_s)

    def _listed(self, text: str) -> tuple[str, ...]:
        match = _CLOSED.match(text)
        if match is None:
            raise BadReply(f"{self._link.where}: {text!r} is no list of switches")
        return tuple(match[1].split(",")) if match[1] else ()

    def _switches(self, cells: Sequence[Cell], unselected: Unselected) -> list[int]:
        unknown = [c for c in cells if not any(c in array.cells for array in self._arrays)]
        if unknown:
            raise BenchError(
                f"{self._link.where}: {unknown[0]} is in no array of this selector; nothing moved"
            )
        rest = _REST[unselected]
        switches, line = [], 0
        for array in self._arrays:
            chosen = [cell for cell in cells if cell in array.cells]
            on = [row in {c.row for c in chosen} for row in array.rows]
            on += [column in {c.column for c in chosen} for column in array.columns]
            for selected in on:
                if selected:
                    switches.append(_ON + line)
                elif rest is not None:
                    switches.append(rest + line)
                line += 1
        return switches
