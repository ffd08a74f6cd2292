"""A simulated board with analogue inputs and outputs, in the words and limits of NI-DAQmx.

It is no particular product: 32 simultaneous 16-bit inputs, four outputs that come up at 0 V and
hold what they were given last, whatever becomes of the task.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from mtjlab.core.errors import BenchError
from mtjlab.core.parameters import Quantity
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire
from sim_backend.twins.converter import quantise
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_task import NiTask
from sim_backend.world import World

Volts = Annotated[float, Quantity("V"), Ge(0)]
Seconds = Annotated[float, Quantity("s"), Ge(0)]
Hertz = Annotated[float, Quantity("Hz"), Gt(0)]


class NiBoardOptions(BaseModel):
    """`[twin.instruments.NAME]` of an NI board.

    Ranges, noise and latencies are our own choice, of the size that 16-bit boards of this class
    have: one code of random noise, and 10 uV that no range goes below.

    Attributes:
        product: what the board calls itself.
        inputs, outputs: number of analogue channels.
        bits: resolution of inputs and outputs.
        rate_hz, output_rate_hz: highest sample rate per channel.
        input_ranges_v: largest |V| of each range, ascending.
        input_noise_v: one standard deviation per sample, for each range.
        output_range_v: full scale of every output.
        block_samples: samples per channel that the output memory holds.
        task_start_s, read_s, write_s: time the host needs for a start, a read, a write.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    product: str = "mtjlab twin, 32 simultaneous inputs"
    serial: Annotated[int, Ge(0)] = 0
    inputs: Annotated[int, Ge(1), Le(256)] = 32
    outputs: Annotated[int, Ge(0), Le(64)] = 4
    bits: Annotated[int, Ge(8), Le(24)] = 16
    rate_hz: Hertz = 500e3
    output_rate_hz: Hertz = 1e6
    input_ranges_v: tuple[Volts, ...] = (0.2, 1.0, 2.0, 5.0, 10.0)
    input_noise_v: tuple[Volts, ...] = (12e-6, 32e-6, 62e-6, 153e-6, 305e-6)
    output_range_v: Volts = 10.0
    block_samples: Annotated[int, Ge(1)] = 8191
    task_start_s: Seconds = 1e-3
    read_s: Seconds = 100e-6
    write_s: Seconds = 100e-6

    @model_validator(mode="after")
    def _one_noise_per_range(self) -> "NiBoardOptions":
        if list(self.input_ranges_v) != sorted(self.input_ranges_v) or not self.input_ranges_v:
            raise ValueError("input_ranges_v must be ascending and not empty")
        if len(self.input_noise_v) != len(self.input_ranges_v):
            raise ValueError(
                f"input_noise_v has {len(self.input_noise_v)} values, "
                f"input_ranges_v has {len(self.input_ranges_v)}; expected one noise per range"
            )
        return self


class Input(NamedTuple):
    """An input as a task has set it up.

    Attributes:
        name: `ai3`, or `_ao0_vs_aognd` for an output read back.
        range_v: the board's own range, V.
        noise_v: on that range, V.
    """

    name: str
    range_v: float
    noise_v: float


