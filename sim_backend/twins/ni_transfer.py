"""Samples in and out of a task; bench time passes until they exist.

Vendor behaviour kept here: reading a task that was not started starts it, and a finite task
started like that stops again when its last sample has been read.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.ni_acquisition import Acquisition
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_generation import Generation
from sim_backend.twins.ni_task import NiTask
from sim_backend.twins.ni_wait import demand_no_underflow

Volts = NDArray[np.float64]


def write(task: NiTask, volts: Volts, timeout_s: float, *, auto_start: bool) -> int:
    """Set outputs on demand, fill the buffer that `start` will play, or feed a stream.

    Args:
        task: with outputs.
        volts: (channels, n), V.
        timeout_s: bench time to wait for room in a stream's buffer; negative: for ever.
        auto_start: start afterwards.

    Returns:
        n.

    Raises:
        NiError: outside the channel's range, more than the board's memory holds, or the wrong
            moment: no output has changed. No room in time: `samples` have been taken.
    """
    task.demand_channels()
    for row, channel, (low, high) in zip(volts, task.outputs, task.output_limits_v, strict=True):
        if not (np.isfinite(row).all() and low <= row.min() and row.max() <= high):
            raise NiError(
                NiCode.INVALID_OUTPUT,
                f"{channel}: {row.min():g} .. {row.max():g} V is outside the channel's "
                f"{low:g} .. {high:g} V",
            )
    if task.ticks:
        if task.streams and task.running:
            _feed(task, volts, timeout_s)
        else:
            _fill_buffer(task, volts)
            if auto_start:
                task.start()
    else:
        _set_now(task, volts, auto_start)
    return len(volts[0])


def _fill_buffer(task: NiTask, volts: Volts) -> None:
    task.demand_stopped("its buffer cannot be written")
    memory = task.board.options.memory(len(task.outputs))
    if not task.continuous and len(volts[0]) > memory:
        raise NiError(
            NiCode.ONBOARD_MEMORY_TOO_SMALL,
            f"{len(volts[0])} samples per channel; the output memory holds {memory}: "
            "play it in parts",
        )
    task.data = task.board.settle(task.outputs, volts)
    if task.continuous:
        task.buffer_samples = max(task.buffer_samples, len(volts[0]))


def _feed(task: NiTask, volts: Volts, timeout_s: float) -> None:
    clock = task.board.world.clock
    clock.sleep(task.board.options.write_s)
    deadline_s = clock.now_s() + timeout_s if timeout_s >= 0 else math.inf
    settled = task.board.settle(task.outputs, volts)
    done = 0
    while done < settled.shape[1]:
        demand_no_underflow(task)
        part = task.part
        if not isinstance(part, Generation):
            raise NiError(NiCode.CANNOT_YET_BE_WRITTEN, "it waits for its trigger", samples=done)
        # No more at once than half the buffer, so that the other half keeps the outputs busy.
        count = min(settled.shape[1] - done, max(1, task.buffer_samples // 2))
        room_s = part.passed_s(max(0, part.written + count - task.buffer_samples))
        if room_s > deadline_s:
            clock.sleep(deadline_s - clock.now_s())
            raise NiError(
                NiCode.CANNOT_YET_BE_WRITTEN,
                f"{settled.shape[1] - done} values find no room in the buffer of "
                f"{task.buffer_samples} in time",
                samples=done,
            )
        clock.sleep(room_s - clock.now_s())
        demand_no_underflow(task)
        part.append(settled[:, done : done + count])
        done += count


def _set_now(task: NiTask, volts: Volts, auto_start: bool) -> None:
    if len(volts[0]) != 1:
        raise NiError(
            NiCode.WRITE_NEEDS_TIMING,
            f"{len(volts[0])} samples written to a task without a sample clock",
        )
    if not task.running:
        if not auto_start:
            raise NiError(
                NiCode.INVALID_ATTRIBUTE_VALUE,
                "an output on demand needs a started task, or auto_start",
            )
        task.rack.demand_free(task)
    task.board.world.clock.sleep(task.board.options.write_s)
    task.board.set_outputs(dict(zip(task.outputs, map(float, volts[:, 0]), strict=True)))


def read(task: NiTask, count: int, timeout_s: float) -> Volts:
    """The next `count` samples, (channels, count), V.

    Args:
        task: with inputs.
        count: samples per channel, >= 0.
        timeout_s: bench time to wait at most; negative: for ever.

    Raises:
        NiError: not there in time, overwritten before they were read, or beyond the last one.
    """
    task.demand_channels()
    if task.kind != "ai":
        raise NiError(NiCode.READ_WITHOUT_INPUTS, f"task {task.name!r} has no inputs")
    clock = task.board.world.clock
    if not task.ticks:
        if not task.running:
            task.rack.demand_free(task)
        clock.sleep(task.board.options.read_s)
        return task.board.read_now(task.inputs, count, task.rack.held_v(task.board)).T
    if not task.running:
        task.start()
        task.implicit = True
    clock.sleep(task.board.options.read_s)
    deadline_s = clock.now_s() + timeout_s if timeout_s >= 0 else math.inf
    part = task.part
    if not isinstance(part, Acquisition):
        raise _given_up(task, deadline_s, "the start trigger or sample clock has not come", 0)
    if not task.continuous and part.read + count > task.samples:
        raise NiError(
            NiCode.WILL_NEVER_BE_AVAILABLE,
            f"{count} samples wanted, {task.samples - part.read} of {task.samples} remain",
        )
    got = []
    while count:
        # A reader that waits empties the buffer while it fills.
        piece = min(count, task.buffer_samples)
        _wait_for(task, part, piece, deadline_s)
        got.append(part.take(piece))
        count -= piece
    if task.implicit and not task.continuous and part.read == task.samples:
        task.stop()
    if len(got) == 1:
        return got[0]
    return np.concatenate([np.empty((len(task.inputs), 0)), *got], axis=1)


def _wait_for(task: NiTask, part: Acquisition, count: int, deadline_s: float) -> None:
    _demand_nothing_lost(task, part)
    ready_s = part.ready_s(count)
    if ready_s > deadline_s or math.isinf(ready_s):
        why = f"{count} samples of task {task.name!r} are not acquired in time"
        raise _given_up(task, deadline_s, why, part.passed - part.read)
    task.rack.events.rest_until(task.board.world.clock, ready_s)
    _demand_nothing_lost(task, part)


def _demand_nothing_lost(task: NiTask, part: Acquisition) -> None:
    task.board.world.catch_up()
    if part.lost_from is not None:
        raise NiError(
            NiCode.NO_LONGER_AVAILABLE,
            f"samples from {part.lost_from} on were overwritten before they were read; the "
            f"buffer holds {task.buffer_samples} per channel. Read sooner, or stop the task "
            "and give it a larger buffer",
        )


def _given_up(task: NiTask, deadline_s: float, why: str, available: int) -> NiError:
    clock = task.board.world.clock
    if math.isfinite(deadline_s):
        clock.sleep(deadline_s - clock.now_s())
    return NiError(NiCode.NOT_YET_AVAILABLE, why, samples=available)
