"""Samples in and out of a task; bench time passes until they exist.

Vendor behaviour kept here: reading a task that was not started starts it, and a finite task
started like that stops again when its last sample has been read.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim_backend.twins.converter import quantise
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_run import TimedRun
from sim_backend.twins.ni_task import NiTask

Volts = NDArray[np.float64]


def write(task: NiTask, volts: Volts, *, auto_start: bool) -> int:
    """Set outputs on demand, or fill the buffer that `start` will play.

    Args:
        task: with outputs.
        volts: (channels, n), V.
        auto_start: start afterwards.

    Returns:
        n.

    Raises:
        NiError: outside the channel's range, more than the board's memory holds, or the wrong
            moment; no output has changed.
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
        _fill_buffer(task, volts)
        if auto_start:
            task.start()
    else:
        _set_now(task, volts, auto_start)
    return len(volts[0])


def _fill_buffer(task: NiTask, volts: Volts) -> None:
    task.demand_stopped("its buffer cannot be written")
    options = task.board.options
    if len(volts[0]) > options.block_samples:
        raise NiError(
            NiCode.ONBOARD_MEMORY_TOO_SMALL,
            f"{len(volts[0])} samples per channel; the output memory holds "
            f"{options.block_samples}: play it in parts",
        )
    task.data = quantise(volts, options.output_range_v, options.bits)


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
        task.demand_free()
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
            task.demand_free()
        clock.sleep(task.board.options.read_s)
        return _sample_now(task, count)
    if not task.running:
        task.start()
        task.implicit = True
    clock.sleep(task.board.options.read_s)
    deadline_s = clock.now_s() + timeout_s if timeout_s >= 0 else math.inf
    run = task.run
    if run is None:
        raise _given_up(task, deadline_s, "the start trigger or sample clock has not come", 0)
    if not task.continuous and run.read + count > task.samples:
        raise NiError(
            NiCode.WILL_NEVER_BE_AVAILABLE,
            f"{count} samples wanted, {task.samples - run.read} of {task.samples} remain",
        )
    got = [np.empty((len(task.inputs), 0))]
    while count:
        # A reader that waits empties the buffer while it fills.
        piece = min(count, task.buffer_samples)
        _wait_for(task, run, piece, deadline_s)
        got.append(run.take(piece))
        count -= piece
    if task.implicit and not task.continuous and run.read == task.samples:
        task.stop()
    return np.concatenate(got, axis=1)


def _sample_now(task: NiTask, count: int) -> Volts:
    board = task.board
    volts = board.world.node_voltages(
        board.wired(task.inputs), dt_s=1.0 / board.options.rate_hz, n=count
    )
    return board.convert(task.inputs, volts, {}).T


def _wait_for(task: NiTask, run: TimedRun, count: int, deadline_s: float) -> None:
    _demand_nothing_lost(task, run)
    ready_s = run.ready_s(count)
    if ready_s > deadline_s or math.isinf(ready_s):
        why = f"{count} samples of task {task.name!r} are not acquired in time"
        raise _given_up(task, deadline_s, why, run.acquired - run.read)
    clock = task.board.world.clock
    clock.sleep(ready_s - clock.now_s())
    _demand_nothing_lost(task, run)


def _demand_nothing_lost(task: NiTask, run: TimedRun) -> None:
    task.board.world.catch_up()
    if run.lost_from is not None:
        raise NiError(
            NiCode.NO_LONGER_AVAILABLE,
            f"samples from {run.lost_from} on were overwritten before they were read; the "
            f"buffer holds {task.buffer_samples} per channel. Read sooner, or stop the task "
            "and give it a larger buffer",
        )


def _given_up(task: NiTask, deadline_s: float, why: str, available: int) -> NiError:
    clock = task.board.world.clock
    if math.isfinite(deadline_s):
        clock.sleep(deadline_s - clock.now_s())
    return NiError(NiCode.NOT_YET_AVAILABLE, why, samples=available)
