"""A simulated Keysight B2901A, B2902A, B2911A or B2912A: one or two channels on a world.

Written after the SCPI command reference (B2910-90030, edition 2) and the data sheet (5990-7009).
What no page or published observation decides is marked "not verified".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel

from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.scpi import (
    Channels,
    Choice,
    Conversations,
    ErrorQueue,
    EventGroup,
    Reply,
    ScpiError,
    Session,
    Status,
    Vocabulary,
    block,
    declare_group,
)
from sim_backend.twins import keysight_b2900_words, remembered
from sim_backend.twins.keysight_b2900_channel import Channel, Row
from sim_backend.twins.keysight_b2900_ranges import CHANNELS, NOT_MEASURED
from sim_backend.twins.keysight_b2900_settings import COMMON, KeysightB2900Options, of_channel
from sim_backend.world.world import World

# Everything here is finished before the next message is read, so all channels are always idle
# (bits from memory of the command reference).
_IDLE = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 10
_QUEUE = 99  # entries; not verified
_ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT", "SOUR")


class KeysightB2900Twin:
    """One simulated box; its terminals are `NAME`, or `NAME.1` and `NAME.2`.

    Attributes:
        out: reply bytes that wait to be read, of the conversation that all share.
        latency_s: charged to the world's clock for each message, either way.
        world: what it is wired to.
        channels, settings, elements: its parts, for the words.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "visa"
    options_model: ClassVar[type[BaseModel]] = KeysightB2900Options

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
        """Switch on: *RST state, outputs off.

        Args:
            name: in the bench file; with two channels the terminals are `name.1` and `name.2`.
            resource: where PyVISA finds it.
            options: a `KeysightB2900Options`.
            world: what it drives and measures.
            inputs: of boards; a source-meter has none.
            outputs: likewise.
        """
        chosen = KeysightB2900Options.model_validate(options.model_dump())
        self.resource = resource
        self.world = world
        self.latency_s = chosen.latency_s
        self.identity = f"Keysight Technologies,{chosen.model},{chosen.serial},{chosen.firmware}"
        groups = {"QUES": EventGroup(0x08), "OPER": EventGroup(0x80), "MEAS": EventGroup(0x01)}
        self.status = Status(ErrorQueue(_QUEUE), groups)
        numbers = range(1, CHANNELS[chosen.model] + 1)
        self._remembered = (*COMMON, *(one for n in numbers for one in of_channel(n)))
        self.settings = remembered.power_on(self._remembered)
        self.elements: tuple[str, ...] = _ELEMENTS
        self.channels = tuple(
            Channel(n, name if len(numbers) == 1 else f"{name}.{n}", world, chosen, self.settings)
            for n in numbers
        )
        self._idle()
        self._conversations: Conversations[KeysightB2900Twin] = Conversations(
            self, _words(chosen.model), message_passes=self._message_passes
        )
        self._shared = self._conversations.shared
        self.out = self._shared.out

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session["KeysightB2900Twin"]:
        """For a client with a connection of its own."""
        return self._conversations.begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the bus, cut anywhere; commands end at a line feed."""
        self._shared.feed(data)

    def clear(self) -> None:
        """Device clear: input and replies are dropped; settings and outputs stay."""
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
        """*RST: outputs off; queue and registers stay."""
        remembered.reset(self.settings, self._remembered)
        self.elements = _ELEMENTS
        for channel in self.channels:
            channel.reset()

    def power_cycle(self) -> None:
        """Mains lost and back: *RST state, nothing in queue and registers but the power-on bit."""
        self._shared.clear()
        self.settings.update(remembered.power_on(self._remembered))
        self.reset()
        self.status.power_on()
        self._idle()

    def trigger(self) -> None:
        """*TRG, or a group execute trigger: nothing here waits for one."""

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(ScpiError(code, text))

    def trip(self, tripped: bool) -> None:
        """From now on the limits hold all outputs back, whatever the load; or not any more."""
        for channel in self.channels:
            channel.output.trip(tripped)

    def _idle(self) -> None:
        self.status.groups["OPER"].condition = _IDLE

    def initiate(self, numbers: Sequence[int] = (1,)) -> None:
        """:INITiate: the channels one after the other."""
        for number in numbers:
            self.channels[number - 1].acquire()

    def fetch(self, numbers: Sequence[int], *, whole: bool) -> Reply:
        """The last row of each channel, or all of them side by side."""
        tables = []
        for number in numbers:
            channel = self.channels[number - 1]
            if not channel.rows:
                raise ScpiError(-230)
            rows = channel.rows if whole else channel.rows[-1:]
            tables.append([self._values(channel, row) for row in rows])
        longest = max(map(len, tables))
        nothing = [NOT_MEASURED] * len(self.elements)
        values = [
            value
            for place in range(longest)
            for table in tables
            for value in (table[place] if place < len(table) else nothing)
        ]
        if self.settings["format"] == "ASC":
            return ",".join(f"{value:+.6E}" for value in values)
        return block(values, "<f8" if self.settings["byte_order"] == "SWAP" else ">f8")

    def _values(self, channel: Channel, row: Row) -> list[float]:
        measured = channel.functions
        ohms = row.volts / row.amperes if row.amperes else NOT_MEASURED
        found = {
            "VOLT": row.volts if "VOLT" in measured else NOT_MEASURED,
            "CURR": row.amperes if "CURR" in measured else NOT_MEASURED,
            "RES": ohms if "RES" in measured else NOT_MEASURED,
            "TIME": row.time_s,
            "STAT": row.status,
            "SOUR": row.source,
        }
        return [found[name] for name in self.elements]

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, StateValue]:
        """Set-points, registers, bytes on their way; the world keeps the rest."""
        parts = {
            "settings": self.settings,
            "elements": self.elements,
            "channels": [channel.state() for channel in self.channels],
            "status": self.status.state(),
            "session": self._shared.state(),
        }
        return {"settings": json.dumps(parts)}

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken; drives nothing, the world restores that."""
        parts = json.loads(str(state["settings"]))
        self.settings.update(parts["settings"])
        self.elements = tuple(parts["elements"])
        for channel, saved in zip(self.channels, parts["channels"], strict=True):
            channel.restore(saved)
        self.status.restore(parts["status"])
        self._shared.restore(parts["session"])


