"""Tasks on one NI board: made, kept between equal blocks, closed together.

Closing a task never moves an output: the board holds what it was given last.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nidaqmx
from nidaqmx import errors
from nidaqmx.constants import AcquisitionType, TerminalConfiguration

from drivers.ni_errors import translated
from drivers.ni_options import NiDaqOptions
from mtjlab.core.errors import LimitError, nearest
from mtjlab.core.interfaces import DaqAbilities
from mtjlab.core.wiring import InputWire

NOTHING = DaqAbilities((), (), (), (), 0, 0, 0.0, 0.0, 0.0, True, 0)
# The board's own path from an output back to its converter.
_READ_BACK = "_{}_vs_aognd"
TERMINALS = {
    "differential": TerminalConfiguration.DIFF,
    "rse": TerminalConfiguration.RSE,
    "nrse": TerminalConfiguration.NRSE,
    "pseudodifferential": TerminalConfiguration.PSEUDO_DIFF,
}


@dataclass
class TimedTask:
    """A task with its channels, and the timing it has now.

    Attributes:
        task: the vendor's.
        timing: rate asked for, samples, clock source; None before the first.
        rate_hz: what the board made of the rate, Hz.
    """

    task: Any
    timing: tuple[float, int, str] | None = None
    rate_hz: float = 0.0

    def clock(self, rate_hz: float, samples: int, source: str = "") -> float:
        """Set finite timing, unless it is the same as before; the actual rate, Hz."""
        wanted = (rate_hz, samples, source)
        if self.timing != wanted:
            self.timing = None
            self.task.timing.cfg_samp_clk_timing(
                rate_hz,
                source=source,
                sample_mode=AcquisitionType.FINITE,
                samps_per_chan=samples,
            )
            self.rate_hz = float(self.task.timing.samp_clk_rate)
            self.timing = wanted
        return self.rate_hz


class NiBoard:
    """One board by its NI name.

    A task that was stopped reserves nothing, so those of the last blocks are kept: making one
    costs far more than starting it again.

    Attributes:
        device: such as `Dev1`.
        where: the board, for messages.
        computer: address of the server that has it; None: this one.
        lock: held over every transaction.
        abort: ends every wait; only a shutdown clears it.
        partner: the board it is in one block with; whoever aborts one aborts the other.
        abilities: its own, once they are known.
        output_range_v: full scale of every output, V.
        read_back_range_v: range on which outputs are read back, V.
    """

    def __init__(
        self,
        device: str,
        where: str,
        port: Any,
        wires: Mapping[str, InputWire],
        options: NiDaqOptions,
    ) -> None:
        """Args: `options.read_back` goes before the board's own path from output to converter."""
        self.device = device
        self.where = where
        self.computer = options.grpc
        self.lock = threading.RLock()
        self.abort = threading.Event()
        self.partner: NiBoard | None = None
        self.abilities = NOTHING
        self.output_range_v = 0.0
        self.read_back_range_v = 0.0
        self._make: Callable[[], Any] = port.task if port is not None else nidaqmx.Task
        self._wires = wires
        self._read_back = options.read_back
        self._kept: dict[tuple[str, ...], TimedTask] = {}
        self._lent: list[Any] = []

    def inputs(self, channels: Sequence[str]) -> Any:
        """A new task with wired inputs, or outputs read back; give it to `release`.

        Raises:
            LimitError: an input that is not wired, so its range is unknown.
        """
        for channel in channels:
            if not channel.startswith("ao") and channel not in self._wires:
                raise LimitError(
                    f"{self.where}: the bench file wires nothing to input {channel!r}, so its "
                    f"range is unknown; {nearest(channel, self._wires)}"
                )
        return self._new(channels, self._add_input, "input")

    def probe(self, channel: str, range_v: float) -> Any:
        """A new task with one input, terminal as the board likes; give it to `release`."""

        def add(task: Any, channel: str) -> None:
            task.ai_channels.add_ai_voltage_chan(
                f"{self.device}/{channel}", min_val=-range_v, max_val=range_v
            )

        return self._new((channel,), add, "input")

    def outputs(self, channels: Sequence[str]) -> Any:
        """A new task with outputs; give it to `release`."""
        return self._new(channels, self._add_output, "output")

    def kept_inputs(self, channels: Sequence[str]) -> TimedTask:
        """A stopped task with these inputs, perhaps used before."""
        return self._keep("input", tuple(channels), self.inputs)

    def kept_outputs(self, channels: Sequence[str]) -> TimedTask:
        """A stopped task with these outputs, perhaps used before."""
        return self._keep("output", tuple(channels), self.outputs)

    def release(self, task: Any) -> None:
        """Close a task, once."""
        if task in self._lent:
            self._lent.remove(task)
            # It is closed either way, and what went wrong was told when it was used.
            with suppress(errors.Error):
                task.close()

    def drop(self) -> None:
        """Stop and close every task; outputs hold."""
        self._kept.clear()
        for task in tuple(self._lent):
            self.release(task)

    def _keep(
        self, what: str, channels: tuple[str, ...], make: Callable[[Sequence[str]], Any]
    ) -> TimedTask:
        # An output that is read back is an input of the same name.
        key = (what, *channels)
        if key not in self._kept:
            self._kept[key] = TimedTask(make(channels))
        return self._kept[key]

    def _new(self, channels: Sequence[str], add: Callable[[Any, str], None], what: str) -> Any:
        if len(set(channels)) != len(channels) or not channels:
            raise LimitError(
                f"{self.where}: {what}s {tuple(channels)}; expected one or more, each once"
            )
        with translated(self.where, f"making an {what} task"):
            task = self._make()
            self._lent.append(task)
            try:
                for channel in channels:
                    add(task, channel)
            except errors.Error:
                self.release(task)
                raise
        return task

    def _add_input(self, task: Any, channel: str) -> None:
        if channel.startswith("ao"):
            task.ai_channels.add_ai_voltage_chan(
                self._read_back.get(channel, f"{self.device}/{_READ_BACK.format(channel)}"),
                min_val=-self.read_back_range_v,
                max_val=self.read_back_range_v,
            )
            return
        wire = self._wires[channel]
        task.ai_channels.add_ai_voltage_chan(
            f"{self.device}/{channel}",
            terminal_config=TERMINALS[wire.terminal],
            min_val=-wire.range_v,
            max_val=wire.range_v,
        )

    def _add_output(self, task: Any, channel: str) -> None:
        task.ao_channels.add_ao_voltage_chan(
            f"{self.device}/{channel}",
            min_val=-self.output_range_v,
            max_val=self.output_range_v,
        )
