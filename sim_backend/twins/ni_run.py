"""What runs on one sample clock between a start and a stop, on one board or on several.

The run follows the world: it takes the samples that are due, and plays the output values that
are due, before anybody else looks at the junctions or moves a source. So another instrument may
do its work in the middle of an acquisition and is seen at the right sample. (A scan through a
multiplexer counts as one sample: a source that moves in the middle of it is seen by the next.)
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.ni_acquisition import Acquisition
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_generation import Generation
from sim_backend.twins.ni_inputs import sampled

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask

TIMEBASE_HZ = 100e6
# A clock of doubles misses an edge by rounding; a thousandth of a period is no time at all.
_EDGE_TOLERANCE = 1e-3
_STATES_AT_ONCE = 2_000_000

Volts = NDArray[np.float64]
Part = Acquisition | Generation


class TimedRun:
    """Tasks that were started together: the leader, and those that waited for it.

    Attributes:
        t0_s: bench time of the first clock edge.
        dt_s: period of the inputs' clock, or of the fastest outputs' if there are no inputs, s.
        edge: the next edge to be done; all before it have been.
        parts: what each task does in it.
    """

    def __init__(self, tasks: "Sequence[NiTask]") -> None:
        """Start at this instant.

        Raises:
            NiError: clocks of which one is not a whole multiple of the other.
        """
        self.world = tasks[0].board.world
        ticks = {id(task): _ticks(task, tasks) for task in tasks}
        inputs = [task for task in tasks if task.kind == "ai"]
        step = min(ticks[id(task)] for task in inputs or tasks)
        for task in tasks:
            # An output value lasts a whole number of samples, and inputs share one clock.
            if ticks[id(task)] % step or (task.kind == "ai" and ticks[id(task)] != step):
                raise NiError(
                    NiCode.INVALID_ATTRIBUTE_VALUE,
                    f"task {task.name!r} at {TIMEBASE_HZ / ticks[id(task)]:g} Hz runs with "
                    f"inputs at {TIMEBASE_HZ / step:g} Hz: the twin samples only at whole "
                    "multiples of the output rate; use one clock for both",
                )
        self.t0_s = self.world.clock.now_s()
        self.dt_s = step / TIMEBASE_HZ
        self.edge = 0
        self.parts: dict[NiTask, Part] = {
            task: Acquisition(self, task)
            if task.kind == "ai"
            else Generation(self, task, ticks[id(task)] // step)
            for task in tasks
        }
        for _ in tasks:
            for task, part in self.parts.items():
                leader = task.clock_source
                if leader is not None:
                    part.end = min([part.end, *(p.end for p in self._parts_of(leader))])
        self._following = True
        self.world.follow(self)

    def _parts_of(self, source: "tuple[object, str]") -> list[Part]:
        return [p for t, p in self.parts.items() if (t.board, t.kind) == source]

    @property
    def periods(self) -> int:
        """Whole periods since the start."""
        passed = (self.world.clock.now_s() - self.t0_s) / self.dt_s
        return math.floor(passed + _EDGE_TOLERANCE)

    def leave(self, task: "NiTask") -> None:
        """Stop one task where it is; outputs hold, and what it clocked gets no more edges."""
        with self.world.lock:
            self.world.catch_up()
            del self.parts[task]
            for other, part in self.parts.items():
                if other.clock_source == (task.board, task.kind):
                    part.end_at(self.edge)
            self._unfollow_when_through()

    def next_change_s(self) -> float:
        """Bench time of the next output value; inf when all have been played."""
        changes = [p.next_change_s() for p in self.parts.values() if isinstance(p, Generation)]
        return min(changes, default=math.inf)

    def catch_up(self, until_s: float) -> None:
        """Take and play what is due at `until_s`, the edge at that very instant included."""
        with self.world.lock:
            passed = (until_s - self.t0_s) / self.dt_s
            due = math.floor(passed + _EDGE_TOLERANCE) + 1
            for part in self.parts.values():
                if isinstance(part, Acquisition):
                    part.demand_room(due)
                else:
                    part.demand_values(due)
            width = sum(len(task.inputs) for task in self.parts) or 1
            at_once = max(1, _STATES_AT_ONCE // width)
            while self._following and self.edge < due:
                ends = [part.end for part in self.parts.values() if part.end > self.edge]
                if not ends:
                    break
                self._advance(int(min(due, *ends, self.edge + at_once)) - self.edge)
            self._unfollow_when_through()

    def _advance(self, count: int) -> None:
        played = self._waveforms(count)
        taking = [p for p in self.parts.values() if isinstance(p, Acquisition) and p.samples_at]
        if taking or played:
            drive = {
                task.board.terminal(channel): volts
                for task, waveforms in played.items()
                for channel, volts in waveforms.items()
            }
            wired_v = sampled(
                self.world,
                [address for part in taking for address in part.addresses],
                np.concatenate([np.empty(0), *(part.skew_s for part in taking)]),
                t0_s=self.t0_s + self.edge * self.dt_s,
                dt_s=self.dt_s,
                n=count,
                drive=drive,
            )
            first = 0
            for part in taking:
                last = first + len(part.addresses)
                mine = wired_v if len(taking) == 1 else wired_v[:, first:last].copy()
                part.put(self._converted(part, mine, played))
                first = last
        for task, waveforms in played.items():
            for channel, volts in waveforms.items():
                task.board.held_v[channel] = float(volts[-1])
        self.edge += count

    def _converted(
        self, part: Acquisition, wired_v: Volts, played: "Mapping[NiTask, Mapping[str, Volts]]"
    ) -> Volts:
        task = part.task
        outputs_v: dict[str, Volts | float] = dict(task.rack.held_v(task.board))
        for other, waveforms in played.items():
            outputs_v |= {other.board.terminal(c): v for c, v in waveforms.items()}
        return task.board.analogue.read(
            task.inputs, wired_v, outputs_v, dt_s=self.dt_s, convert_s=part.convert_s
        )

    def _waveforms(self, count: int) -> "dict[NiTask, dict[str, Volts]]":
        return {
            task: dict(zip(task.outputs, task.board.noisy(part.values(count)), strict=True))
            for task, part in self.parts.items()
            if isinstance(part, Generation) and self.edge < part.end
        }

    def _unfollow_when_through(self) -> None:
        ends = [part.end for part in self.parts.values()]
        if self._following and self.edge >= max(ends, default=0):
            self._following = False
            self.world.unfollow(self)


def _ticks(task: "NiTask", tasks: "Sequence[NiTask]") -> int:
    """Period of the sample clock that a task runs on, in ticks of the time base."""
    for _ in tasks:
        if task.clock_source is None:
            break
        leaders = [t for t in tasks if (t.board, t.kind) == task.clock_source]
        if not leaders:
            break
        task = leaders[0]
    return task.ticks
