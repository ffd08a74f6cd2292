"""What one output task plays in a run: a finite block, a block over and over, or a stream.

A *stream* is a continuous task that may not play old values again: its program must write new
ones in time. When it did not, the generation has stopped with -200621 and the outputs hold.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim_backend.twins.ni_run import TimedRun
    from sim_backend.twins.ni_task import NiTask

Volts = NDArray[np.float64]


class Generation:
    """The values of one output task, from its start to its stop.

    Attributes:
        end: edges of the run's clock during which it plays; inf until it is stopped.
        underflow: the stream ran dry.
        written: values per channel that were written so far, played ones included.
    """

    def __init__(self, run: "TimedRun", task: "NiTask", ratio: int) -> None:
        """Args: `ratio`: edges of the run's clock that a value lasts."""
        self.run = run
        self.task = task
        self.ratio = ratio
        self.end: float = math.inf if task.continuous else task.samples * ratio
        self.underflow = False
        self.written: int = task.data.shape[1]
        # A stream forgets what it has played: `_data` begins with value number `_first`.
        self._data = task.data
        self._first = 0

    def end_at(self, edge: int) -> None:
        """Get no more edges from this one on."""
        self.end = min(self.end, edge)

    def next_change_s(self) -> float:
        """Bench time of the next value; inf when all have been played."""
        following = -(-self.run.edge // self.ratio) * self.ratio
        return self.run.t0_s + following * self.run.dt_s if following < self.end else math.inf

    def demand_values(self, due: int) -> None:
        """Stop for good if a stream has no value for an edge before `due`."""
        if self.task.streams and self.written * self.ratio < min(due, self.end):
            self.underflow = True
            self.end = self.written * self.ratio

    def values(self, count: int) -> Volts:
        """Of the next `count` edges, which it must have, (channels, count), V."""
        step = np.arange(self.run.edge, self.run.edge + count) // self.ratio
        if self.task.streams:
            values = self._data[:, step - self._first]
            first = (self.run.edge + count) // self.ratio
            self._data, self._first = self._data[:, first - self._first :], first
            return values
        # A buffer shorter than the generation is played again from its beginning.
        return self._data[:, step % self._data.shape[1]]

    def append(self, volts: Volts) -> None:
        """More values (channels, n) for a stream that has room for them."""
        self._data = np.concatenate([self._data, volts], axis=1)
        self.written += volts.shape[1]

    @property
    def passed(self) -> int:
        """Values per channel that have been played."""
        run = self.run
        with run.world.lock:
            run.world.catch_up()
            return max(0, int(min(self.end, run.periods)) // self.ratio)

    def passed_s(self, count: int) -> float:
        """Bench time at which `count` values since the start are over; inf if never."""
        edges = count * self.ratio
        return math.inf if edges > self.end else self.run.t0_s + edges * self.run.dt_s

    def done_s(self) -> float:
        """Bench time at which the last value is over; inf if there is none."""
        return self.run.t0_s + self.end * self.run.dt_s
