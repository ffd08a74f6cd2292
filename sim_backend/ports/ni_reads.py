"""A read or a wait of a served task: from when on it can be carried out, and then does not wait."""

import math
from typing import Any

import numpy as np
from nidaqmx.errors import DaqReadError
from numpy.typing import NDArray

from sim_backend.ports.ni_sessions import Held
from sim_backend.twins.ni_acquisition import Acquisition

# Of NI-DAQmx: a read that waits for a task that somebody stops, and one that comes after it.
_ABORTED, _READ_AFTER_STOP = -201452, -200473
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
            if "every_n" in self._held.events:
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
        if not task.continuous and part.read + count > task.samples:
            return _AT_ONCE_S
        return min(part.ready_s(count), self._deadline_s)

    def read(self, count: int, width: int, fill: int) -> NDArray[np.float64]:
        """The next samples, (width, count), V; as nidaqmx's interpreter."""
        samples_v = np.empty(width * count)
        self._interpreter.read_analog_f64(self._held.handle, count, self._left_s(), fill, samples_v)
        return samples_v.reshape(width, count)

    def done_s(self) -> float:
        """Bench time at which the task is done, or the time-out."""
        task = self._held.handle.task
        if task is None or not task.running or not task.ticks:
            return _AT_ONCE_S
        return min(task.part.done_s() if task.part else math.inf, self._deadline_s)

    def wait(self) -> None:
        """Be done, or raise; as nidaqmx's interpreter."""
        self._interpreter.wait_until_task_done(self._held.handle, self._left_s())

    def _left_s(self) -> float:
        if self._clock is None or math.isinf(self._deadline_s):
            return -1.0
        return max(0.0, self._deadline_s - self._clock.now_s())
