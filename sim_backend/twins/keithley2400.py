"""A simulated Keithley 2400: its words, limits and side effects, wired to a world.

Written after the 2400 Series user's manual (2400S-900-01); page numbers are those of it. What no
page or published observation decides is marked "not verified".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel

from mtjlab.core.interfaces import Function
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.scpi import (
    Conversations,
    ErrorQueue,
    EventGroup,
    Reply,
    ScpiError,
    Session,
    Status,
)
from sim_backend.twins import keithley2400_readings as r
from sim_backend.twins import keithley2400_settings
from sim_backend.twins.keithley2400_errors import error, refused
from sim_backend.twins.keithley2400_meter import AMPERES, CORNERS, VOLTS, Meter
from sim_backend.twins.keithley2400_power import switch_on
from sim_backend.twins.keithley2400_settings import Keithley2400Options
from sim_backend.twins.keithley2400_sweep import Sweep
from sim_backend.twins.keithley2400_trigger import Trigger
from sim_backend.twins.keithley2400_words import WORDS
from sim_backend.twins.source_model import Quantity, Refusal, SourceModel
from sim_backend.twins.source_output import SourceOutput
from sim_backend.world.world import World

_QUEUE_DEPTH = 10  # page 15-20
_IDLE = 1 << 10  # of the operation register, page 15-12


class Keithley2400Twin:
    """One simulated 2400 on one source terminal.

    Attributes:
        out: reply bytes that wait to be read.
        latency_s: charged to the world's clock for each message, either way.
        world: what it is wired to.
        model, meter, trigger, buffer, settings: its parts, for the words.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "visa"
    options_model: ClassVar[type[BaseModel]] = Keithley2400Options

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
            options: a `Keithley2400Options`.
            world: what it drives and measures.
            inputs: of boards; a source-meter has none.
            outputs: likewise.
        """
        settings = Keithley2400Options.model_validate(options.model_dump())
        self.resource = resource
        self.world = world
        self.latency_s = settings.latency_s
        self.identity = (
            f"KEITHLEY INSTRUMENTS INC.,MODEL 2400,{settings.serial},{settings.firmware}"
        )
        groups = {"MEAS": EventGroup(0x01), "QUES": EventGroup(0x08), "OPER": EventGroup(0x80)}
        self.status = Status(ErrorQueue(_QUEUE_DEPTH), groups)
        self.settings = keithley2400_settings.power_on()
        self.model = SourceModel(VOLTS, AMPERES, CORNERS)
        self._output = SourceOutput(world, name, self.model)
        self.meter = Meter(
            world,
            self.model,
            self._output,
            self.settings,
            groups["MEAS"],
            noise=settings.noise,
            line_hz=settings.line_hz,
        )
        self.buffer = r.Buffer()
        self.trigger_model = Trigger(
            world.clock,
            self.model,
            self._output,
            self.meter,
            self.buffer,
            self.settings,
            groups["MEAS"],
        )
        self.elements = list(r.ELEMENTS)
        self.data_format = "ASC"
        self._conversations: Conversations[Keithley2400Twin] = Conversations(
            self, WORDS, message_passes=self._message_passes, cleared=self.abort
        )
        self._shared = self._conversations.shared
        self.out = self._shared.out
        self._output.apply()
        self._show_idle()

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session["Keithley2400Twin"]:
        """For a client with a connection of its own."""
        return self._conversations.begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the bus, cut anywhere; commands end at a line feed."""
        self._shared.feed(data)

    def clear(self) -> None:
        """Device clear: input, replies and acquisition are dropped; settings and output stay."""
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
        """*RST: output off; the data store, errors and status enables stay (table 18-10)."""
        self.abort()
        self.model.reset()
        self.meter.reset()
        self.trigger_model.reset()
        keithley2400_settings.reset(self.settings)
        self.elements = list(r.ELEMENTS)
        self.data_format = "ASC"
        self._output.apply()

    def preset(self) -> None:
        """:SYSTem:PRESet: as *RST, but binary data little-endian (table 18-3)."""
        self.reset()
        self.settings["byte_order"] = "SWAP"

    def trigger(self) -> None:
        """*TRG, or a group execute trigger; without anything waiting for it, nothing."""
        with self.idle_shown():
            if self.trigger_model.bus_trigger() and self._conversations.owing:
                self._conversations.reply(self.data_string(self.trigger_model.latest))

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(ScpiError(code, text))

    def trip(self, tripped: bool) -> None:
        """From now on compliance holds the output back, whatever the load; or not any more."""
        self._output.trip(tripped)

    def power_cycle(self) -> None:
        """Off and on again: power-on settings, output off, nothing remembered, *ESR? says PON."""
        self._shared.clear()
        switch_on(self)

    # Source ------------------------------------------------------------------------------------

    @contextmanager
    def changing(self) -> Iterator[SourceModel]:
        """Change the model; refusals become errors, the terminal follows."""
        try:
            yield self.model
        except Refusal as refusal:
            raise refused(refusal.reason) from refusal
        self._output.apply()

    def switch(self, on: bool) -> None:
        """:OUTPut; off puts the trigger model to idle (18-55)."""
        if on:
            self._demand_enable_line()
        else:
            self.abort()
        self.model.on = on
        self._output.apply()

    def _demand_enable_line(self) -> None:
        # Nothing is wired to the enable line of a twin, and an open line is not asserted.
        if self.settings["output_enable"]:
            raise error(802)

    def set_function(self, function: Function) -> None:
        """Select the source. A change switches the output off (not verified)."""
        if function != self.model.function:
            self.switch(False)
            self.model.function = function
            self._output.apply()

    def set_level(self, quantity: Quantity, value: float) -> None:
        """Programmed amplitude.

        The manual (18-78) calls this not valid in a list or sweep. Whether a real one refuses or
        remembers is not verified; here it remembers, and goes there when the mode is FIXED again.
        """
        sweep = self.trigger_model.sweep_of(quantity)
        if sweep.mode != "FIX":
            sweep.fixed = value
            return
        with self.changing() as model:
            model.set_level(quantity, value)

    def set_source_mode(self, sweep: Sweep, mode: str) -> None:
        """FIX, LIST or SWE. A sweep ends where it is until FIX brings the fixed level back."""
        quantity = self.trigger_model.quantity_of(sweep)
        if sweep.mode == "FIX" and mode != "FIX":
            sweep.fixed = quantity.level
        if sweep.mode != "FIX" and mode == "FIX":
            with self.changing() as model:
                model.set_level(quantity, sweep.fixed)
        sweep.mode = mode

    def programmed(self, quantity: Quantity) -> float:
        """The fixed level, also while a list or staircase moves the output."""
        sweep = self.trigger_model.sweep_of(quantity)
        return quantity.level if sweep.mode == "FIX" else sweep.fixed

    def limiting(self, quantity: Quantity) -> bool:
        """Whether the compliance of `quantity` holds the output back now."""
        return self.model.limited is quantity and self._output.apply()

    # Measurement -------------------------------------------------------------------------------

    def configure(self, name: str) -> None:
        """:CONFigure (17-2): *RST values of the function, one reading, and the output turns on.

        Other functions are no longer measured (not verified with concurrent measurements on).
        """
        self._demand_enable_line()
        self.abort()
        if name == "RES":
            self.meter.reset()
            self.settings["ohms_mode"] = "AUTO"
        else:
            (self.model.voltage if name == "VOLT" else self.model.current).reset_measurement()
        self.meter.nplc = 1.0
        self.meter.functions = {name}
        self.settings["trigger_source"] = "IMM"
        self.trigger_model.arm_source = "IMM"
        self.trigger_model.arm_count, self.trigger_model.count = 1.0, 1
        self.switch(True)

    def initiate(self) -> None:
        """:INITiate."""
        with self.idle_shown():
            self.trigger_model.initiate()

    def abort(self) -> None:
        """:ABORt."""
        with self.idle_shown():
            self.trigger_model.abort()

    def read(self) -> Reply:
        """:READ? = :ABORt, :INITiate, :FETCh? (17-4)."""
        if not (self.model.on or self.settings["auto_off"]):
            raise error(803)
        if self.trigger_model.arm_count == float("inf"):
            raise error(830)
        self.abort()
        self.initiate()
        # What waits for a trigger is answered when it has come.
        return None if self.trigger_model.waiting else self.fetch()

    def fetch(self) -> Reply:
        """:FETCh?: the latest readings once more."""
        if not self.trigger_model.latest:
            raise ScpiError(-230)
        return self.data_string(self.trigger_model.latest)

    def data_string(self, rows: Sequence[r.ReadingRow]) -> Reply:
        """Readings in the format and with the elements chosen."""
        stamped = [row._replace(time_s=r.wrapped(row.time_s)) for row in rows]
        swapped = self.settings["byte_order"] == "SWAP"
        return r.send(stamped, self.elements, self.data_format, swapped=swapped)

    @contextmanager
    def idle_shown(self) -> Iterator[None]:
        """Whatever happens inside, the operation register says afterwards whether it is idle."""
        try:
            yield
        finally:
            if not self.trigger_model.waiting:
                self._conversations.forget()
            self._show_idle()

    def _show_idle(self) -> None:
        idle = 0 if self.trigger_model.waiting else _IDLE
        self.status.groups["OPER"].update(idle, _IDLE)

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
            "format": [self.elements, self.data_format],
            "buffer": [self.buffer.points, self.buffer.storing],
        }
        return {
            "settings": json.dumps(parts),
            "output_v": self._output.state(),
            "tripped": self._output.tripped,
            "latest": r.table(self.trigger_model.latest),
            "buffer": r.table(self.buffer.rows),
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
        self.elements, self.data_format = parts["format"]
        self.buffer.points, self.buffer.storing = parts["buffer"]
        volts = state["output_v"]
        self._output.restore(None if volts is None else float(np.asarray(volts)))
        self._output.tripped = bool(state["tripped"])
        self.trigger_model.latest = r.rows(state["latest"])
        self.buffer.rows = r.rows(state["buffer"])