def _words(model: str) -> "Vocabulary[KeysightB2900Twin]":
    words: Vocabulary[KeysightB2900Twin] = Vocabulary()
    listed = (Channels(1, CHANNELS[model]),)
    for number in range(1, CHANNELS[model] + 1):
        keysight_b2900_words.declare(words, model, number)
    for all_ in ("[:ALL]", ":ACQuire", ":TRANsient"):
        words.declare(
            f":INITiate[:IMMediate]{all_}",
            set=lambda t, numbers=(1,): t.initiate(numbers),
            takes=listed,
            optional=1,
        )
        # Nothing runs any more when a message is read.
        words.declare(f":ABORt{all_}", set=lambda t, numbers=(1,): None, takes=listed, optional=1)
    for whole, header in ((False, "[:SCALar]"), (True, ":ARRay")):
        words.declare(f":FETCh{header}", query=_fetch(whole, False), asks=listed, asks_optional=1)
        words.declare(f":READ{header}", query=_fetch(whole, True), asks=listed, asks_optional=1)
    # A spot measurement; that it does no more than :READ? is not verified.
    words.declare(":MEASure", query=_fetch(False, True), asks=listed, asks_optional=1)
    words.declare(
        ":FORMat:ELEMents:SENSe",
        query=lambda t: ",".join(t.elements),
        set=_set_elements,
        takes=(Choice("VOLTage", "CURRent", "RESistance", "TIME", "STATus", "SOURce"),),
        repeat=True,
    )
    remembered.declare(words, COMMON)
    for group in ("QUEStionable", "OPERation", "MEASurement"):
        declare_group(words, group)
    return words


def _fetch(whole: bool, acquires: bool) -> Callable[..., Reply]:
    def fetch(twin: KeysightB2900Twin, numbers: Sequence[int] = (1,)) -> Reply:
        if acquires:
            twin.initiate(numbers)
        return twin.fetch(numbers, whole=whole)

    return fetch


def _set_elements(twin: KeysightB2900Twin, *names: str) -> None:
    # Their order is the instrument's own.
    twin.elements = tuple(name for name in _ELEMENTS if name in names)
