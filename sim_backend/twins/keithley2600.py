"""A simulated Keithley 2602B: two source-measure units behind one TSP processor.

Written after the reference manual (2600BS-901-01) and its predecessor's (2600AS-901-01); page
numbers are those of the former. What no page or published observation decides is marked "not
verified".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal

from pydantic import BaseModel

from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.tsp import Machine, Session, Status, TspError, Value, number, whole
from sim_backend.twins import keithley2600_words
from sim_backend.twins.keithley2600_channel import Channel
from sim_backend.twins.keithley2600_settings import Front, Keithley2600Options
from sim_backend.world.world import World

MODEL = "2602B"
_LONGEST_DELAY_S = 100_000.0


class Keithley2600Twin:
    """One simulated 2602B on the terminals `NAME.a` and `NAME.b`.

    Attributes:
        out: reply bytes that wait to be read, of the conversation that all share.
        latency_s: charged to the world's clock for each message, either way.
        world: what it is wired to.
        channels: smua and smub.
        machine: its run-time, for the conversations.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "visa"
    options_model: ClassVar[type[BaseModel]] = Keithley2600Options

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
        """Switch on: everything as after a reset, outputs off.

        Args:
            name: in the bench file; the source terminals are `name.a` and `name.b`.
            resource: where PyVISA finds it.
            options: a `Keithley2600Options`.
            world: what it drives and measures.
            inputs: of boards; a source-meter has none.
            outputs: likewise.
        """
        settings = Keithley2600Options.model_validate(options.model_dump())
        self.resource = resource
        self.world = world
        self.latency_s = settings.latency_s
        self.identity = (
            f"Keithley Instruments Inc., Model {MODEL}, {settings.serial}, {settings.firmware}"
        )
        self.status = Status()
        self.machine = Machine(self.status)
        self.channels = tuple(
            Channel(
                f"smu{letter}",
                f"{name}.{letter}",
                world,
                noise=settings.noise,
                line_hz=settings.line_hz,
            )
            for letter in "ab"
        )
        self._front = Front()
        self._timer_s = 0.0
        self._settings = settings
        self._declare()
        self._shared = self.converse()
        self.out = self._shared.out

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session:
        """For a client with a connection of its own."""
        return Session(self, message_passes=self._message_passes)

    def feed(self, data: bytes) -> None:
        """Bytes from the bus, cut anywhere; messages end at a line feed."""
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
        """Outputs off, defaults; queue, registers, variables and buffers stay."""
        for channel in self.channels:
            channel.reset()
        self.machine.reset()

    def power_cycle(self) -> None:
        """Mains lost and back: nothing is left of buffers, variables and queue."""
        self._shared.clear()
        self.machine.forget()
        for channel in self.channels:
            channel.power_on()
        self.reset()
        self.status.power_on()

    def trigger(self) -> None:
        """*TRG, or a group execute trigger: nothing here waits for one."""

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(TspError(code, text))

    def trip(self, tripped: bool) -> None:
        """From now on the limits hold both outputs back, whatever the load; or not any more."""
        for channel in self.channels:
            channel.output.trip(tripped)

    def _declare(self) -> None:
        root = self.machine.root
        for channel in self.channels:
            keithley2600_words.declare(self.machine, channel)
        self._front.declare(root)
        local = root.node("localnode")
        texts = {
            "model": MODEL,
            "serialno": self._settings.serial,
            "revision": self._settings.firmware,
            "version": self._settings.firmware,
            "description": f"Keithley Instruments SMU {MODEL} - {self._settings.serial}",
        }
        for name, text in texts.items():
            local.attribute(name, partial(str, text))
        local.attribute("linefreq", lambda: float(self._settings.line_hz))
        local.function("reset", _action(self.reset))
        root.function("reset", _action(self.reset))
        root.function("delay", self._delay)
        # Everything is finished before the next statement begins.
        root.function("waitcomplete", lambda _arguments: (1.0,))
        root.function("opc", lambda _arguments: ())
        timer = root.node("timer")
        timer.function("reset", _action(self._start_timer))
        timer.node("measure").function(
            "t", lambda _arguments: (self.world.clock.now_s() - self._timer_s,)
        )
        status = root.node("status")
        status.attribute("condition", lambda: float(self.status.byte(message_available=False)))
        status.function("reset", _action(self._reset_status))
        standard = status.node("standard")
        standard.attribute("event", lambda: float(self.status.take_event()))
        standard.attribute(
            "enable",
            lambda: float(self.status.event_enable),
            lambda value: setattr(self.status, "event_enable", value),
            whole(0, 255),
        )

    def _delay(self, arguments: Sequence[Value]) -> Sequence[Value]:
        duration_s = number(arguments[0] if arguments else None)
        if not 0 <= duration_s <= _LONGEST_DELAY_S:
            raise TspError(1101, "Parameter too big")
        self.world.clock.sleep(duration_s)
        return ()

    def _start_timer(self) -> None:
        self._timer_s = self.world.clock.now_s()

    def _reset_status(self) -> None:
        self.status.event = self.status.event_enable = 0

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, StateValue]:
        """Set-points, registers, variables, bytes on their way; the world keeps the rest."""
        parts = {
            "channels": [channel.state() for channel in self.channels],
            "machine": self.machine.state(),
            "status": self.status.state(),
            "session": self._shared.state(),
            "front": vars(self._front),
            "timer_s": self._timer_s,
        }
        tables = {
            f"{channel.name}_buffer{place}": buffer.table()
            for channel in self.channels
            for place, buffer in enumerate(channel.buffers, start=1)
        }
        return {"settings": json.dumps(parts), **tables}

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken; drives nothing, the world restores that."""
        parts = json.loads(str(state["settings"]))
        for channel, saved in zip(self.channels, parts["channels"], strict=True):
            tables = [state[f"{channel.name}_buffer{place}"] for place in (1, 2)]
            channel.restore(saved, tables)
        self.machine.restore(parts["machine"])
        self.status.restore(parts["status"])
        self._shared.restore(parts["session"])
        vars(self._front).update(parts["front"])
        self._timer_s = parts["timer_s"]


def _action(action: Callable[[], object]) -> Callable[[Sequence[Value]], Sequence[Value]]:
    def call(_arguments: Sequence[Value]) -> Sequence[Value]:
        action()
        return ()

    return call
