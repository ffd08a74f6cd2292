"""The life of one task: channels, timing and trigger, start, stop.

Vendor behaviour kept here: a running task reserves its half of the board, and outputs hold what
they have when the task ends.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.wiring import TerminalMode
from sim_backend.twins.ni_acquisition import Acquisition
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_generation import Generation
from sim_backend.twins.ni_rack import Kind, NiRack
from sim_backend.twins.ni_run import TIMEBASE_HZ, TimedRun

if TYPE_CHECKING:
    from sim_backend.twins.nidaqmx import Input, NiBoardTwin

Volts = NDArray[np.float64]

# NI's own automatic sizes of the input buffer: up to this rate in Hz, so many samples.
_AUTOMATIC_BUFFER = ((100.0, 1_000), (10e3, 10_000), (1e6, 100_000), (math.inf, 1_000_000))
_RATE_ROUNDING = 1 + 1e-9


class NiTask:
    """One task on one board.

    Attributes:
        name: for messages.
        rack: the board's neighbours.
        kind: inputs or outputs; None while there are no channels.
        inputs: of an input task.
        outputs: channel names of an output task.
        ticks: period of its own sample clock in ticks of 10 ns; 0 is on demand.
        samples: number of a finite task, or the wish for the buffer of a continuous one.
        continuous: runs until stopped.
        regenerates: a continuous output plays its buffer over and over.
        clock_source, trigger_source: the half of a board whose clock it takes, or with which it
            starts; None: its own.
        convert_hz: rate of conversions asked for on a multiplexed board; 0: the board's choice.
        buffer_samples: samples per channel that wait for a reader, or for the converter, at most.
        data: (channels, n), V, what an output task will play, as its converters will settle.
        output_limits_v: lowest and highest voltage of each output.
        part: what it does in a run since its start; None before, and while it waits.
        implicit: was started by a read.
        ownerless: its client has died; it plays on until somebody wants the outputs.
    """

    def __init__(self, board: "NiBoardTwin", name: str, rack: NiRack) -> None:
        self.board = board
        self.name = name
        self.rack = rack
        self.kind: Kind | None = None
        self.inputs: tuple[Input, ...] = ()
        self.outputs: tuple[str, ...] = ()
        self.ticks = 0
        self.samples = 0
        self.continuous = False
        self.regenerates = True
        self.clock_source: tuple[NiBoardTwin, Kind] | None = None
        self.trigger_source: tuple[NiBoardTwin, Kind] | None = None
        self.convert_hz = 0.0
        self.buffer_samples = 0
        self.data: Volts = np.empty((0, 0))
        self.output_limits_v: list[tuple[float, float]] = []
        self.part: Acquisition | Generation | None = None
        self.implicit = False
        self.ownerless = False
        self._asked_hz = 0.0
        self._cleared = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names on the board, in order."""
        return self.outputs or tuple(channel.name for channel in self.inputs)

    @property
    def channel_kind(self) -> Kind:
        """Inputs or outputs; refuses a task without channels."""
        self.demand_channels()
        assert self.kind is not None
        return self.kind

    @property
    def running(self) -> bool:
        """Started and not stopped, even if it waits for its trigger or has finished."""
        return self in self.board.running

    @property
    def under_way(self) -> bool:
        """Running on a clock, and not at its end."""
        return bool(self.running and self.ticks and not self.done)

    @property
    def streams(self) -> bool:
        """Outputs that must be given new values in time."""
        return self.kind == "ao" and self.continuous and not self.regenerates

    @property
    def rate_hz(self) -> float:
        """The sample rate that the time base can make, nearest to the one asked for."""
        return TIMEBASE_HZ / self.ticks if self.ticks else 0.0

    @property
    def highest_rate_hz(self) -> float:
        """What the board can do with so many channels."""
        o, count = self.board.options, max(1, len(self.channels))
        return o.input_rate_limit_hz(count) if self.kind == "ai" else o.output_rate_limit_hz(count)

    def convert_s(self, sample_s: float) -> float:
        """Period of the conversions in a scan at this sample period, s; 0 if simultaneous."""
        return self.board.analogue.convert_s(len(self.inputs), sample_s, self.convert_hz)

    def add_inputs(
        self,
        names: Sequence[str],
        minimum_v: float,
        maximum_v: float,
        terminal: TerminalMode | None = None,
    ) -> None:
        """Append inputs, all on the smallest range that holds both values."""
        self._may_change("ai", names)
        added = tuple(self.board.input(n, minimum_v, maximum_v, terminal) for n in names)
        self.inputs += added
        self.kind = "ai"

    def add_outputs(self, names: Sequence[str], minimum_v: float, maximum_v: float) -> None:
        """Append outputs that may be asked for values in this range."""
        self._may_change("ao", names)
        full_v = self.board.options.output_range_v
        for name in names:
            if name not in self.board.outputs:
                raise NiError(NiCode.NO_SUCH_CHANNEL, f"{self.board.device} has no output {name!r}")
        if not -full_v <= minimum_v < maximum_v <= full_v:
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE,
                f"outputs range from {-full_v:g} to {full_v:g} V; "
                f"asked for {minimum_v:g} .. {maximum_v:g} V",
            )
        self.outputs += tuple(names)
        self.output_limits_v += [(minimum_v, maximum_v)] * len(names)
        self.kind = "ao"

    def clock(self, rate_hz: float, source: str, *, continuous: bool, samples: int) -> None:
        """Sample on a clock: the board's own, or another half's (`ao/SampleClock`).

        The rate becomes 100 MHz over a whole number.
        """
        self.demand_channels()
        self.demand_stopped("its timing cannot change")
        self._demand_rate(rate_hz)
        if samples < 1:
            raise NiError(NiCode.INVALID_ATTRIBUTE_VALUE, f"{samples} samples; expected 1 or more")
        self.clock_source = self.rack.source(
            self.board, self.channel_kind, source, "SampleClock", ("", "OnboardClock")
        )
        self._asked_hz = rate_hz
        self.ticks = round(TIMEBASE_HZ / rate_hz)
        self.samples, self.continuous = samples, continuous
        automatic = next(size for limit, size in _AUTOMATIC_BUFFER if rate_hz <= limit)
        self.buffer_samples = max(samples, automatic) if continuous else samples

    def convert_at(self, rate_hz: float) -> None:
        """Conversions within a scan of a multiplexed board; checked at the start.

        Raises:
            NiError: a board with a converter for each input.
        """
        self.demand_stopped("its timing cannot change")
        if self.kind != "ai" or self.board.analogue.multiplexer is None:
            raise NiError(NiCode.NOT_OF_THIS_TASK, f"{self.board.device} has no convert clock")
        if not rate_hz > 0:
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE, f"convert rate {rate_hz:g} Hz; expected above 0"
            )
        self.convert_hz = rate_hz

    def trigger(self, source: str) -> None:
        """Start together with another half (`ao/StartTrigger`)."""
        self.demand_stopped("its trigger cannot change")
        self.trigger_source = self.rack.source(
            self.board, self.channel_kind, source, "StartTrigger", ()
        )

    def start(self) -> None:
        """Run, or wait for whoever clocks or triggers it."""
        self.demand_channels()
        self.demand_stopped("it cannot be started again")
        if self.ticks:
            # Channels may have been added since the timing was set.
            self._demand_rate(self._asked_hz)
            if self.kind == "ao" and not self.data.size:
                raise NiError(NiCode.OUTPUT_BUFFER_EMPTY, "nothing was written to the buffer")
            if self.kind == "ai":
                self.convert_s(1.0 / self.rate_hz)
        self.rack.demand_free(self)
        saved = self.board.interrupted
        going_on = saved is not None and saved.fits([self])
        if not going_on:
            self.board.world.clock.sleep(self.board.options.task_start_s)
        self.board.running.append(self)
        if not self.ticks or self.depends:
            return
        together = [self]
        for leader in together:
            waiting = self.rack.waiting(self.board)
            together += [t for t in waiting if t.follows(leader) and t not in together]
        try:
            run = TimedRun(together)
        except NiError:
            self.board.running.remove(self)
            raise
        for task in together:
            task.part = run.parts[task]
        if self.kind == "ai":
            self.board.interrupted = None
        if saved is not None and going_on and isinstance(self.part, Acquisition):
            saved.go_on(self.part)

    def follows(self, leader: "NiTask") -> bool:
        """Whether the other clocks or triggers it."""
        return (leader.board, leader.kind) in (self.clock_source, self.trigger_source)

    def stop(self) -> None:
        """Stop where it is; outputs hold. No error if it does not run."""
        if self.part is not None:
            self.part.run.leave(self)
        self.part, self.implicit = None, False
        if self.running:
            self.board.running.remove(self)

    def clear(self) -> None:
        """Stop for good; outputs still hold."""
        self.stop()
        self.rack.events.unregister(self, "acquired", "transferred", "done")
        self._cleared = True

    def abandon(self) -> None:
        """Nobody is left to stop it: a finite output plays on, anything else is cleared.

        What plays on reserves nothing: whoever wants the outputs stops it where it is.
        """
        plays = self.kind == "ao" and self.part is not None and not self.continuous
        self.ownerless = plays and not self.done
        if not self.ownerless:
            self.clear()

    @property
    def done(self) -> bool:
        """Nothing is left to be sampled or played."""
        if not self.running or not self.ticks:
            return True
        now_s = self.board.world.clock.now_s()
        return self.part is not None and self.part.done_s() <= now_s

    @property
    def available(self) -> int:
        """Samples per channel that could be read at once."""
        if not isinstance(self.part, Acquisition):
            return 0
        return self.part.passed - self.part.read

    @property
    def passed(self) -> int:
        """Samples per channel since the start, acquired or played."""
        return self.part.passed if self.part is not None else 0

    @property
    def read_position(self) -> int:
        """Samples per channel that have been read."""
        return self.part.read if isinstance(self.part, Acquisition) else 0

    @property
    def written(self) -> int:
        """Values per channel that were written for an output on a clock."""
        if isinstance(self.part, Generation):
            return self.part.written
        return int(self.data.shape[-1])

    @property
    def space(self) -> int:
        """Values per channel that a stream of outputs could take at once."""
        if not isinstance(self.part, Generation):
            return self.buffer_samples
        return self.buffer_samples - (self.part.written - self.part.passed)

    @property
    def all_samples(self) -> int:
        """How many a reader of "all there is" gets."""
        if not self.ticks:
            raise NiError(
                NiCode.READ_ALL_WITHOUT_BUFFER,
                "a task without a sample clock has no buffer: ask for a number of samples",
            )
        return self.available if self.continuous else self.samples

    @property
    def depends(self) -> bool:
        """Whether another half of a board clocks or triggers it."""
        return self.clock_source is not None or self.trigger_source is not None

    def _demand_rate(self, rate_hz: float) -> None:
        fastest_hz = self.highest_rate_hz
        if not 0 < rate_hz <= fastest_hz * _RATE_ROUNDING:
            raise NiError(
                NiCode.RATE_TOO_HIGH if rate_hz > fastest_hz else NiCode.INVALID_ATTRIBUTE_VALUE,
                f"sample rate {rate_hz:g} Hz with {len(self.channels)} channels; "
                f"expected above 0 and at most {fastest_hz:g} Hz",
            )

    def _may_change(self, kind: Kind, names: Sequence[str]) -> None:
        self.demand_stopped("it takes no more channels")
        if self.kind not in (None, kind):
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE, "one task has either inputs or outputs, not both"
            )
        for name in names:
            if name in self.channels:
                raise NiError(NiCode.CHANNEL_ALREADY_IN_TASK, f"{name} is already in the task")

    def demand_channels(self) -> None:
        """Refuse a cleared or empty task."""
        if self._cleared:
            raise NiError(NiCode.INVALID_TASK, f"task {self.name!r} was cleared")
        if self.kind is None:
            raise NiError(NiCode.NO_CHANNELS, f"task {self.name!r} has no channels")

    def demand_stopped(self, consequence: str) -> None:
        """Refuse a cleared or running task."""
        if self._cleared:
            raise NiError(NiCode.INVALID_TASK, f"task {self.name!r} was cleared")
        if self.running:
            raise NiError(NiCode.TASK_RUNNING, f"task {self.name!r} is running: {consequence}")
