"""Attributes by their numbers in NI-DAQmx: what a task, a channel or a board answers.

The numbers are part of the vendor's interface. Each table belongs to the getter of nidaqmx's
interpreter that it is named after.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mtjlab.core.wiring import TerminalMode
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_rack import HALVES, Kind, has_half
from sim_backend.twins.ni_task import NiTask
from sim_backend.twins.nidaqmx import NiBoardTwin

# Of nidaqmx.constants: UsageTypeAI.VOLTAGE, ChannelType, ProductCategory, AcquisitionType.
_VOLTAGE, _ANALOG_INPUT, _ANALOG_OUTPUT, _UNKNOWN = 10322, 10100, 10102, 12588
_FINITE, _CONTINUOUS = 10178, 10123
_SAMPLE_CLOCK, _ON_DEMAND = 10388, 10390
_REGENERATE, _DO_NOT_REGENERATE = 10097, 10158
_DO_NOT_OVERWRITE = 10159
# Of TerminalConfiguration, and the bits of a set of them.
_TERMINALS: dict[TerminalMode, int] = {
    "rse": 10083,
    "nrse": 10078,
    "differential": 10106,
    "pseudodifferential": 12529,
}
_TERMINAL_BITS: dict[TerminalMode, int] = {
    "rse": 1,
    "nrse": 2,
    "differential": 4,
    "pseudodifferential": 8,
}


@dataclass(eq=False)
class Session:
    """What nidaqmx holds as a task handle.

    Attributes:
        name: of the task.
        task: on the board of its first channel; None while it has none.
        labels: virtual channel name -> the board's own name, in order.
        epoch: of its board when it got its first channel; see `InstrumentFaults`.
    """

    name: str
    task: NiTask | None = None
    labels: dict[str, str] = field(default_factory=dict)
    epoch: int = 0

    @property
    def names(self) -> str:
        """As NI lists channels: `Dev1/ai0, Dev1/ai1`."""
        return ", ".join(self.labels)


def _listed(board: NiBoardTwin, channels: tuple[str, ...]) -> str:
    return ", ".join(f"{board.device}/{channel}" for channel in channels)


def _terminals(board: NiBoardTwin) -> str:
    signals = ("SampleClock", "StartTrigger")
    halves = [half for half in HALVES if has_half(board, half)]
    return ", ".join(f"/{board.device}/{half}/{s}" for half in halves for s in signals)


def _terminal(task: NiTask, signal: str, source: tuple[NiBoardTwin, Kind] | None) -> str:
    """Where the task's clock or trigger can be had by others; its own unless it follows one."""
    board, kind = source or (task.board, task.channel_kind)
    return f"/{board.device}/{kind}/{signal}"


def _convert_hz(task: NiTask) -> float:
    convert_s = task.convert_s(1.0 / task.rate_hz) if task.ticks else 0.0
    if not convert_s:
        raise NiError(
            NiCode.NOT_OF_THIS_TASK,
            f"{task.board.device} has a converter for each input, or the task no sample clock: "
            "there is no convert clock",
        )
    return 1.0 / convert_s


def _modes(board: NiBoardTwin, channel: str) -> int:
    return sum(_TERMINAL_BITS[mode] for mode in board.analogue.modes(channel))


def _multi_hz(board: NiBoardTwin) -> float:
    """As NI gives it: for simultaneous boards the highest scan rate, which is a channel's."""
    return board.options.conversion_limit_hz(2)


def _both_ends(*ranges_v: float) -> list[float]:
    return [edge for range_v in ranges_v for edge in (-range_v, range_v)]


# Getters of one session, whether or not it has channels.
SESSION: dict[str, dict[int, Callable[[Session], object]]] = {
    "get_task_attribute_string": {
        0x1276: lambda s: s.name,
        0x1273: lambda s: s.names,
        0x230E: lambda s: s.task.board.device if s.task else "",
    },
    "get_task_attribute_uint32": {0x2181: lambda s: len(s.labels)},
    "get_read_attribute_string": {0x1823: lambda s: s.names},
}