class NiBoardTwin:
    """One board: its converters, what its outputs hold, and who uses what.

    Attributes:
        device: NI's name for the board, such as `Dev1`.
        held_v: output -> what it holds, V.
        running: tasks that have been started and not stopped.
    """

    port: ClassVar[Literal["visa", "nidaqmx"]] = "nidaqmx"
    options_model: ClassVar[type[BaseModel]] = NiBoardOptions

    def __init__(
        self,
        *,
        name: str,
        resource: str,
        options: BaseModel,
        world: World,
        inputs: Mapping[str, InputWire],
        outputs: Sequence[str],
    ) -> None:
        assert isinstance(options, NiBoardOptions)
        self.name = name
        self.device = resource
        self.options = options
        self.world = world
        self.inputs = tuple(f"ai{i}" for i in range(options.inputs))
        self.outputs = tuple(f"ao{i}" for i in range(options.outputs))
        self._wires = dict(inputs)
        self._refuse_missing(inputs, self.inputs, "inputs")
        self._refuse_missing(outputs, self.outputs, "outputs")
        self.running: list[NiTask] = []
        self.held_v = dict.fromkeys(self.outputs, 0.0)
        for channel in self.outputs:
            world.drive(self.terminal(channel), 0.0)

    def _refuse_missing(
        self, wired: Sequence[str] | Mapping[str, object], has: Sequence[str], what: str
    ) -> None:
        missing = [channel for channel in wired if channel not in has]
        if missing:
            raise BenchError(
                f"{self.name}: the wiring uses {', '.join(missing)}, the simulated board has "
                f"{has[0] + ' .. ' + has[-1] if has else 'no ' + what}; set {what} = ... "
                f"in [twin.instruments.{self.name}]"
            )

    def reset(self) -> None:
        """Stop every task; outputs to 0 V."""
        for task in tuple(self.running):
            task.stop()
        self.set_outputs(dict.fromkeys(self.outputs, 0.0))

    def terminal(self, channel: str) -> str:
        """As the wiring calls it: `daq/ao0`."""
        return f"{self.name}/{channel}"

    def input(self, channel: str, minimum_v: float, maximum_v: float) -> Input:
        """The input on the smallest range that holds both values.

        Raises:
            NiError: no such channel or no such range.
        """
        internal = channel.removeprefix("_").removesuffix("_vs_aognd")
        if channel not in self.inputs and not (
            channel == f"_{internal}_vs_aognd" and internal in self.outputs
        ):
            raise NiError(NiCode.NO_SUCH_CHANNEL, f"{self.device} has no input {channel!r}")
        wanted_v = max(abs(minimum_v), abs(maximum_v))
        o = self.options
        for range_v, noise_v in zip(o.input_ranges_v, o.input_noise_v, strict=True):
            if minimum_v < maximum_v and wanted_v <= range_v:
                return Input(channel, range_v, noise_v)
        raise NiError(
            NiCode.INVALID_ATTRIBUTE_VALUE,
            f"{self.device}/{channel}: no range holds {minimum_v:g} .. {maximum_v:g} V; "
            f"ranges are +-{', '.join(f'{r:g}' for r in o.input_ranges_v)} V",
        )

    def set_outputs(self, volts: Mapping[str, float]) -> None:
        """Hold these values from now on, as far as the converter can."""
        for channel, value in volts.items():
            settled = float(quantise(value, self.options.output_range_v, self.options.bits))
            self.world.drive(self.terminal(channel), settled)
            self.held_v[channel] = settled

    def wired(self, channels: Sequence[Input]) -> list[str]:
        """Addresses of those inputs that something is wired to."""
        return [self._wires[c.name].address for c in channels if c.name in self._wires]

    def convert(
        self,
        channels: Sequence[Input],
        wired_v: NDArray[np.float64],
        played: Mapping[str, NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """What the converters report, (n, len(channels)), V.

        Args:
            channels: in the order wanted.
            wired_v: (n, number wired), true voltages of those that are wired, in the same order.
            played: output -> (n,), V, where an output moved meanwhile; the others held.
        """
        volts = np.zeros((len(wired_v), len(channels)))
        source = iter(wired_v.T)
        for column, channel in enumerate(channels):
            if channel.name in self._wires:
                volts[:, column] = next(source)
            elif channel.name.startswith("_"):
                output = channel.name.removeprefix("_").removesuffix("_vs_aognd")
                volts[:, column] = played.get(output, self.held_v[output])
        if self.world.instrument_noise:
            noise = self.world.generators["instruments"].standard_normal(volts.shape)
            volts += noise * [channel.noise_v for channel in channels]
        return quantise(volts, [channel.range_v for channel in channels], self.options.bits)

    def state(self) -> dict[str, StateValue]:
        """What the outputs hold. Tasks belong to the caller and are not part of it."""
        return {f"held_v/{channel}": volts for channel, volts in self.held_v.items()}

    def restore(self, state: State) -> None:
        """Take over the held values; the world restores what they drive."""
        for channel in self.held_v:
            value = state[f"held_v/{channel}"]
            assert isinstance(value, float)
            self.held_v[channel] = value
