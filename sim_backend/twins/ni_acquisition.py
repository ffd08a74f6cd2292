"""What one input task has taken in a run: samples that wait for a reader.

Samples are counted by integers; sample k is taken at t0 + k dt and can be read from
t0 + (k + 1) dt on, when its conversion is over.

After an overrun, as with NI's default (unread samples are not overwritten): the acquisition has
stopped, every read fails with -200279 until the task is stopped, and the count of samples goes
on, so that count less buffer says how many were lost.
"""

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sim_backend.twins.ni_run import TimedRun
    from sim_backend.twins.ni_task import NiTask

Volts = NDArray[np.float64]


class Acquisition:
    """The samples of one input task, from its start to its stop.

    Attributes:
        end: edges of the run's clock that it samples at; inf until it is stopped.
        lost_from: first unread sample when the buffer overflowed; None if it did not.
        read: samples per channel that have been read.
    """

    def __init__(self, run: "TimedRun", task: "NiTask") -> None:
        self.run = run
        self.task = task
        self.end: float = math.inf if task.continuous else task.samples
        self.lost_from: int | None = None
        self.read = 0
        self.convert_s = task.convert_s(run.dt_s)
        self.addresses = task.board.analogue.wired(task.inputs)
        self.skew_s = task.board.analogue.skew_s(task.inputs, self.convert_s)
        self._taken = 0
        self._pieces: deque[Volts] = deque()

    @property
    def samples_at(self) -> bool:
        """Whether it takes the next edge."""
        return self.run.edge < self.end and self.lost_from is None

    def end_at(self, edge: int) -> None:
        """Get no more edges from this one on."""
        self.end = min(self.end, max(edge, self._taken))

    def demand_room(self, due: int) -> None:
        """Stop for good if more unread samples than the buffer holds are due before edge `due`."""
        if self.task.continuous and self.lost_from is None:
            unread = min(due - 1, self.end) - self.read
            if unread > self.task.buffer_samples:
                self.lost_from = self.read
                self._pieces.clear()

    def put(self, volts: Volts) -> None:
        """Converted samples (n, channels) of the next n edges."""
        self._pieces.append(volts)
        self._taken += len(volts)

    def unread(self) -> Volts:
        """Samples that wait for a reader, (n, channels); they stay."""
        return np.concatenate([np.empty((0, len(self.task.inputs))), *self._pieces])

    def take_up(self, taken: int, unread_v: Volts) -> None:
        """Be where another acquisition was after `taken` samples, of which some are unread."""
        self._taken, self.read = taken, taken - len(unread_v)
        self._pieces = deque([unread_v] if len(unread_v) else ())

    def passed_s(self, count: int) -> float:
        """Bench time at which `count` samples since the start are over; inf if never."""
        never = count > self.end or self.lost_from is not None
        return math.inf if never else self.run.t0_s + count * self.run.dt_s

    def done_s(self) -> float:
        """Bench time at which the task's last sample is over; inf if it never will be."""
        return math.inf if self.task.continuous else self.passed_s(self.task.samples)

    def ready_s(self, count: int) -> float:
        """Bench time at which `count` more samples can be read; inf if never."""
        return self.passed_s(self.read + count)

    @property
    def passed(self) -> int:
        """Samples per channel that have been converted, lost ones included."""
        run = self.run
        with run.world.lock:
            run.world.catch_up()
            most = self.end if self.lost_from is not None else self._taken
            return max(0, int(min(most, run.periods)))

    def take(self, count: int) -> Volts:
        """The next `count` samples, which must have been acquired, (channels, count)."""
        got = []
        missing = count
        with self.run.world.lock:
            while missing:
                piece = self._pieces.popleft()
                if len(piece) > missing:
                    self._pieces.appendleft(piece[missing:])
                got.append(piece[:missing])
                missing -= len(got[-1])
            self.read += count
        if not got:
            return np.empty((len(self.task.inputs), 0))
        return (got[0] if len(got) == 1 else np.concatenate(got)).T
