"""A call of a served task that may have to wait: from when on it can be carried out at once."""

import math
from typing import Any

import numpy as np
from nidaqmx.errors import DaqError, DaqReadError
from numpy.typing import NDArray

from sim_backend.ports.ni_sessions import SAMPLES, Held
from sim_backend.twins.ni_acquisition import Acquisition
from sim_backend.twins.ni_generation import Generation

# Of NI-DAQmx: a read that waits for a task that somebody stops, and one that comes after it.
_ABORTED, _READ_AFTER_STOP = -201452, -200473
_NOT_DONE = -200560
# What has been done already.
_AT_ONCE_S = 0.0


class Waiting:
    """One call that waits for a task; every member belongs under the world's lock.

    Args:
        held: the task.
        interpreter: on simulated boards.
        timeout_s: bench time to wait at most, from now; negative: for ever.
    """

    def __init__(self, held: Held, interpreter: Any, timeout_s: float) -> None:
        self._held = held
        self._interpreter = interpreter
        self._timeout_s = timeout_s
        task = held.handle.task
        self._clock = task.board.world.clock if task is not None else None
        now_s = self._clock.now_s() if self._clock is not None else 0.0
        self._deadline_s = now_s + timeout_s if timeout_s >= 0 else math.inf
        self._begun = False

    def shape(self, count: int) -> tuple[int, int]:
        """Number of inputs, and how many of `count` samples to read at once.

        A reader that waits empties a buffer while it fills, so it reads no more than half of it.
        """
        task = self._held.handle.task
        if task is None or task.kind != "ai":
            return 0, count
        piece = min(count, max(1, task.buffer_samples // 2)) if task.continuous else count
        return len(task.inputs), piece

    def samples_s(self, count: int) -> float:
        """Bench time at which `count` samples can be read, or the time-out; starts the task.

        Raises:
            DaqReadError: somebody has stopped it meanwhile, or the reader heard of its samples by
                an event and comes too late.
        """
        task, name = self._held.handle.task, self._held.handle.name
        if task is None or task.kind != "ai" or not task.ticks:
            return _AT_ONCE_S
        if not task.running:
            if self._begun:
                raise DaqReadError(f"task {name!r} was stopped", _ABORTED, 0, name)
            if SAMPLES in self._held.events:
                # Started again by a late callback it would run with nobody to stop it.
                raise DaqReadError(
                    f"task {name!r} was stopped before this read", _READ_AFTER_STOP, 0, name
                )
            with self._interpreter.answering(self._held.handle, DaqReadError):
                task.start()
                task.implicit = True
        self._begun = True
        part = task.part
        if not isinstance(part, Acquisition):
            return self._deadline_s
        task.board.world.catch_up()
        lost = part.lost_from is not None
        if lost or (not task.continuous and part.read + count > task.samples):
            return _AT_ONCE_S
        return min(part.ready_s(count), self._deadline_s)

    def read(self, count: int, width: int, fill: int) -> NDArray[np.float64]:
        """The next samples, (width, count), V; as nidaqmx's interpreter."""
        samples_v = np.empty(width * count)
        self._interpreter.read_analog_f64(self._held.handle, count, self._left_s(), fill, samples_v)
        return samples_v.reshape(width, count)

    def space_s(self, count: int) -> float:
        """Bench time at which a stream of outputs takes `count` more values, or the time-out."""
        task = self._held.handle.task
        part = task.part if task is not None else None
        if task is None or not task.streams or not isinstance(part, Generation):
            return _AT_ONCE_S
        task.board.world.catch_up()
        if part.underflow or count > task.buffer_samples:
            return _AT_ONCE_S
        played = part.written + count - task.buffer_samples
        return min(part.passed_s(max(0, played)), self._deadline_s)

    def write(self, request: Any, layout: int, volts: NDArray[np.float64]) -> int:
        """Values per channel that were taken; as nidaqmx's interpreter."""
        return int(
            self._interpreter.write_analog_f64(
                self._held.handle,
                request.num_samps_per_chan,
                request.auto_start,
                self._left_s(),
                layout,
                volts,
            )
        )

    def done_s(self) -> float:
        """Bench time at which the task is done, or the time-out."""
        task = self._held.handle.task
        if task is None or not task.running or not task.ticks:
            return _AT_ONCE_S
        return min(task.part.done_s() if task.part else math.inf, self._deadline_s)

    def wait(self) -> None:
        """Be done, or raise; as nidaqmx's interpreter."""
        left_s = self._left_s()
        if left_s == 0 < self._timeout_s and not self._interpreter.is_task_done(self._held.handle):
            name = self._held.handle.name
            raise DaqError(f"not done within {self._timeout_s:g} s", _NOT_DONE, name)
        self._interpreter.wait_until_task_done(self._held.handle, left_s)

    def _left_s(self) -> float:
        if self._clock is None or math.isinf(self._deadline_s):
            return -1.0
        return max(0.0, self._deadline_s - self._clock.now_s())
