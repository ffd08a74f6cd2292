"""A simulated Keithley 2450 in its SCPI mode: its words, limits and side effects, on a world.

Written after the reference manual (2450-901-01 Rev. B); page numbers are those of it. What no
page or published observation decides is marked "not verified". TSP and the emulation of a 2400
are other languages of the instrument, and not here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel

from mtjlab.core.interfaces import Function
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.scpi import (
    Conversations,
    EventGroup,
    Reply,
    ScpiError,
    Session,
    Status,
)
from sim_backend.twins import remembered
from sim_backend.twins.keithley2450_buffers import DEFAULT, Buffers, ReadingBuffer
from sim_backend.twins.keithley2450_errors import refused
from sim_backend.twins.keithley2450_events import WARNING, EventLog
from sim_backend.twins.keithley2450_meter import Meter
from sim_backend.twins.keithley2450_model import Keithley2450Model
from sim_backend.twins.keithley2450_ranges import INTERLOCK_SPEAKS_V
from sim_backend.twins.keithley2450_readings import Row, elements, send
from sim_backend.twins.keithley2450_settings import REMEMBERED, Keithley2450Options, significant
from sim_backend.twins.keithley2450_sweep import carry_out
from sim_backend.twins.keithley2450_trigger import TriggerModel
from sim_backend.twins.keithley2450_words import WORDS
from sim_backend.twins.source_model import Quantity, Refusal
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World


class Keithley2450Twin:
    """One simulated 2450 on one source terminal.

    Attributes:
        out: reply bytes that wait to be read, of the conversation that all share.
        latency_s: charged to the world's clock for each message, either way.
        world: what it is wired to.
        model, meter, trigger_model, buffers, settings, events: its parts, for the words.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "visa"
    options_model: ClassVar[type[BaseModel]] = Keithley2450Options

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
        """Switch on: *RST state, output off.

        Args:
            name: in the bench file; the source terminal has the same name.
            resource: where PyVISA finds it.
            options: a `Keithley2450Options`.
            world: what it drives and measures.
            inputs: of boards; a source-meter has none.
            outputs: likewise.
        """
        settings = Keithley2450Options.model_validate(options.model_dump())
        self.resource = resource
        self.world = world
        self.latency_s = settings.latency_s
        self.line_hz = settings.line_hz
        self.identity = f"KEITHLEY INSTRUMENTS,MODEL 2450,{settings.serial},{settings.firmware}"
        self.events = EventLog(world.clock)
        # A questionable event sets two bits of the status byte (page C-5).
        groups = {"QUES": EventGroup(0x09), "OPER": EventGroup(0x80)}
        self.status = Status(self.events, groups)
        self.settings = remembered.power_on(REMEMBERED)
        self.model = Keithley2450Model(interlock=settings.interlock)
        self._output = SourceOutput(world, name, self.model)
        self.meter = Meter(
            world,
            self.model,
            self._output,
            self.settings,
            noise=settings.noise,
            line_hz=settings.line_hz,
        )
        self.buffers = Buffers()
        self.trigger_model = TriggerModel()
        self.data_format = "ASC"
        self._conversations: Conversations[Keithley2450Twin] = Conversations(
            self, WORDS, message_passes=self._message_passes
        )
        self._shared = self._conversations.shared
        self.out = self._shared.out
        self._output.apply()

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session["Keithley2450Twin"]:
        """For a client with a connection of its own."""
        return self._conversations.begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the bus, cut anywhere; commands end at a line feed."""
        self._shared.feed(data)

    def clear(self) -> None:
        """Device clear: input and replies are dropped; settings and output stay."""
        self._shared.clear()

    def starved(self) -> None:
        """The controller waited for a reply in vain."""
        self._shared.starved()

    def status_byte(self) -> int:
        """What a serial poll sees."""
        return self._shared.status_byte()

    def _message_passes(self) -> None:
        self.world.clock.sleep(self.latency_s)

    # IEEE 488.2 --------------------------------------------------------------------------------

    def reset(self) -> None:
        """*RST: output off, reading buffers and trigger model empty; log and enables stay."""
        self.model.reset()
        self.meter.reset()
        self.trigger_model.reset()
        self.buffers.reset()
        remembered.reset(self.settings, REMEMBERED)
        self.data_format = "ASC"
        self._output.apply()

    def power_cycle(self) -> None:
        """Mains lost and back: *RST state, nothing in log and registers but the power-on bit."""
        self._shared.clear()
        self.settings.update(remembered.power_on(REMEMBERED))
        self.meter.front = True
        self.reset()
        self.status.power_on()

    def trigger(self) -> None:
        """*TRG, or a group execute trigger: no trigger model here waits for one."""

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(ScpiError(code, text))

    def trip(self, tripped: bool) -> None:
        """From now on the limit holds the output back, whatever the load; or not any more."""
        self._output.trip(tripped)

    # Source ------------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[Keithley2450Model]:
        """Change the model; refusals become errors, a changed limit a warning."""
        try:
            yield self.model
        except Refusal as refusal:
            raise refused(refusal.reason) from refusal
        if self.model.adjusted:
            self.model.adjusted = False
            # Number and text of the warning are not verified.
            self.events.log(-221, "Settings conflict", WARNING)
        self._output.apply()

    def switch(self, on: bool) -> None:
        """:OUTPut."""
        if on and not self.model.on:
            self.meter.source_moved()
            volts = self.model.voltage.level if self.model.function == "voltage" else 0.0
            if not self.model.interlock and abs(volts) > INTERLOCK_SPEAKS_V:
                # That it is a warning is not verified.
                self.events.log(5074, "Output voltage limited by interlock", WARNING)
        self.model.on = on
        self._output.apply()

    def set_function(self, function: Function) -> None:
        """Select the source. A change switches the output off (not verified)."""
        if function != self.model.function:
            self.switch(False)
            self.model.select(function)
            self._output.apply()

    def set_level(self, quantity: Quantity, value: float) -> None:
        """Programmed amplitude."""
        before = quantity.level
        with self.changing() as model:
            model.set_level(quantity, value)
        if value != before:
            self.meter.source_moved()

    def set_four_wire(self, name: str, on: bool) -> None:
        """Remote sense of a function; a change with the output on switches it off.

        So says the manual of the 2470 (page 12-58).
        """
        if on != self.meter.four_wire[name]:
            self.switch(False)
        self.meter.four_wire[name] = on

    def set_terminals(self, front: bool) -> None:
        """Front or rear terminals; a change switches the output off (not verified)."""
        if front != self.meter.front:
            self.switch(False)
        self.meter.front = front

    def limiting(self, quantity: Quantity) -> bool:
        """Whether the limit of `quantity` holds the output back now."""
        return self.model.limited is quantity and self._output.apply()

    # Measurement -------------------------------------------------------------------------------

    def read(self, buffer: str = DEFAULT, *words: str) -> Reply:
        """:READ?: measures, stores all, sends the last one (page 6-6)."""
        names = elements(words, self.data_format, 2)
        store = self.buffers[buffer]
        for _ in range(self.settings["count"]):
            store.store(self.meter.measure())
        return self.data_string([store.latest()], names, store)

    def fetch(self, buffer: str = DEFAULT, *words: str) -> Reply:
        """:FETCh?: the latest reading once more."""
        names = elements(words, self.data_format, 2)
        store = self.buffers[buffer]
        return self.data_string([store.latest()], names, store)

    def data_string(
        self, rows: Sequence[Row], names: Sequence[str], buffer: ReadingBuffer
    ) -> Reply:
        """Readings with the elements chosen, in the format chosen."""
        return send(
            rows,
            names,
            buffer.first_s,
            self.data_format,
            swapped=self.settings["byte_order"] == "SWAP",
            digits=significant(self.settings),
        )

    def initiate(self) -> None:
        """:INITiate: the trigger model, to its end."""
        carry_out(self)

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, StateValue]:
        """Set-points, registers, readings, bytes on their way; the world keeps the rest."""
        parts = {
            "settings": self.settings,
            "model": self.model.state(),
            "meter": self.meter.state(),
            "trigger": self.trigger_model.state(),
            "status": self.status.state(),
            "session": self._shared.state(),
            "format": self.data_format,
            "buffers": self.buffers.state(),
        }
        tables = {f"buffer_{i}": _table(rows) for i, rows in enumerate(self.buffers.tables())}
        return {
            "settings": json.dumps(parts),
            "output_v": self._output.state(),
            "tripped": self._output.tripped,
            **tables,
        }

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken; drives nothing, the world restores that."""
        parts = json.loads(str(state["settings"]))
        self.settings.clear()
        self.settings.update(parts["settings"])
        self.model.restore(parts["model"])
        self.meter.restore(parts["meter"])
        self.trigger_model.restore(parts["trigger"])
        self.status.restore(parts["status"])
        self._shared.restore(parts["session"])
        self.data_format = parts["format"]
        tables = [_rows(state[f"buffer_{i}"]) for i in range(len(parts["buffers"]))]
        self.buffers.restore(parts["buffers"], tables)
        volts = state["output_v"]
        self._output.restore(None if volts is None else float(np.asarray(volts)))
        self._output.tripped = bool(state["tripped"])


def _table(rows: Sequence[Row]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(Row._fields))


def _rows(table: StateValue) -> list[Row]:
    return [Row(*row) for row in np.asarray(table, dtype=np.float64).tolist()]
