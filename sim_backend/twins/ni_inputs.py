"""The input half of a board: channels, ranges, terminal modes, and what is read from a voltage."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.wiring import InputWire, TerminalMode
from sim_backend.twins.converter import Converters
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_multiplexer import Multiplexer
from sim_backend.twins.ni_options import NiBoardOptions
from sim_backend.world.world import World

Volts = NDArray[np.float64]

# Of a multiplexed board: the delay that NI-DAQmx adds to the shortest conversion where the sample
# rate leaves time for it.
_CONVERT_DELAY_S = 10e-6


class Input(NamedTuple):
    """An input as a task has set it up.

    Attributes:
        name: `ai3`, or `_ao0_vs_aognd` for an output read back.
        range_v: the board's own range, V.
        noise_v: on that range, V.
        gain: 1 for a perfect channel.
        offset_v: of the channel on that range, and what it reads of the ground's voltage, V.
        terminal: how it is referenced.
    """

    name: str
    range_v: float
    noise_v: float
    gain: float = 1.0
    offset_v: float = 0.0
    terminal: TerminalMode = "differential"


def output_of(name: str) -> str | None:
    """`ao0` for `_ao0_vs_aognd`, the board's own path from an output to its converter."""
    inner = name.removeprefix("_").removesuffix("_vs_aognd")
    return inner if name == f"_{inner}_vs_aognd" else None