# Getters of a task that has channels.
TASK: dict[str, dict[int, Callable[[NiTask], object]]] = {
    "get_read_attribute_uint32": {
        0x217B: lambda t: len(t.inputs),
        0x1223: lambda t: t.available,
        0x31E8: lambda t: t.all_samples,
    },
    "get_read_attribute_uint64": {
        0x192A: lambda t: t.passed,
        0x1221: lambda t: t.read_position,
    },
    "get_read_attribute_int32": {0x1211: lambda t: _DO_NOT_OVERWRITE},
    "get_write_attribute_uint32": {0x217E: lambda t: len(t.outputs), 0x1460: lambda t: t.space},
    "get_write_attribute_uint64": {0x192B: lambda t: t.passed, 0x1458: lambda t: t.written},
    "get_write_attribute_int32": {
        0x1453: lambda t: _REGENERATE if t.regenerates else _DO_NOT_REGENERATE
    },
    "get_timing_attribute_double": {
        0x1344: lambda t: t.rate_hz,
        0x22C8: lambda t: t.highest_rate_hz,
        0x1848: _convert_hz,
        0x22C9: lambda t: t.board.options.conversion_limit_hz(len(t.inputs)),
    },
    "get_timing_attribute_int32": {
        0x1300: lambda t: _CONTINUOUS if t.continuous else _FINITE,
        0x1347: lambda t: _SAMPLE_CLOCK if t.ticks else _ON_DEMAND,
    },
    "get_timing_attribute_string": {
        0x2F1B: lambda t: _terminal(t, "SampleClock", t.clock_source),
    },
    "get_trig_attribute_string": {
        0x2F1E: lambda t: _terminal(t, "StartTrigger", t.trigger_source),
    },
    "get_timing_attribute_uint64": {0x1310: lambda t: t.samples},
    "get_buffer_attribute_uint32": {
        0x186C: lambda t: t.buffer_samples,
        0x186D: lambda t: t.buffer_samples if t.streams else t.data.shape[-1],
        0x230B: lambda t: t.board.options.memory(len(t.outputs)),
    },
}

# Getters of one channel of a task, by its position.
CHANNEL: dict[str, dict[int, Callable[[NiTask, int], object]]] = {
    "get_chan_attribute_int32": {
        0x187F: lambda t, i: _ANALOG_INPUT if t.kind == "ai" else _ANALOG_OUTPUT,
        0x0695: lambda t, i: _VOLTAGE,
        0x1097: lambda t, i: _TERMINALS[t.inputs[i].terminal],
    },
    "get_chan_attribute_double": {
        0x1815: lambda t, i: t.inputs[i].range_v,
        0x1816: lambda t, i: -t.inputs[i].range_v,
        0x1765: lambda t, i: float(t.board.options.bits),
        0x182C: lambda t, i: float(t.board.options.output_bits or t.board.options.bits),
        0x1186: lambda t, i: t.output_limits_v[i][1],
        0x1187: lambda t, i: t.output_limits_v[i][0],
    },
    "get_chan_attribute_string": {
        0x18F5: lambda t, i: f"{t.board.device}/{t.channels[i]}",
    },
}

# Getters of one channel of a board, whether or not a task has it.
PHYSICAL: dict[str, dict[int, Callable[[NiBoardTwin, str], object]]] = {
    "get_physical_chan_attribute_int32": {0x2342: _modes},
}

DEVICE: dict[str, dict[int, Callable[[NiBoardTwin], object]]] = {
    "get_device_attribute_string": {
        0x0631: lambda b: b.options.product,
        0x231E: lambda b: _listed(b, b.inputs),
        0x231F: lambda b: _listed(b, b.outputs),
        0x2A40: _terminals,
    },
    "get_device_attribute_double": {
        0x298C: lambda b: b.options.rate_hz,
        0x298D: _multi_hz,
        0x2997: lambda b: b.options.output_rate_limit_hz(1),
    },
    "get_device_attribute_bool": {
        0x298F: lambda b: b.options.simultaneous,
        0x22CA: lambda b: True,
    },
    "get_device_attribute_uint32": {0x0632: lambda b: b.options.serial, 0x231D: lambda b: 0},
    "get_device_attribute_int32": {0x29A9: lambda b: _UNKNOWN},
    "get_device_attribute_double_array": {
        0x2990: lambda b: _both_ends(*b.options.input_ranges_v if b.inputs else ()),
        0x299B: lambda b: _both_ends(*(b.options.output_range_v,) if b.outputs else ()),
    },
}
