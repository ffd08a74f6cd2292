"""The inputs of a DAQ board: one converter behind a multiplexer."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.wiring import InputWire
from sim_backend.twins.converter import Converters, step_v
from sim_backend.twins.daq_board_options import DaqBoardOptions
from sim_backend.twins.ni_multiplexer import Multiplexer
from sim_backend.world.world import World

Volts = NDArray[np.float64]
Codes = NDArray[np.int16]
FULL = 32768


class Inputs:
    """What the converter finds at each input.

    Attributes:
        span_v: of each input, V.
        multiplexer: what its last conversion has left.
    """

    def __init__(
        self, options: DaqBoardOptions, world: World, wires: Mapping[str, InputWire]
    ) -> None:
        """Every input on its largest span."""
        self._options = options
        self._world = world
        self._addresses = {int(c[2:]): wire.address for c, wire in wires.items()}
        self._noise_v = dict(zip(options.input_ranges_v, options.input_noise_v, strict=True))
        self.multiplexer = Multiplexer(options.mux_f, options.mux_ohm)
        self.span_v: dict[int, float] = {}
        self.reset()

    def reset(self) -> None:
        """As after power-on."""
        self.span_v = dict.fromkeys(range(self._options.inputs), self._options.input_ranges_v[-1])
        self.multiplexer.held_v = 0.0

    def addresses(self, scan: Sequence[int]) -> list[str]:
        """Of those inputs of a scan that something is wired to."""
        return [self._addresses[i] for i in scan if i in self._addresses]

    def skew_s(self, scan: Sequence[int]) -> Volts:
        """How long after the sample clock each of the wired ones is converted, s."""
        wired = [place for place, i in enumerate(scan) if i in self._addresses]
        return np.array(wired, dtype=np.float64) / self._options.aggregate_rate_hz

    def look(
        self,
        scan: Sequence[int],
        *,
        t0_s: float,
        dt_s: float,
        n: int,
        drive: Mapping[str, Volts] | None = None,
    ) -> Codes:
        """What the converter gives at n clock edges, (n, len(scan)), in 1/32768 of the spans."""
        found = self._world.sample(
            self.addresses(scan), t0_s=t0_s, dt_s=dt_s, n=n, drive=drive, skew_s=self.skew_s(scan)
        )
        volts = np.zeros((n, len(scan)))
        wired = [place for place, i in enumerate(scan) if i in self._addresses]
        volts[:, wired] = found
        if not scan:
            return volts.astype(np.int16)
        ohm = np.full(len(scan), np.inf)
        if wired:
            ohm[wired] = self._world.source_ohm(self.addresses(scan))
        self.multiplexer.scan(volts, ohm, dt_s=dt_s, convert_s=1 / self._options.aggregate_rate_hz)
        return self.convert(volts, [self.span_v[i] for i in scan])

    def convert(self, volts: Volts, spans_v: Sequence[float]) -> Codes:
        """Voltages (n, k) at the converter, on these spans, with its noise."""
        spans = np.array(spans_v)
        zeros = np.zeros(len(spans))
        noise_v = np.array([self._noise_v[span] for span in spans_v])
        noise = self._world.generators["instruments"] if self._world.instrument_noise else None
        bits = self._options.bits
        converters = Converters(bits, spans, np.ones(len(spans)), zeros, noise_v)
        codes = converters.read(volts, noise) / step_v(spans, bits)
        found: Codes = (np.rint(codes) * 2 ** (16 - bits)).astype(np.int16)
        return found
