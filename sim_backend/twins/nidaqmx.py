"""A simulated board with analogue inputs and outputs, in the words and limits of NI-DAQmx.

Unless told otherwise it is no particular product: 32 simultaneous 16-bit inputs, four outputs
that come up at 0 V and hold what they were given last, whatever becomes of the task.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import State, StateValue
from mtjlab.core.wiring import InputWire, TerminalMode
from sim_backend.faults import InstrumentFaults
from sim_backend.twins.converter import Converters
from sim_backend.twins.ni_inputs import Input, Inputs, sampled
from sim_backend.twins.ni_options import NiBoardOptions
from sim_backend.twins.ni_saved import SavedAcquisition
from sim_backend.twins.ni_task import NiTask
from sim_backend.world.world import World

__all__ = ["Input", "NiBoardOptions", "NiBoardTwin"]

Volts = NDArray[np.float64]


class NiBoardTwin:
    """One board: its converters, what its outputs hold, and who uses what.

    Attributes:
        device: NI's name for the board, such as `Dev1`.
        inputs, outputs: names of all channels.
        held_v: output -> what it holds, V, with the errors of its converter.
        running: tasks that have been started and not stopped.
        analogue: the input half.
        interrupted: what a restored board was acquiring, until somebody goes on with it.
        faults: what goes wrong with it; None: nothing does.
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
        self.inputs = options.input_names
        self.outputs = options.output_names
        self._refuse_missing(inputs, self.inputs, "inputs")
        self._refuse_missing(outputs, self.outputs, "outputs")
        if twice := set(options.loopback) & set(inputs):
            raise BenchError(
                f"{name}: input {min(twice)} reads a junction and is in loopback as well"
            )
        draws = _draws(options)
        self.analogue = Inputs(name, resource, options, world, inputs, draws)
        self._gain = {c: 1.0 + self._output_error(c, draws)[0] for c in self.outputs}
        self._offset_v = {c: self._output_error(c, draws)[1] for c in self.outputs}
        self.running: list[NiTask] = []
        self.interrupted: SavedAcquisition | None = None
        self.faults: InstrumentFaults | None = None
        self.held_v: dict[str, float] = {}
        self.power_on()

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

    def _output_error(
        self, channel: str, draws: Mapping[str, tuple[float, float]]
    ) -> tuple[float, float]:
        o = self.options
        return (
            o.gain_error.get(channel, draws[channel][0] * o.output_gain_error),
            o.offset_v.get(channel, draws[channel][1] * o.output_offset_v),
        )

    def power_on(self) -> None:
        """Outputs at what they hold after power-on; nothing else is known of the board then."""
        self.set_outputs(dict.fromkeys(self.outputs, self.options.power_on_v))

    def reset(self) -> None:
        """Stop every task; outputs as after power-on."""
        for task in tuple(self.running):
            task.stop()
        self.power_on()

    def terminal(self, channel: str) -> str:
        """As the wiring calls it: `daq/ao0`."""
        return f"{self.name}/{channel}"

    def input(
        self,
        channel: str,
        minimum_v: float,
        maximum_v: float,
        terminal: TerminalMode | None = None,
    ) -> Input:
        """As `Inputs.input`."""
        return self.analogue.input(channel, minimum_v, maximum_v, terminal)

    def settle(self, channels: Sequence[str], volts: Volts) -> Volts:
        """What outputs asked for (len(channels), n) voltages settle to, V, without noise."""
        zeros = np.zeros(len(channels))
        converters = Converters(
            self.options.output_bits or self.options.bits,
            np.full(len(channels), self.options.output_range_v),
            np.array([self._gain[c] for c in channels]),
            np.array([self._offset_v[c] for c in channels]),
            zeros,
        )
        return converters.write(volts.T).T

    def noisy(self, volts: Volts) -> Volts:
        """With the noise of one update, (channels, n), V."""
        sigma_v = self.options.output_noise_v
        if not sigma_v or not self.world.instrument_noise:
            return volts
        return volts + sigma_v * self.world.generators["instruments"].standard_normal(volts.shape)

    def set_outputs(self, volts: Mapping[str, float]) -> None:
        """Hold these values from now on, as far as the converters can."""
        channels = tuple(volts)
        if not channels:
            return
        wanted = np.array([list(volts.values())], dtype=np.float64).T
        settled = self.noisy(self.settle(channels, wanted))[:, 0]
        for channel, value in zip(channels, settled.tolist(), strict=True):
            self.world.drive(self.terminal(channel), value)
            self.held_v[channel] = value

    def read_now(self, channels: Sequence[Input], n: int, outputs_v: Mapping[str, float]) -> Volts:
        """`n` scans one after another, as fast as the board likes, (n, len(channels)), V.

        `outputs_v` is what the outputs of all boards hold, by terminal.
        """
        convert_s = self.analogue.convert_s(len(channels), np.inf)
        dt_s = convert_s * len(channels) if convert_s else 1.0 / self.options.rate_hz
        with self.world.lock:
            self.world.catch_up()
            volts = sampled(
                self.world,
                self.analogue.wired(channels),
                self.analogue.skew_s(channels, convert_s),
                t0_s=self.world.clock.now_s(),
                dt_s=dt_s,
                n=n,
                drive={},
            )
            self.world.clock.sleep(n * dt_s)
            return self.analogue.read(channels, volts, outputs_v, dt_s=dt_s, convert_s=convert_s)

    def state(self) -> dict[str, StateValue]:
        """What the outputs hold, the multiplexer has left, and a stream has reached.

        Raises:
            BenchError: something else is under way: it lives in the caller's task, and a bench
                restored from this state could not go on with it.
        """
        self.world.catch_up()
        under_way = [task for task in self.running if task.under_way]
        saved = SavedAcquisition.of(under_way[0]) if len(under_way) == 1 else None
        if busy := [task.name for task in under_way if saved is None]:
            raise BenchError(
                f"{self.name}: task {busy[0]!r} is under way on the simulated board; a state can "
                "be saved only between acquisitions. Stop the task, or close the stream, first"
            )
        state: dict[str, StateValue] = {f"held_v/{c}": volts for c, volts in self.held_v.items()}
        if self.analogue.multiplexer is not None:
            state["multiplexer_v"] = self.analogue.multiplexer.held_v
        kept = saved or self.interrupted
        return state if kept is None else state | kept.state()

    def restore(self, state: State) -> None:
        """Take over the held values; the world restores what they drive."""
        self.interrupted = SavedAcquisition.restored(state)
        for channel in self.held_v:
            value = state[f"held_v/{channel}"]
            assert isinstance(value, float)
            self.held_v[channel] = value
        if self.analogue.multiplexer is not None:
            value = state["multiplexer_v"]
            assert isinstance(value, float)
            self.analogue.multiplexer.held_v = value


def _draws(options: NiBoardOptions) -> dict[str, tuple[float, float]]:
    """Standard normal numbers for gain and offset of each channel; of the board's seed only."""
    drawn: dict[str, tuple[float, float]] = {}
    for half, names in enumerate((options.input_names, options.output_names)):
        rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(half,)))
        pairs = rng.standard_normal((len(names), 2))
        drawn |= {name: (float(g), float(o)) for name, (g, o) in zip(names, pairs, strict=True)}
    return drawn
