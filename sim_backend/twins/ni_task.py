"""The life of one task: channels, timing and trigger, start, stop.

Vendor behaviour kept here: a running task reserves its half of the board, and outputs hold what
they have when the task ends.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_run import TIMEBASE_HZ, TimedRun

if TYPE_CHECKING:
    from sim_backend.twins.nidaqmx import Input, NiBoardTwin

Volts = NDArray[np.float64]
Kind = Literal["ai", "ao"]

# NI's own automatic sizes of the input buffer: up to this rate in Hz, so many samples.
_AUTOMATIC_BUFFER = ((100.0, 1_000), (10e3, 10_000), (1e6, 100_000), (math.inf, 1_000_000))


class NiTask:
    """One task on one board.

    Attributes:
        name: for messages.
        kind: inputs or outputs; None while there are no channels.
        inputs: of an input task.
        outputs: channel names of an output task.
        ticks: period of its own sample clock in ticks of 10 ns; 0 is on demand.
        samples: number of a finite task, or the wish for the buffer of a continuous one.
        continuous: runs until stopped.
        clocked_by_other: takes the sample clock of the board's other half.
        buffer_samples: input samples per channel that wait for a reader at most.
        data: (channels, n), V, what an output task will play, as its converters will settle.
        output_limits_v: lowest and highest voltage of each output.
        run: what it takes part in since its start; None before, and while it waits.
        implicit: was started by a read.
        ownerless: its client has died; it plays on until somebody wants the outputs.
    """

    def __init__(self, board: "NiBoardTwin", name: str) -> None:
        self.board = board
        self.name = name
        self.kind: Kind | None = None
        self.inputs: tuple[Input, ...] = ()
        self.outputs: tuple[str, ...] = ()
        self.ticks = 0
        self.samples = 0
        self.continuous = False
        self.clocked_by_other = False
        self.buffer_samples = 0
        self.data: Volts = np.empty((0, 0))
        self.output_limits_v: list[tuple[float, float]] = []
        self._triggered_by_other = False
        self.run: TimedRun | None = None
        self.implicit = False
        self.ownerless = False
        self._cleared = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names on the board, in order."""
        return self.outputs or tuple(channel.name for channel in self.inputs)

    @property
    def running(self) -> bool:
        """Started and not stopped, even if it waits for its trigger or has finished."""
        return self in self.board.running

    @property
    def rate_hz(self) -> float:
        """The sample rate that the time base can make, nearest to the one asked for."""
        return TIMEBASE_HZ / self.ticks if self.ticks else 0.0

    @property
    def highest_rate_hz(self) -> float:
        """What the board can do."""
        o = self.board.options
        return o.rate_hz if self.kind == "ai" else o.output_rate_hz

    def add_inputs(self, names: Sequence[str], minimum_v: float, maximum_v: float) -> None:
        """Append inputs, all on the smallest range that holds both values."""
        self._may_change("ai", names)
        self.inputs += tuple(self.board.input(name, minimum_v, maximum_v) for name in names)
        self.kind = "ai"

    def add_outputs(self, names: Sequence[str], minimum_v: float, maximum_v: float) -> None:
        """Append outputs that may be asked for values in this range."""
        self._may_change("ao", names)
        full_v = self.board.options.output_range_v
        if not -full_v <= minimum_v < maximum_v <= full_v:
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE,
                f"outputs range from {-full_v:g} to {full_v:g} V; "
                f"asked for {minimum_v:g} .. {maximum_v:g} V",
            )
        for name in names:
            if name not in self.board.outputs:
                raise NiError(NiCode.NO_SUCH_CHANNEL, f"{self.board.device} has no output {name!r}")
        self.outputs += tuple(names)
        self.output_limits_v += [(minimum_v, maximum_v)] * len(names)
        self.kind = "ao"

    def clock(self, rate_hz: float, source: str, *, continuous: bool, samples: int) -> None:
        """Sample on a clock: the board's own, or that of its other half (`ao/SampleClock`).

        The rate becomes 100 MHz over a whole number.
        """
        self.demand_channels()
        self.demand_stopped("its timing cannot change")
        fastest_hz = self.highest_rate_hz
        if not 0 < rate_hz <= fastest_hz:
            raise NiError(
                NiCode.RATE_TOO_HIGH if rate_hz > fastest_hz else NiCode.INVALID_ATTRIBUTE_VALUE,
                f"sample rate {rate_hz:g} Hz; expected above 0 and at most {fastest_hz:g} Hz",
            )
        if continuous and self.kind == "ao":
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE, "the twin's outputs play finite blocks only"
            )
        if samples < 1:
            raise NiError(NiCode.INVALID_ATTRIBUTE_VALUE, f"{samples} samples; expected 1 or more")
        self.clocked_by_other = self._is_other(source, "SampleClock", ("", "OnboardClock"))
        self.ticks = round(TIMEBASE_HZ / rate_hz)
        self.samples, self.continuous = samples, continuous
        automatic = next(size for limit, size in _AUTOMATIC_BUFFER if rate_hz <= limit)
        self.buffer_samples = max(samples, automatic) if continuous else samples

    def trigger(self, source: str) -> None:
        """Start together with the board's other half (`ao/StartTrigger`)."""
        self.demand_stopped("its trigger cannot change")
        self._triggered_by_other = self._is_other(source, "StartTrigger", ())

    def start(self) -> None:
        """Run, or wait for the other half of the board if that clocks or triggers this one."""
        self.demand_channels()
        self.demand_stopped("it cannot be started again")
        if self.kind == "ao" and self.ticks and not self.data.size:
            raise NiError(NiCode.OUTPUT_BUFFER_EMPTY, "nothing was written to the output buffer")
        self.demand_free()
        self.board.world.clock.sleep(self.board.options.task_start_s)
        self.board.running.append(self)
        if not self.ticks or self.depends:
            return
        waiting = [t for t in self.board.running if t.depends and t.run is None]
        other = next((t for t in waiting if t.kind != self.kind), None)
        ai, ao = (self, other) if self.kind == "ai" else (other, self)
        try:
            self.run = TimedRun(self.board, ai, ao)
        except NiError:
            self.board.running.remove(self)
            raise
        if other is not None:
            other.run = self.run

    def stop(self) -> None:
        """Stop where it is; outputs hold. No error if it does not run."""
        if self.run is not None:
            self.run.leave(self)
        self.run, self.implicit = None, False
        if self.running:
            self.board.running.remove(self)

    def clear(self) -> None:
        """Stop for good; outputs still hold."""
        self.stop()
        self._cleared = True

    def abandon(self) -> None:
        """Nobody is left to stop it: a finite output plays on, anything else is cleared.

        What plays on reserves nothing: whoever wants the outputs stops it where it is.
        """
        plays = self.kind == "ao" and self.run is not None and not self.continuous
        self.ownerless = plays and not self.done
        if not self.ownerless:
            self.clear()

    def wait(self, timeout_s: float) -> None:
        """Let bench time pass until the task is done; negative: however long it takes."""
        clock = self.board.world.clock
        if not self.running or not self.ticks:
            return
        done_s = self.run.done_s(self) if self.run is not None else math.inf
        deadline_s = clock.now_s() + timeout_s if timeout_s >= 0 else math.inf
        if done_s > deadline_s or math.isinf(done_s):
            if math.isfinite(deadline_s):
                clock.sleep(timeout_s)
            raise NiError(NiCode.NOT_DONE_IN_TIME, f"not done within {timeout_s:g} s")
        clock.sleep(done_s - clock.now_s())
        self.board.world.catch_up()

    @property
    def done(self) -> bool:
        """Nothing is left to be sampled or played."""
        if not self.running or not self.ticks:
            return True
        now_s = self.board.world.clock.now_s()
        return self.run is not None and self.run.done_s(self) <= now_s

    @property
    def available(self) -> int:
        """Samples per channel that could be read at once."""
        return self.run.acquired - self.run.read if self.run is not None else 0

    @property
    def acquired(self) -> int:
        """Samples per channel since the start."""
        return self.run.acquired if self.run is not None else 0

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
        """Whether the board's other half clocks or triggers it."""
        return self.clocked_by_other or self._triggered_by_other

    def _is_other(self, source: str, signal: str, own: tuple[str, ...]) -> bool:
        local = source.removeprefix("/").removeprefix(f"{self.board.device}/")
        if local in (*own, f"{self.kind}/{signal}"):
            return False
        if local == f"{'ao' if self.kind == 'ai' else 'ai'}/{signal}":
            return True
        raise NiError(
            NiCode.NO_SUCH_TERMINAL, f"{self.board.device} has no {signal} at terminal {source!r}"
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

    def demand_free(self) -> None:
        """One input task at a time; outputs share the board only on demand, never a channel."""
        for other in tuple(self.board.running):
            if other is self or other.kind != self.kind:
                continue
            if other.ownerless:
                other.clear()
                continue
            shared = set(other.channels) & set(self.channels)
            if self.kind == "ai" or self.ticks or other.ticks or shared:
                raise NiError(
                    NiCode.RESOURCE_RESERVED,
                    f"{self.board.device}: the {self.kind} resource is reserved by the running "
                    f"task {other.name!r}",
                )
