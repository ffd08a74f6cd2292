"""A simulated Keithley 2700 with a 7709 in one slot: relays between an array and its buses.

Written after the user's manuals of 2700 (2700-900-01) and 7709 (PA-771); its multimeter is not
simulated. What no page or published observation decides is marked "not verified".
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.errors import BenchError
from mtjlab.core.parameters import Ge, Le, Quantity
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import ArrayWiring, InputWire
from sim_backend.scpi import (
    Channels,
    Conversations,
    ErrorQueue,
    EventGroup,
    ScpiError,
    Session,
    Status,
    Vocabulary,
    declare_group,
)
from sim_backend.world.lines import LineState
from sim_backend.world.world import World

_COLUMNS, _ROWS = 8, 6
_CROSSPOINTS, _CHANNELS = _ROWS * _COLUMNS, 50
_QUEUE = 55  # entries; from memory
# With 2-wire functions only row 1 reaches the multimeter, through channel 50 (PA-771).
_DMM = 50


class Keithley2700Options(BaseModel):
    """`[twin.instruments.NAME]` of a 2700.

    Attributes:
        latency_s: time of one message on the wire, either way, s.
        relay_s: time a relay takes to move, s; what is switched arrives after it.
        slot, row_lines, column_lines, buses: as in the options of the driver, and taken from there
            unless they are given here: another cabling than the bench file claims.
        serial, firmware: parts of its identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = 3e-4
    relay_s: Annotated[float, Quantity("s"), Ge(0), Le(1)] = 3e-3
    slot: Literal[1, 2] = 1
    row_lines: dict[str, int] = {}
    column_lines: dict[str, int] = {}
    buses: dict[str, int] = {}
    serial: str = "0822752"
    firmware: str = "B08  /A02"