class Inputs:
    """The converters of one board and what is wired to them.

    Attributes:
        multiplexer: None where every input has a converter of its own.
    """

    def __init__(
        self,
        name: str,
        device: str,
        options: NiBoardOptions,
        world: World,
        wires: Mapping[str, InputWire],
        draws: Mapping[str, tuple[float, float]],
    ) -> None:
        """Args: `draws`: channel -> standard normal numbers for its gain and its offset."""
        self._name = name
        self._device = device
        self._options = options
        self._world = world
        self._wires = dict(wires)
        self._draws = draws
        self.multiplexer = (
            None if options.simultaneous else Multiplexer(options.mux_f, options.mux_ohm)
        )

    def modes(self, channel: str) -> tuple[TerminalMode, ...]:
        """Terminal modes that the channel has."""
        modes = self._options.terminals
        upper = self._options.differential_pairs and int(channel[2:]) % 16 >= 8
        return tuple(m for m in modes if m != "differential") if upper else modes

    def input(
        self, channel: str, minimum_v: float, maximum_v: float, terminal: TerminalMode | None
    ) -> Input:
        """The input on the smallest range that holds both values; `terminal` None: its first mode.

        Raises:
            NiError: no such channel, range or mode.
        """
        o = self._options
        output = output_of(channel)
        if channel not in o.input_names and (not o.inputs or output not in o.output_names):
            raise NiError(NiCode.NO_SUCH_CHANNEL, f"{self._device} has no input {channel!r}")
        mode: TerminalMode = "differential"
        if output is None:
            modes = self.modes(channel)
            if not modes or terminal not in (None, *modes):
                raise NiError(
                    NiCode.INVALID_ATTRIBUTE_VALUE,
                    f"{self._device}/{channel} cannot be read as {terminal or 'an input'}; "
                    f"it has the terminal modes {', '.join(modes) or 'none'}",
                )
            mode = terminal or modes[0]
        wanted_v = max(abs(minimum_v), abs(maximum_v))
        for position, range_v in enumerate(o.input_ranges_v):
            if minimum_v < maximum_v and wanted_v <= range_v:
                return self._on_range(channel, position, mode)
        raise NiError(
            NiCode.INVALID_ATTRIBUTE_VALUE,
            f"{self._device}/{channel}: no range holds {minimum_v:g} .. {maximum_v:g} V; "
            f"ranges are +-{', '.join(f'{r:g}' for r in o.input_ranges_v)} V",
        )

    def _on_range(self, channel: str, position: int, mode: TerminalMode) -> Input:
        o = self._options
        if channel not in o.input_names:
            return Input(channel, o.input_ranges_v[position], o.input_noise_v[position])
        gain_draw, offset_draw = self._draws[channel]
        gain = gain_draw * (o.input_gain_error[position] if o.input_gain_error else 0.0)
        offset_v = offset_draw * (o.input_offset_v[position] if o.input_offset_v else 0.0)
        # A single-ended input has the board's ground for its other wire.
        seen = 1.0 if mode == "rse" else 10.0 ** (-o.cmrr_db / 20.0)
        return Input(
            channel,
            o.input_ranges_v[position],
            o.input_noise_v[position],
            1.0 + o.gain_error.get(channel, gain),
            o.offset_v.get(channel, offset_v) + seen * o.ground_offset_v,
            mode,
        )

    def wired(self, channels: Sequence[Input]) -> list[str]:
        """Addresses of those inputs that something is wired to."""
        return [self._wires[c.name].address for c in channels if c.name in self._wires]

    def skew_s(self, channels: Sequence[Input], convert_s: float) -> NDArray[np.float64]:
        """How long after the sample clock each of the wired ones is converted, (k,), s."""
        wired = [i for i, channel in enumerate(channels) if channel.name in self._wires]
        return np.array(wired, dtype=np.float64) * convert_s

    def convert_s(self, channels: int, sample_s: float, wanted_hz: float = 0.0) -> float:
        """Period of the conversions in a scan of a multiplexed board, s; 0 on others.

        As NI-DAQmx chooses it: the shortest and 10 us, or evenly over the sample period where
        there is less time.

        Args:
            channels: in the scan.
            sample_s: period of the scans; inf: as slow as it likes.
            wanted_hz: the rate that the task asks for; 0: none.

        Raises:
            NiError: the wanted rate does not go with the board or with the sample period.
        """
        if self.multiplexer is None:
            return 0.0
        limit_hz = self._options.conversion_limit_hz(channels)
        if wanted_hz:
            if wanted_hz > limit_hz * (1 + 1e-9) or channels > sample_s * wanted_hz * (1 + 1e-9):
                raise NiError(
                    NiCode.CONVERT_RATE,
                    f"{channels} channels at a convert rate of {wanted_hz:g} Hz in "
                    f"{sample_s:g} s; the board converts at most at {limit_hz:g} Hz",
                )
            return 1.0 / wanted_hz
        return min(1.0 / limit_hz + _CONVERT_DELAY_S, sample_s / channels)

    def read(
        self,
        channels: Sequence[Input],
        wired_v: Volts,
        outputs_v: Mapping[str, Volts | float],
        *,
        dt_s: float,
        convert_s: float,
    ) -> Volts:
        """What the converters report, (n, len(channels)), V.

        Args:
            channels: in the order wanted.
            wired_v: (n, number wired), true voltages of those that are wired, in the same order;
                may be overwritten.
            outputs_v: terminal of an output -> V, one or (n,), for inputs that read outputs.
            dt_s: sample period, s.
            convert_s: of `convert_s`.
        """
        if len(channels) == wired_v.shape[1]:
            volts = np.require(wired_v, requirements="W")
        else:
            volts = np.zeros((len(wired_v), len(channels)))
            source = iter(wired_v.T)
            for column, channel in enumerate(channels):
                output = self._reads(channel.name)
                if channel.name in self._wires:
                    volts[:, column] = next(source)
                elif output is not None:
                    volts[:, column] = outputs_v.get(output, 0.0)
        if self.multiplexer is not None:
            ohm = self._source_ohm(tuple(channels))
            self.multiplexer.scan(volts, ohm, dt_s=dt_s, convert_s=convert_s)
        noise = self._world.generators["instruments"] if self._world.instrument_noise else None
        return _converters(tuple(channels), self._options.bits).read(volts, noise)

    def _reads(self, channel: str) -> str | None:
        """The output that an input reads directly, as a terminal."""
        output = output_of(channel)
        return f"{self._name}/{output}" if output else self._options.loopback.get(channel)

    def _source_ohm(self, channels: tuple[Input, ...]) -> NDArray[np.float64]:
        ohm = np.array([0.0 if self._reads(c.name) else np.inf for c in channels])
        wired = [i for i, channel in enumerate(channels) if channel.name in self._wires]
        if wired:
            ohm[wired] = self._world.source_ohm(self.wired(channels))
        return ohm


def sampled(
    world: World,
    addresses: Sequence[str],
    skew_s: NDArray[np.float64],
    *,
    t0_s: float,
    dt_s: float,
    n: int,
    drive: Mapping[str, Volts],
) -> Volts:
    """`World.sample`, with a delay per column where there is any."""
    delays = {"skew_s": skew_s} if skew_s.any() else {}
    return world.sample(addresses, t0_s=t0_s, dt_s=dt_s, n=n, drive=drive, **delays)


def _converters(channels: tuple[Input, ...], bits: int) -> Converters:
    return Converters(
        bits,
        np.array([c.range_v for c in channels]),
        np.array([c.gain for c in channels]),
        np.array([c.offset_v for c in channels]),
        np.array([c.noise_v for c in channels]),
    )
