"""What runs on one board's clocks between a start and a stop.

The run follows the world: it takes the samples that are due, and plays the output values that
are due, before anybody else looks at the junctions or moves a source. So another instrument may
do its work in the middle of an acquisition and is seen at the right sample.

Samples are counted by integers; sample k is taken at t0 + k dt and can be read from
t0 + (k + 1) dt on, when its conversion is over.
"""

import math
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.ni_errors import NiCode, NiError

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask
    from sim_backend.twins.nidaqmx import NiBoardTwin

TIMEBASE_HZ = 100e6
# A clock of doubles misses an edge by rounding; a thousandth of a period is no time at all.
_EDGE_TOLERANCE = 1e-3
_STATES_AT_ONCE = 2_000_000

Volts = NDArray[np.float64]


class TimedRun:
    """Inputs and outputs that were started together; either may be absent.

    Attributes:
        t0_s: bench time of the first clock edge.
        dt_s: period of the inputs' clock, or of the outputs' if there are none, s.
        lost_from: first unread sample when the input buffer overflowed; None if it did not.
    """

    def __init__(
        self, board: "NiBoardTwin", inputs: "NiTask | None", outputs: "NiTask | None"
    ) -> None:
        self.board = board
        self._ai, self._ao = inputs, outputs
        in_ticks, out_ticks = _ticks(inputs, outputs)
        # An output value lasts a whole number of input samples.
        self._ratio, rest = divmod(out_ticks, in_ticks)
        if rest:
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE,
                f"inputs at {TIMEBASE_HZ / in_ticks:g} Hz started by outputs at "
                f"{TIMEBASE_HZ / out_ticks:g} Hz: the twin samples only at whole multiples of "
                "the output rate; use one clock for both",
            )
        self.t0_s = board.world.clock.now_s()
        self.dt_s = in_ticks / TIMEBASE_HZ
        self.lost_from: int | None = None
        self._edge = self._taken = self._read = 0
        self._pieces: deque[Volts] = deque()
        # Edges of the common grid after which inputs and outputs have had all their samples.
        self._in_end: float = 0
        self._out_end: float = outputs.samples * self._ratio if outputs else 0
        if inputs:
            self._in_end = math.inf if inputs.continuous else inputs.samples
            if outputs and inputs.clocked_by_other:
                self._in_end = min(self._in_end, self._out_end)
            if outputs and outputs.clocked_by_other:
                self._out_end = min(self._out_end, self._in_end)
        self._following = True
        board.world.follow(self)

    def done_s(self, task: "NiTask") -> float:
        """Bench time at which the task's last sample is over; inf if it never will be."""
        if task is self._ao:
            return self.t0_s + self._out_end * self.dt_s
        if task.continuous or self._in_end < task.samples:
            return math.inf
        return self.t0_s + task.samples * self.dt_s

    def ready_s(self, count: int) -> float:
        """Bench time at which `count` more input samples can be read; inf if never."""
        target = self._read + count
        return math.inf if target > self._in_end else self.t0_s + target * self.dt_s

    @property
    def acquired(self) -> int:
        """Input samples per channel that have been converted."""
        with self.board.world.lock:
            self.board.world.catch_up()
            passed = (self.board.world.clock.now_s() - self.t0_s) / self.dt_s
            return max(0, min(self._taken, math.floor(passed + _EDGE_TOLERANCE)))

    @property
    def read(self) -> int:
        """Input samples per channel that have been read."""
        return self._read

    def take(self, count: int) -> Volts:
        """The next `count` samples, which must have been acquired, (channels, count)."""
        assert self._ai is not None
        got = [np.empty((0, len(self._ai.inputs)))]
        missing = count
        with self.board.world.lock:
            while missing:
                piece = self._pieces.popleft()
                got.append(piece[:missing])
                if len(piece) > missing:
                    self._pieces.appendleft(piece[missing:])
                missing -= len(got[-1])
            self._read += count
        return np.concatenate(got).T

    def leave(self, task: "NiTask") -> None:
        """Stop one task where it is; outputs hold, and what it clocked gets no more edges."""
        with self.board.world.lock:
            self.board.world.catch_up()
            if task is self._ao:
                self._ao, self._out_end = None, 0
                if self._ai is not None and self._ai.clocked_by_other:
                    self._in_end = min(self._in_end, self._taken)
            else:
                if self._ao is not None and self._ao.clocked_by_other:
                    self._out_end = min(self._out_end, self._edge)
                self._ai, self._in_end = None, 0
            self._unfollow_when_through()

    def next_change_s(self) -> float:
        """Bench time of the next output value; inf when all have been played."""
        following = -(-self._edge // self._ratio) * self._ratio
        return self.t0_s + following * self.dt_s if following < self._out_end else math.inf

    def catch_up(self, until_s: float) -> None:
        """Take and play what is due at `until_s`, the edge at that very instant included."""
        with self.board.world.lock:
            passed = (until_s - self.t0_s) / self.dt_s
            due = math.floor(passed + _EDGE_TOLERANCE) + 1
            if self._ai is not None and self._ai.continuous and self.lost_from is None:
                unread = min(due - 1, self._in_end) - self._read
                if unread > self._ai.buffer_samples:
                    self.lost_from = self._read
                    self._pieces.clear()
            width = len(self._ai.inputs) if self._ai is not None else 1
            at_once = max(1, _STATES_AT_ONCE // width)
            while self._following and self._edge < due:
                ends = [e for e in (self._in_end, self._out_end) if e > self._edge]
                if not ends:
                    break
                self._advance(int(min(due, *ends, self._edge + at_once)) - self._edge)
            self._unfollow_when_through()

    def _advance(self, count: int) -> None:
        played = self._waveforms(count)
        sampling = self._edge < self._in_end and self.lost_from is None
        inputs = self._ai.inputs if self._ai is not None and sampling else ()
        if inputs or played:
            volts = self.board.world.sample(
                self.board.wired(inputs),
                t0_s=self.t0_s + self._edge * self.dt_s,
                dt_s=self.dt_s,
                n=count,
                drive={self.board.terminal(channel): v for channel, v in played.items()},
            )
            if inputs:
                self._pieces.append(self.board.convert(inputs, volts, played))
                self._taken += count
        for channel, v in played.items():
            self.board.held_v[channel] = float(v[-1])
        self._edge += count

    def _waveforms(self, count: int) -> Mapping[str, Volts]:
        if self._ao is None or self._edge >= self._out_end:
            return {}
        # A buffer shorter than the generation is played again from its beginning.
        step = np.arange(self._edge, self._edge + count) // self._ratio % self._ao.data.shape[1]
        return dict(zip(self._ao.outputs, self._ao.data[:, step], strict=True))

    def _unfollow_when_through(self) -> None:
        if self._following and self._edge >= max(self._in_end, self._out_end):
            self._following = False
            self.board.world.unfollow(self)


def _ticks(inputs: "NiTask | None", outputs: "NiTask | None") -> tuple[int, int]:
    """Periods of the two sample clocks in ticks of the time base; equal if one is absent."""
    if inputs is None or outputs is None:
        alone = inputs or outputs
        assert alone is not None
        return alone.ticks, alone.ticks
    return (
        outputs.ticks if inputs.clocked_by_other else inputs.ticks,
        inputs.ticks if outputs.clocked_by_other else outputs.ticks,
    )