class Keithley2700Twin:
    """One simulated switch.

    A line on several buses is on ground, if that is one of them, else on its own source or
    amplifier; a line on a bus of another line is not simulated and floats.

    Attributes:
        out: reply bytes that wait to be read, of the conversation that all share.
        latency_s: charged to the world's clock for each message, either way.
        closed: numbers of closed channels, without the slot.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "visa"
    options_model: ClassVar[type[BaseModel]] = Keithley2700Options
    shared_options: ClassVar[tuple[str, ...]] = ("slot", "row_lines", "column_lines", "buses")

    def __init__(
        self,
        *,
        name: str,
        resource: str,
        options: BaseModel,
        world: World,
        inputs: Mapping[str, InputWire] | None = None,
        outputs: Sequence[str] = (),
    ) -> None:
        """Switch on: every relay open.

        Args:
            name: in the bench file, as arrays name their selector.
            resource: where PyVISA finds it.
            options: a `Keithley2700Options`.
            world: whose lines it connects.
            inputs: of boards; a switch has none.
            outputs: likewise.
        """
        self._options = Keithley2700Options.model_validate(options.model_dump())
        self.resource = resource
        self.world = world
        self.latency_s = self._options.latency_s
        self.identity = (
            f"KEITHLEY INSTRUMENTS INC.,MODEL 2700,{self._options.serial},{self._options.firmware}"
        )
        groups = {"QUES": EventGroup(0x08), "OPER": EventGroup(0x80), "MEAS": EventGroup(0x01)}
        self.status = Status(ErrorQueue(_QUEUE), groups)
        self.closed: tuple[int, ...] = ()
        self._arrays = world.arrays_behind(name)
        self._conversations: Conversations[Keithley2700Twin] = Conversations(
            self, _WORDS, message_passes=self._message_passes
        )
        self._shared = self._conversations.shared
        self.out = self._shared.out

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session["Keithley2700Twin"]:
        """For a client with a connection of its own."""
        return self._conversations.begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the bus, cut anywhere; commands end at a line feed."""
        self._shared.feed(data)

    def clear(self) -> None:
        """Device clear: input and replies are dropped; relays stay."""
        self._shared.clear()

    def starved(self) -> None:
        """The controller waited for a reply in vain."""
        self._shared.starved()

    def status_byte(self) -> int:
        """What a serial poll sees."""
        return self._shared.status_byte()

    def _message_passes(self) -> None:
        self.world.clock.sleep(self.latency_s)

    # The instrument ----------------------------------------------------------------------------

    def reset(self) -> None:
        """*RST: opens every channel."""
        self._move(())

    def power_cycle(self) -> None:
        """Mains lost and back: latching relays are opened (not verified)."""
        self._shared.clear()
        self.reset()
        self.status.power_on()

    def trigger(self) -> None:
        """*TRG, or a group execute trigger: nothing here waits for one."""

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(ScpiError(code, text))

    def trip(self, tripped: bool) -> None:
        """There is no source in it."""

    @property
    def cards(self) -> str:
        """Reply to *OPT?."""
        return "7709, NONE" if self._options.slot == 1 else "NONE, 7709"

    def listed(self, channels: Iterable[int]) -> str:
        """A channel list with slots, as in (@101,109)."""
        return f"(@{','.join(str(100 * self._options.slot + n) for n in channels)})"

    def close_channels(self, wanted: Sequence[int]) -> None:
        """:ROUTe:MULTiple:CLOSe: these, too."""
        self._move({*self.closed, *self._known(wanted)})

    def open_channels(self, wanted: Sequence[int]) -> None:
        """:ROUTe:MULTiple:OPEN: these."""
        self._move(set(self.closed) - set(self._known(wanted)))

    def close_system(self, wanted: Sequence[int]) -> None:
        """:ROUTe:CLOSe: one of row 1 to the multimeter; all others of row 1 open.

        Raises:
            ScpiError: -222, it is none of them, or several.
        """
        known = self._known(wanted)
        if len(known) != 1 or known[0] > _COLUMNS:
            raise ScpiError(-222)
        self._move({n for n in self.closed if n > _COLUMNS} | {known[0], _DMM})

    def _known(self, wanted: Sequence[int]) -> list[int]:
        numbers = [n - 100 * self._options.slot for n in wanted]
        if not all(1 <= n <= _CHANNELS for n in numbers):
            raise ScpiError(-222)
        return numbers

    def _move(self, closed: Iterable[int]) -> None:
        now = tuple(sorted(closed))
        if now == self.closed:
            return
        self.world.clock.sleep(self._options.relay_s)
        self.closed = now
        for position, array in self._arrays:
            rows, columns = self._rows(array), self._columns(array)
            self.world.connect(position, rows, columns)

    def _rows(self, array: ArrayWiring) -> list[LineState]:
        lines = zip(array.rows, array.sources, strict=True)
        return [self._line(self._options.row_lines, row, source) for row, source in lines]

    def _columns(self, array: ArrayWiring) -> list[LineState]:
        lines = zip(array.columns, array.reads, strict=True)
        return [
            self._line(self._options.column_lines, column, read.address if read else "amplifier")
            for column, read in lines
        ]

    def _line(self, lines: Mapping[str, int], line: int, own: str) -> LineState:
        buses = self._options.buses
        if str(line) not in lines:
            raise BenchError(f"line {line} of the array is on no column of the matrix")
        states: tuple[tuple[str, LineState], ...] = (
            ("ground", "ground"),
            (own, "on"),
            ("half", "half"),
        )
        for bus, state in states:
            crosspoint = (buses.get(bus, 0) - 1) * _COLUMNS + lines[str(line)]
            if bus in buses and crosspoint in self.closed:
                return state
        return "float"

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, StateValue]:
        """Relays, registers, bytes on their way; the world keeps the lines."""
        parts = {
            "closed": self.closed,
            "status": self.status.state(),
            "session": self._shared.state(),
        }
        return {"settings": json.dumps(parts)}

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken; moves nothing, the world restores that."""
        parts = json.loads(str(state["settings"]))
        self.closed = tuple(parts["closed"])
        self.status.restore(parts["status"])
        self._shared.restore(parts["session"])


def _words() -> "Vocabulary[Keithley2700Twin]":
    words: Vocabulary[Keithley2700Twin] = Vocabulary()
    listed = (Channels(101, 299),)
    words.declare("*OPT", query=lambda t: t.cards)
    words.declare(
        ":ROUTe:MULTiple:CLOSe",
        query=lambda t: t.listed(t.closed),
        set=lambda t, channels: t.close_channels(channels),
        takes=listed,
    )
    words.declare(
        ":ROUTe:MULTiple:CLOSe:STATe",
        query=lambda t, channels: ",".join(str(int(n % 100 in t.closed)) for n in channels),
        asks=listed,
    )
    words.declare(
        ":ROUTe:MULTiple:OPEN", set=lambda t, channels: t.open_channels(channels), takes=listed
    )
    words.declare(
        ":ROUTe:CLOSe",
        # Measurement channels only: those of row 1.
        query=lambda t: t.listed(n for n in t.closed if n <= _COLUMNS),
        set=lambda t, channels: t.close_system(channels),
        takes=listed,
    )
    words.declare(":ROUTe:OPEN:ALL", set=lambda t: t.reset())
    words.declare(":ABORt", set=lambda t: None)
    for group in ("QUEStionable", "OPERation", "MEASurement"):
        declare_group(words, group)
    return words


_WORDS = _words()
