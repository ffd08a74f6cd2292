"""The calls that nidaqmx makes to set up, run and read tasks, answered by simulated boards.

Names and arguments are the vendor's. Errors are nidaqmx's own, with NI's numbers.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import numpy as np
from nidaqmx.constants import (
    AcquisitionType,
    FillMode,
    TaskMode,
    TerminalConfiguration,
)
from nidaqmx.errors import DaqError, DaqReadError, DaqWriteError
from nidaqmx.utils import unflatten_channel_string
from numpy.typing import NDArray

from mtjlab.core.wiring import TerminalMode
from sim_backend.ports.ni_attributes import Session
from sim_backend.twins import ni_faults
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_events import Events
from sim_backend.twins.ni_rack import NiRack
from sim_backend.twins.ni_task import NiTask
from sim_backend.twins.ni_transfer import read, write
from sim_backend.twins.ni_wait import demand_no_underflow, wait
from sim_backend.twins.nidaqmx import NiBoardTwin

# None: what the channel has first.
_TERMINALS: dict[int, TerminalMode | None] = {
    TerminalConfiguration.DEFAULT.value: None,
    TerminalConfiguration.DIFF.value: "differential",
    TerminalConfiguration.RSE.value: "rse",
    TerminalConfiguration.NRSE.value: "nrse",
    TerminalConfiguration.PSEUDO_DIFF.value: "pseudodifferential",
}


class TaskCalls:
    """Tasks and their samples; arguments and results are those of nidaqmx's interpreter.

    One call runs at a time, from whatever thread.
    """

    def __init__(self, boards: Mapping[str, NiBoardTwin]) -> None:
        self._boards = boards
        self._rack = NiRack(boards)
        self._sessions: dict[str, Session] = {}
        self._unnamed = 0
        self._last_created = ""
        self._lock = threading.RLock()

    @property
    def lock(self) -> AbstractContextManager[object]:
        """The world's, so that nobody moves what a call looks at; our own while there is none."""
        return next((board.world.lock for board in self._boards.values()), self._lock)

    @contextmanager
    def answering(
        self, session: Session | None = None, error: Callable[..., Exception] | None = None
    ) -> Iterator[None]:
        """One call at a time; the board's refusals become nidaqmx's errors."""
        name = session.name if session else ""
        with self.lock:
            try:
                yield
            except NiError as refusal:
                if error is None:
                    raise DaqError(str(refusal), refusal.code, name) from refusal
                raise error(str(refusal), refusal.code, refusal.samples, name) from refusal
            self.deliver_events()

    @property
    def events(self) -> Events:
        """What programs want to be called for."""
        return self._rack.events

    def deliver_events(self) -> None:
        """Make the calls that programs registered for and that are due by now."""
        board = next(iter(self._boards.values()), None)
        if board is not None:
            self.events.deliver(board.world.clock.now_s())

    def on_board(self, session: Session) -> NiTask:
        """The task behind a handle; refused if it was cleared or has no channels."""
        if self._sessions.get(session.name) is not session:
            raise NiError(NiCode.INVALID_TASK, f"task {session.name!r} was cleared")
        if session.task is None:
            raise NiError(NiCode.NO_CHANNELS, f"task {session.name!r} has no channels")
        ni_faults.demand_reachable(session.task.board, session.epoch)
        return session.task

    def board(self, device: str) -> NiBoardTwin:
        """The board by NI's name."""
        if device not in self._boards:
            raise NiError(
                NiCode.INVALID_DEVICE,
                f"there is no device {device!r}; present: {', '.join(self._boards) or 'none'}",
            )
        ni_faults.demand_reachable(self._boards[device])
        return self._boards[device]

    # --- tasks and their channels

    def create_task(self, session_name: str) -> tuple[Session, bool]:
        """A new handle, and that nidaqmx shall clear it."""
        with self.answering():
            while not session_name:
                candidate = f"_unnamedTask<{self._unnamed:X}>"
                self._unnamed += 1
                session_name = "" if candidate in self._sessions else candidate
            if session_name in self._sessions:
                raise NiError(NiCode.DUPLICATE_TASK, f"there is a task {session_name!r} already")
            session = self._sessions[session_name] = Session(session_name)
            return session, True

    def clear_task(self, task: Session) -> None:
        """Stop and forget; outputs hold."""
        with self.answering(task):
            if task.task is not None:
                task.task.clear()
            if self._sessions.get(task.name) is task:
                del self._sessions[task.name]

    def abandon_task(self, task: Session) -> None:
        """Forget a task whose client has died; outputs hold, and a finite one plays on."""
        with self.answering(task):
            if task.task is not None:
                task.task.abandon()
            if self._sessions.get(task.name) is task:
                del self._sessions[task.name]

    def hash_task_handle(self, task: Session) -> int:
        """For nidaqmx's channel objects."""
        return hash(task)

    def internal_get_last_created_chan(self) -> str:
        """Names that the last `create_*_chan` made."""
        return self._last_created

    def create_ai_voltage_chan(
        self,
        task: Session,
        physical_channel: str,
        name_to_assign_to_channel: str,
        terminal_config: int,
        min_val: float,
        max_val: float,
        units: int,
        custom_scale_name: str,
    ) -> None:
        """Add inputs."""
        if terminal_config not in _TERMINALS:
            raise NotImplementedError(f"the terminal configuration {terminal_config}")
        with self.answering(task):
            simulated, channels = self._located(task, physical_channel)
            simulated.add_inputs(channels, min_val, max_val, _TERMINALS[terminal_config])
            self._label(task, simulated, channels, name_to_assign_to_channel)

    def create_ao_voltage_chan(
        self,
        task: Session,
        physical_channel: str,
        name_to_assign_to_channel: str,
        min_val: float,
        max_val: float,
        units: int,
        custom_scale_name: str,
    ) -> None:
        """Add outputs."""
        with self.answering(task):
            simulated, channels = self._located(task, physical_channel)
            simulated.add_outputs(channels, min_val, max_val)
            self._label(task, simulated, channels, name_to_assign_to_channel)

    def _located(self, session: Session, physical: str) -> tuple[NiTask, list[str]]:
        names = [name.rpartition("/")[::2] for name in unflatten_channel_string(physical)]
        devices = {device for device, _ in names}
        if session.task is not None:
            devices.add(session.task.board.device)
        if len(devices) != 1 or not devices <= set(self._boards):
            raise NiError(
                NiCode.NO_SUCH_CHANNEL,
                f"{physical!r}: expected channels of one device, such as Dev1/ai0:3; "
                f"devices present: {', '.join(self._boards) or 'none'}",
            )
        board = self.board(devices.pop())
        if session.task is None:
            session.epoch = ni_faults.epoch_of(board)
        return session.task or NiTask(board, session.name, self._rack), [
            channel for _, channel in names
        ]

    def _label(self, session: Session, task: NiTask, channels: list[str], name: str) -> None:
        session.task = task
        if not name:
            labels = [f"{task.board.device}/{channel}" for channel in channels]
        elif len(channels) == 1:
            labels = [name]
        else:
            labels = [f"{name}{position}" for position in range(len(channels))]
        session.labels |= dict(zip(labels, channels, strict=True))
        self._last_created = ", ".join(labels)

    # --- timing, start and stop

    def cfg_samp_clk_timing(
        self,
        task: Session,
        rate: float,
        source: str,
        active_edge: int,
        sample_mode: int,
        samps_per_chan: int,
    ) -> None:
        """Finite or continuous sampling on a clock."""
        with self.answering(task):
            simulated = self.on_board(task)
            modes = (AcquisitionType.FINITE.value, AcquisitionType.CONTINUOUS.value)
            if sample_mode not in modes:
                raise NiError(
                    NiCode.INVALID_ATTRIBUTE_VALUE,
                    f"sample mode {sample_mode}; expected {modes[0]} (finite) "
                    f"or {modes[1]} (continuous)",
                )
            simulated.clock(
                rate, source, continuous=sample_mode == modes[1], samples=samps_per_chan
            )

    def cfg_dig_edge_start_trig(
        self, task: Session, trigger_source: str, trigger_edge: int
    ) -> None:
        """Start with the other half of the board."""
        with self.answering(task):
            self.on_board(task).trigger(trigger_source)

    def start_task(self, task: Session) -> None:
        """Start, or arm."""
        with self.answering(task):
            self._start(task)

    def _start(self, task: Session) -> None:
        simulated = self.on_board(task)
        ni_faults.meet(simulated, "start")
        simulated.start()

    def stop_task(self, task: Session) -> None:
        """Stop; outputs hold."""
        with self.answering(task):
            self.on_board(task).stop()

    def task_control(self, task: Session, action: int) -> None:
        """Start, stop or abort; the other transitions find everything verified already."""
        with self.answering(task):
            match TaskMode(action):
                case TaskMode.TASK_START:
                    self._start(task)
                case TaskMode.TASK_STOP | TaskMode.TASK_ABORT:
                    self.on_board(task).stop()
                case _:
                    self.on_board(task)

    def wait_until_task_done(self, task: Session, time_to_wait: float) -> None:
        """Let bench time pass until done, or -200560."""
        with self.answering(task):
            simulated = self.on_board(task)
            ni_faults.meet(simulated, "wait", time_to_wait)
            wait(simulated, time_to_wait)

    def is_task_done(self, task: Session) -> bool:
        """Whether all samples are over."""
        with self.answering(task):
            simulated = self.on_board(task)
            demand_no_underflow(simulated)
            return simulated.done

    # --- samples

    def read_analog_f64(
        self,
        task: Session,
        num_samps_per_chan: int,
        timeout: float,
        fill_mode: int,
        read_array: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], int]:
        """Fill `read_array` in place; each channel's samples at the start of its row."""
        _demand_by_channel(fill_mode)
        _demand_c_doubles(read_array)
        with self.answering(task, DaqReadError):
            simulated = self.on_board(task)
            ni_faults.meet(simulated, "read", timeout)
            rows = read_array.reshape(max(1, len(simulated.inputs)), -1)
            rows[:, :num_samps_per_chan] = read(simulated, num_samps_per_chan, timeout)
            return read_array, num_samps_per_chan

    def write_analog_f64(
        self,
        task: Session,
        num_samps_per_chan: int,
        auto_start: bool,
        timeout: float,
        data_layout: int,
        write_array: NDArray[np.float64],
    ) -> int:
        """Set outputs on demand, or fill the buffer."""
        _demand_by_channel(data_layout)
        _demand_c_doubles(write_array)
        with self.answering(task, DaqWriteError):
            simulated = self.on_board(task)
            wanted = len(simulated.outputs) * num_samps_per_chan
            if not wanted or write_array.size != wanted:
                raise NiError(
                    NiCode.WRITE_SHAPE,
                    f"{write_array.size} values for {len(simulated.outputs)} outputs of "
                    f"{num_samps_per_chan} samples",
                )
            ni_faults.meet(simulated, "write", timeout)
            rows = write_array.reshape(len(simulated.outputs), num_samps_per_chan)
            return write(simulated, rows, timeout, auto_start=bool(auto_start))


def _demand_by_channel(layout: int) -> None:
    if layout != FillMode.GROUP_BY_CHANNEL.value:
        raise NotImplementedError("samples grouped by scan; the simulated board groups by channel")


def _demand_c_doubles(array: NDArray[np.float64]) -> None:
    # NI's own library refuses so: it takes a pointer to doubles, one row after another.
    if array.dtype != np.float64 or not array.flags.c_contiguous:
        raise ctypes.ArgumentError(
            f"expected a C-contiguous float64 array, got {array.dtype} of shape {array.shape}"
        )
