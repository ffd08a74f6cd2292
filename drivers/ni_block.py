"""Hardware-timed blocks and streams on an NI board.

With outputs, of the same board or another, the inputs are sampled on the outputs' own clock:
sample k is taken at the edge that starts output value k. One value more is played than is sampled,
the one to rest at.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nidaqmx import errors
from nidaqmx.constants import AcquisitionType
from nidaqmx.stream_readers import AnalogMultiChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter
from numpy.typing import NDArray

from drivers.ni_board import NiBoard, TimedTask
from drivers.ni_errors import translated
from mtjlab.core.clock import Clock
from mtjlab.core.errors import Aborted, LimitError, Timeout
from mtjlab.core.interfaces import Samples
from mtjlab.core.units import si

_POLL_S = 0.01
_MOST_AT_ONCE = 2_000_000  # values per read
_SHORTEST = 2  # samples of a finite task
_STREAM_BUFFER_S = 2.0
_STREAM_BUFFER_BLOCKS = 8

Volts = NDArray[np.float64]


@dataclass(frozen=True)
class Pause:
    """Waits for samples: in bench time, ended by `abort`, bounded by `timeout_s`.

    Attributes:
        clock: bench time.
        abort: ends every wait.
        timeout_s: how much later than due samples may come, s.
    """

    clock: Clock
    abort: threading.Event
    timeout_s: float

    def until(self, due_s: float, where: str) -> None:
        """Let time pass up to `due_s`.

        Raises:
            Aborted: at once when `abort` is set.
        """
        if self.clock.sleep(due_s - self.clock.now_s(), self.abort) or self.abort.is_set():
            raise Aborted(f"{where}: aborted while it waited for samples")

    def for_samples(self, task: Any, count: int, due_s: float, where: str) -> None:
        """Wait until `count` unread samples per channel are there, due at `due_s`.

        A vendor's read cannot be interrupted: it is called when there is nothing to wait for, or
        when waiting was in vain, to say why.
        """
        # Counted from now, too: in hours a board's clock drifts away from ours.
        deadline_s = max(due_s, self.clock.now_s()) + self.timeout_s
        self.until(due_s, where)
        while task.in_stream.avail_samp_per_chan < count and self.clock.now_s() <= deadline_s:
            self.until(self.clock.now_s() + _POLL_S, where)


@dataclass(frozen=True)
class Recording:
    """What one part of a block gave: samples, actual sample rate, time of the first edge."""

    samples_v: Volts
    rate_hz: float
    t0_s: float


def count_steps(
    where: str,
    outputs_v: Volts | None,
    ao: Sequence[str],
    rest_v: Sequence[float],
    steps: int | None,
) -> int:
    """Number of steps of a block: said, or the length of its outputs.

    Raises:
        LimitError: the shapes do not belong together.
    """
    if outputs_v is None:
        if steps is None or steps < 1 or ao or rest_v:
            raise LimitError(
                f"{where}: a block without outputs needs steps >= 1 (got {steps}) and "
                "neither ao nor rest_v; nothing was sent"
            )
        return steps
    if steps is not None or outputs_v.ndim != 2 or not outputs_v.size:
        raise LimitError(
            f"{where}: outputs of shape {outputs_v.shape}; expected (steps, channels), "
            "and no separate number of steps; nothing was sent"
        )
    if outputs_v.shape[1] != len(ao) or len(rest_v) != len(ao):
        raise LimitError(
            f"{where}: {outputs_v.shape[1]} columns and {len(rest_v)} rest values for "
            f"{len(ao)} outputs; nothing was sent"
        )
    return len(outputs_v)


def record(
    board: NiBoard, ai: Sequence[str], rate_hz: float, shape: tuple[int, int, int], pause: Pause
) -> Recording:
    """Sample without outputs. `shape` is (steps, settle, keep).

    Raises:
        Timeout, Overrun, Reported, Aborted: every task is closed.
    """
    inputs = board.kept_inputs(ai)
    return _run(board, board, inputs, None, None, rate_hz, shape, pause, len(ai))


def play(
    board: NiBoard,
    player: NiBoard,
    ao: Sequence[str],
    ai: Sequence[str],
    waveform_v: Volts,
    rate_hz: float,
    shape: tuple[int, int, int],
    pause: Pause,
) -> Recording:
    """Play `waveform_v`, (len(ao), n), and sample on its clock, if anything; the last is held.

    `board` has the inputs and `player` the outputs; they may be one.

    Raises:
        Timeout, Overrun, Reported, Aborted: every task is closed; the outputs hold what they had.
    """
    outputs = player.kept_outputs(ao)
    inputs = board.kept_inputs(ai) if ai else None
    return _run(board, player, inputs, outputs, waveform_v, rate_hz, shape, pause, len(ai))


def _run(
    board: NiBoard,
    player: NiBoard,
    inputs: TimedTask | None,
    outputs: TimedTask | None,
    waveform_v: Volts | None,
    rate_hz: float,
    shape: tuple[int, int, int],
    pause: Pause,
    width: int,
) -> Recording:
    steps, settle, keep = shape
    samples = max(_SHORTEST, steps * (settle + keep))
    clock = pause.clock
    where = board.where if player is board else f"{board.where} on the clock of {player.where}"
    try:
        with translated(where, "a timed block"):
            actual_hz = rate_hz
            if outputs is not None and waveform_v is not None:
                actual_hz = outputs.clock(rate_hz, waveform_v.shape[1])
                writer = AnalogMultiChannelWriter(outputs.task.out_stream, auto_start=False)
                writer.verify_array_shape = False
                writer.write_many_sample(waveform_v, timeout=pause.timeout_s)
            if inputs is not None:
                source = "" if outputs is None else f"/{player.device}/ao/SampleClock"
                own_hz = inputs.clock(rate_hz, samples, source)
                actual_hz = own_hz if outputs is None else actual_hz
                # The inputs first: they wait for the outputs' clock.
                inputs.task.start()
            if outputs is not None:
                outputs.task.start()
            t0_s = clock.now_s()
            kept_v = np.empty((steps, keep, 0))
            if inputs is not None:
                kept_v = _read(board, inputs.task, actual_hz, t0_s, shape, pause, width)
            if outputs is not None and waveform_v is not None:
                pause.until(t0_s + waveform_v.shape[1] / actual_hz, where)
                _finish(player, outputs.task, pause)
                outputs.task.stop()
            if inputs is not None:
                inputs.task.stop()
    except BaseException:
        for each in (board, player):
            each.drop()
        raise
    return Recording(kept_v, actual_hz, t0_s)


def _read(
    board: NiBoard,
    task: Any,
    rate_hz: float,
    t0_s: float,
    shape: tuple[int, int, int],
    pause: Pause,
    width: int,
) -> Volts:
    steps, settle, keep = shape
    per_step = settle + keep
    kept_v = np.empty((steps, keep, width))
    reader = AnalogMultiChannelReader(task.in_stream)
    reader.verify_array_shape = False
    at_once = max(1, _MOST_AT_ONCE // (per_step * width))
    for first in range(0, steps, at_once):
        last = min(steps, first + at_once)
        count = (last - first) * per_step
        pause.for_samples(task, count, t0_s + last * per_step / rate_hz, board.where)
        scan_v = np.empty((width, count))
        with translated(board.where, "reading a block", _lost(task, first * per_step)):
            reader.read_many_sample(scan_v, count, timeout=_POLL_S)
        kept_v[first:last] = np.moveaxis(scan_v.reshape(width, -1, per_step), 0, 2)[:, settle:]
    return kept_v


def _finish(board: NiBoard, task: Any, pause: Pause) -> None:
    deadline_s = pause.clock.now_s() + pause.timeout_s
    while not task.is_task_done():
        if pause.clock.now_s() > deadline_s:
            raise Timeout(
                f"{board.where}: the outputs have not played to their end "
                f"{si(pause.timeout_s, 's')} after they should have. Check the sample clock"
            )
        pause.until(pause.clock.now_s() + _POLL_S, board.where)


def stream(
    board: NiBoard, ai: Sequence[str], rate_hz: float, block: int, pause: Pause
) -> Iterator[Samples]:
    """Sample without a gap until closed; starts with the first `next`.

    Raises:
        Overrun: with the first lost index and the count.
    """
    task = board.inputs(ai)
    try:
        with translated(board.where, "starting a stream"):
            task.timing.cfg_samp_clk_timing(
                rate_hz,
                sample_mode=AcquisitionType.CONTINUOUS,
                samps_per_chan=max(
                    round(_STREAM_BUFFER_S * rate_hz), _STREAM_BUFFER_BLOCKS * block
                ),
            )
            actual_hz = float(task.timing.samp_clk_rate)
            reader = AnalogMultiChannelReader(task.in_stream)
            reader.verify_array_shape = False
            task.start()
            # 0, unless a restored twin goes on with the acquisition that was under way.
            index = int(task.in_stream.curr_read_pos)
        t0_s = pause.clock.now_s() - index / actual_hz
        while True:
            scan_v = np.empty((len(ai), block))
            with translated(board.where, "reading a stream", _lost(task, index)):
                due_s = t0_s + (index + block) / actual_hz
                pause.for_samples(task, block, due_s, board.where)
                reader.read_many_sample(scan_v, block, timeout=_POLL_S)
            yield Samples(index, t0_s + index / actual_hz, scan_v.T)
            index += block
    finally:
        board.release(task)


def _lost(task: Any, read: int) -> Callable[[], tuple[int, int]]:
    """First lost sample and number lost, when `read` samples per channel have been read."""

    def ask() -> tuple[int, int]:
        try:
            acquired = int(task.in_stream.total_samp_per_chan_acquired)
            return read, max(1, acquired - int(task.in_stream.input_buf_size) - read)
        except errors.Error:
            return read, 1

    return ask
