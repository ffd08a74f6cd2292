"""A simulated DAQ board as docs/boards.md specifies it: outputs, inputs, selector, dead-man timer.

All of it hangs on one clock and one serial line.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.scpi import Conversations, ErrorQueue, ScpiError, Session, Status
from sim_backend.twins.converter import quantise
from sim_backend.twins.daq_board_blocks import ABORTED, DEAD_MAN, Codes, data_block
from sim_backend.twins.daq_board_dead_man import DeadMan
from sim_backend.twins.daq_board_inputs import Inputs
from sim_backend.twins.daq_board_options import DaqBoardOptions
from sim_backend.twins.daq_board_run import Run
from sim_backend.twins.daq_board_sequence import Sequencer
from sim_backend.twins.daq_board_switches import Switches
from sim_backend.twins.daq_board_words import WORDS
from sim_backend.world.world import World

Volts = NDArray[np.float64]

_ERRORS = 16


class DaqBoardTwin:
    """One board.

    Attributes:
        out: reply bytes that wait to be read, of the conversation that all share.
        options: what it has.
        held_v: of each output, what its register holds, V.
        inputs, switches, sequencer, dead_man: its parts, for the words.
        run: the one that goes on or that can still be fetched; None after power-on.
    """

    port: ClassVar[Literal["visa", "nidaqmx", "serial"]] = "serial"
    options_model: ClassVar[type[BaseModel]] = DaqBoardOptions

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
        """Switch on: outputs at 0 V, every switch open.

        Args:
            name: in the bench file; terminals begin with it.
            resource: the serial port.
            options: a `DaqBoardOptions`.
            world: what it drives and measures.
            inputs: channel -> wire.
            outputs: channels that drive something.

        Raises:
            BenchError: the wiring uses channels that it does not have.
        """
        assert isinstance(options, DaqBoardOptions)
        self.name, self.resource, self.world, self.options = name, resource, world, options
        _refuse_missing(name, "inputs", inputs or {}, "ai", options.inputs)
        _refuse_missing(name, "outputs", outputs, "ao", options.outputs)
        self.identity = f"mtjlab,twin of a DAQ board,{options.serial},{options.firmware}"
        self.status = Status(ErrorQueue(_ERRORS))
        self.inputs = Inputs(options, world, inputs or {})
        self.switches = Switches(name, world, options.lines)
        self.sequencer = Sequencer(options)
        self.run: Run | None = None
        self.held_v = [0.0] * options.outputs
        self.dead_man = DeadMan(options.dead_man_s, world.clock.now_s())
        self._followed = False
        self._conversations: Conversations[DaqBoardTwin] = Conversations(
            self, WORDS, message_passes=self._message_passes
        )
        self._shared = self._conversations.shared
        self.out = self._shared.out
        for output in range(options.outputs):
            world.drive(self.terminal(output), 0.0)

    def terminal(self, output: int) -> str:
        """As the wiring calls it: `daq/ao0`."""
        return f"{self.name}/ao{output}"

    # The wire ----------------------------------------------------------------------------------

    def converse(self) -> Session["DaqBoardTwin"]:
        """For a client with a connection of its own."""
        return self._conversations.begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the line, cut anywhere; commands end at a line feed."""
        self._shared.feed(data)

    def clear(self) -> None:
        """A break on the line: input and replies are dropped."""
        self._shared.clear()

    def starved(self) -> None:
        """On a serial line the board does not know that somebody waits."""

    def status_byte(self) -> int:
        """As *STB? gives it."""
        return self._shared.status_byte()

    def _message_passes(self) -> None:
        with self.world.lock:
            # What was due before this message has happened, the dead-man's work included.
            self.world.clock.sleep(self.options.latency_s)
            self.world.catch_up()
            self.dead_man.heard(self.world.clock.now_s())

    def carries(self, text_bytes: int) -> None:
        """A block of so many bytes passes over the line."""
        self.world.clock.sleep(text_bytes * self.options.byte_s)

    # IEEE 488.2 and what befalls it ------------------------------------------------------------

    def reset(self) -> None:
        """*RST: as after power-on; error queue and dead-man time stay."""
        self.abort()
        self.set_outputs(range(self.options.outputs), [0.0] * self.options.outputs)
        self.switches.open()
        self.inputs.reset()
        self.sequencer = Sequencer(self.options)
        self.run = None

    def power_cycle(self) -> None:
        """Supply lost and back."""
        self._shared.clear()
        self.reset()
        self.dead_man = DeadMan(self.options.dead_man_s, self.world.clock.now_s())
        self.status.power_on()

    def trigger(self) -> None:
        """*TRG is no command of this board."""
        raise ScpiError(-113)

    def report(self, code: int, text: str) -> None:
        """Put an entry into the error queue."""
        self.status.refuse(ScpiError(code, text))

    # Outputs -----------------------------------------------------------------------------------

    def settled(self, volts: Any) -> Volts:
        """What the converters make of it, V."""
        return quantise(volts, self.options.output_range_v, self.options.output_bits)

    def set_outputs(self, outputs: Sequence[int], volts: Sequence[float]) -> None:
        """Hold these from now on."""
        for output, value in zip(outputs, self.settled(volts).tolist(), strict=True):
            self.world.drive(self.terminal(output), value)
            self.held_v[output] = value
        self._follow()

    @property
    def armed(self) -> bool:
        """Whether there is anything for the dead-man timer to do."""
        return self.going or any(self.held_v)

    # Runs --------------------------------------------------------------------------------------

    @property
    def going(self) -> bool:
        """Whether a run goes on now."""
        return self.run is not None and self.run.going

    def start(self, number: int) -> None:
        """TRIGger."""
        plan = self.sequencer.plan(
            number, self.world.clock.now_s(), [self.terminal(o) for o in self.sequencer.outputs]
        )
        self.run = Run(plan, self.inputs, self.world)
        self._follow()
        self.world.catch_up()

    def abort(self, flags: int = ABORTED) -> None:
        """ABORt: the run ends here, outputs hold."""
        if self.run is not None:
            self.run.stop(flags)
        self._follow()

    def fetch(self, number: int, sequence: int) -> str:
        """FETCh:DATA?: the next block of the run."""
        self.world.catch_up()
        run = self.run
        if run is None or number != run.plan.number or sequence != run.sequence:
            raise ScpiError(-230)
        first = run.fetched
        codes = run.take(self.options.fetch_values // max(1, len(run.plan.scan)))
        text = data_block(
            run=number,
            sequence=sequence,
            first=first,
            count=len(codes),
            flags=run.flags(),
            lost=run.lost,
            codes=codes,
        )
        run.sequence += 1
        self.carries(len(text))
        return text

    def single(self, number: int, codes: Codes) -> str:
        """One scan as a block."""
        return data_block(run=number, sequence=0, first=0, count=1, flags=1, lost=0, codes=codes)

    # What goes on by itself: `Follower` --------------------------------------------------------

    def next_change_s(self) -> float:
        """Of the outputs: by the run, or by the dead-man timer."""
        change_s = self.run.next_change_s() if self.run is not None else math.inf
        return min(change_s, self.dead_man.due_s if self.armed else math.inf)

    def catch_up(self, until_s: float) -> None:
        """Let the run go on; let the dead-man timer strike."""
        if self.armed and self.dead_man.due_s <= until_s:
            self._run_to(self.dead_man.due_s)
            self._strike(self.dead_man.due_s)
        self._run_to(until_s)
        self._follow()

    def _run_to(self, until_s: float) -> None:
        run = self.run
        if run is None:
            return
        before = run.edge
        run.catch_up(until_s)
        if run.edge > before and run.plan.terminals:
            step = min((run.edge - 1) // run.plan.per_step, run.plan.steps)
            for terminal, values in zip(run.plan.terminals, run.plan.played_v, strict=True):
                self.held_v[int(terminal.rpartition("/ao")[2])] = float(values[step])

    def _strike(self, at_s: float) -> None:
        if not self.armed:
            return
        if self.run is not None:
            self.run.stop(DEAD_MAN)
        drive = {
            self.terminal(output): np.zeros(1) for output, volts in enumerate(self.held_v) if volts
        }
        if drive:
            self.world.sample([], t0_s=at_s, dt_s=0.0, n=1, drive=drive)
        self.held_v = [0.0] * self.options.outputs
        self.dead_man.count += 1
        self.report(210, "Dead-man timer: outputs at 0 V")

    def _follow(self) -> None:
        """Be looked after only while there is something to do: others are slower meanwhile."""
        if self.armed == self._followed:
            return
        self._followed = self.armed
        if self._followed:
            self.world.follow(self)
        else:
            self.world.unfollow(self)

    # Saving ------------------------------------------------------------------------------------

    def state(self) -> dict[str, StateValue]:
        """Registers, memory, timer, bytes on their way; the world keeps the rest."""
        parts = {
            "held_v": self.held_v,
            "closed": self.switches.closed,
            "spans_v": list(self.inputs.span_v.values()),
            "multiplexer_v": self.inputs.multiplexer.held_v,
            "sequencer": self.sequencer.state(),
            "dead_man": self.dead_man.state(),
            "status": self.status.state(),
            "session": self._shared.state(),
        }
        run = {} if self.run is None else self.run.state()
        return {
            "settings": json.dumps(parts),
            "list": self.sequencer.codes,
            **{f"run/{key}": value for key, value in run.items()},
        }

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken; the world restores what it drives."""
        parts = json.loads(str(state["settings"]))
        self.held_v = parts["held_v"]
        self.switches.restore(parts["closed"])
        self.inputs.span_v = dict(enumerate(parts["spans_v"]))
        self.inputs.multiplexer.held_v = parts["multiplexer_v"]
        self.sequencer.restore(parts["sequencer"], np.asarray(state["list"], dtype=np.int16))
        self.dead_man.restore(parts["dead_man"])
        self.status.restore(parts["status"])
        self._shared.restore(parts["session"])
        run = {k.removeprefix("run/"): v for k, v in state.items() if k.startswith("run/")}
        self.run = Run.restored(run, self.inputs, self.world) if run else None
        self._follow()


def _refuse_missing(
    name: str, what: str, wired: Sequence[str] | Mapping[str, Any], stem: str, count: int
) -> None:
    known = {f"{stem}{i}" for i in range(count)}
    missing = [channel for channel in wired if channel not in known]
    if missing:
        raise BenchError(
            f"{name}: the wiring uses {', '.join(missing)}, the simulated board has {count} "
            f"{what}, {stem}0 and on; set {what} = ... in [twin.instruments.{name}]"
        )
