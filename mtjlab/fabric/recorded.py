"""Fabric `recorded:PATH`: the noise of a junction that was measured earlier, under host sums.

PATH is what `mtjlab.store.traces.open_trace` reads. Nothing is touched on the bench.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mtjlab.analysis.levels import Levels
from mtjlab.analysis.telegraph import characterise
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Gt, Le, Quantity
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell
from mtjlab.fabric.part import Honesty, LayerShape, Prediction, Sampling, Seen
from mtjlab.fabric.recordings import Averaged, Idealised, Stored
from mtjlab.fabric.simulated import HostOptions, Known, SimulatedPart, Source
from mtjlab.fabric.simulated_telegraph import in_series, undoing
from mtjlab.learning.fabric import Array, Precision
from mtjlab.learning.recorded import Order, Recorded, Recording
from mtjlab.learning.serial_fit import SerialFit, fit_serial
from mtjlab.store.traces_look import resolution_v

# As many samples say what a recording is.
_LOOKED_AT = 2**20
_TRACE_SAMPLES = 4000


class RecordedOptions(HostOptions):
    """`--set fabric=recorded:trace.h5 --set 'options={recorded={order="serial", stride=1}}'`."""

    argument: str = Field("", description="the recording: what follows the colon")
    order: Order = Field(
        "independent",
        description="a stretch of the recording for each node, or node after node in time",
    )
    stride: Annotated[int, Ge(1), Le(10**9)] | None = Field(
        None, description="samples from read to read; None: by the spacings and the measured tau_c"
    )
    unit_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.1, description="voltage that counts as one unit of activity"
    )
    interval_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] | None = Field(
        None, description="between samples; None: what the recording says"
    )
    undo: bool = Field(True, description="in series: weigh updates with the inverse covariance")


@dataclass(frozen=True)
class Measured:
    """What the first samples of a recording say of it.

    Attributes:
        mean_v: of all samples looked at, V.
        sd_v: of the junction's own noise, V.
        sigma_v: of what is seen about its levels, the instrument's, V; 0 where it is not known.
        levels: of the junction.
        serial: memory from one sample to the next.
        tau_c_s: correlation time, s; 0 where successive samples are independent.
    """

    mean_v: float
    sd_v: float
    sigma_v: float
    levels: Levels
    serial: SerialFit
    tau_c_s: float

    @classmethod
    def of(cls, recording: Recording) -> "Measured":
        """Look at the first million samples.

        Raises:
            DataError: too few of them, or nothing moves.
        """
        volts = recording.read(0, min(_LOOKED_AT, recording.samples))
        serial = fit_serial(volts)
        seen = characterise(volts, recording.interval_s, resolution_v=resolution_v(volts))
        levels = seen.levels
        sigma_v = levels.sigma_v
        if not levels.separated:
            white = serial.white_ratio
            sigma_v = seen.sd_v * math.sqrt(white / (1.0 + white))
        return cls(
            mean_v=seen.mean_v,
            sd_v=math.sqrt(max(0.0, seen.sd_v**2 - sigma_v**2)),
            sigma_v=sigma_v,
            levels=levels,
            serial=serial,
            tau_c_s=-recording.interval_s / math.log(serial.rho) if serial.rho else 0.0,
        )

    def averaged(self, means: "Measured", keep: int) -> "Measured":
        """What `means` of `keep` samples are, if the instrument's noise is white.

        A flip among the samples of a mean puts it between the levels, so only single samples
        show what is the instrument's.
        """
        sigma_v = self.sigma_v / math.sqrt(keep)
        variance = means.sd_v**2 + means.sigma_v**2 - sigma_v**2
        return replace(means, sd_v=math.sqrt(max(0.0, variance)), sigma_v=sigma_v)


class _Drawn:
    """A recording as a source: nothing is drawn."""

    def __init__(self, recorded: Recorded, rng: np.random.Generator) -> None:
        self.recorded = recorded
        self.rng = rng

    def __call__(self, rows: int) -> Array:
        """Noise of the next `rows` presentations."""
        return self.recorded(rows)


class RecordedPart(SimulatedPart):
    """See the module.

    Attributes:
        stride: samples from read to read: of one node, or in series from node to node.
        found: what the recording says of itself.
    """

    options = RecordedOptions
    name = "recorded"

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: RecordedOptions,
        claimed: frozenset[Cell],
    ) -> None:
        """See `Part`; reads the recording's first million samples.

        Raises:
            DataError: no such recording, or it is too short for this network.
            ParameterError: a control that this recording cannot be used for.
        """
        super().__init__(rig, layers, sampling, options, claimed)
        if not options.argument:
            raise ParameterError("fabric recorded needs a recording, as in fabric=recorded:PATH")
        self._options = options
        self._sampling = sampling
        self._serial = options.order == "serial"
        keep = sampling.keep or 1
        recording: Recording = Stored(options.argument, options.interval_s)
        found = Measured.of(recording)
        if not self.read_noisily:
            recording = self._without_instrument(recording, found.levels)
        if keep > 1:
            recording = Averaged(recording, keep)
            found = found.averaged(Measured.of(recording), keep)
        self.found = found
        self._recording = recording
        self.stride = options.stride or self._needed_stride()
        self._rho = self.found.serial.rho**self.stride
        self._undoes: Precision | None = None
        if self._serial and options.undo:
            white = self.found.serial.white_ratio if self.read_noisily else 0.0
            self._undoes = undoing(self.widths, self._rho, white, sampling)
        self._recorded = self._shared_out()

    @property
    def precision(self) -> Precision | None:
        """In series the inverse covariance, unless the options say that it be left."""
        return self._undoes if self.lives else None

    def known(self) -> Known:
        """Measured in the recording."""
        unit_v, found = self._options.unit_v, self.found
        notes = []
        if self._serial:
            notes.append(in_series(self._rho, self._undoes is not None))
        if self._recorded.laps:
            notes.append(
                f"the recording of {self._recording.samples} samples was used "
                f"{self._recorded.laps} times over and begun again"
            )
        return Known(found.sd_v / unit_v, found.sigma_v / unit_v, tuple(notes))

    def make(self, rng: np.random.Generator) -> Source:
        """The recording from its beginning; nothing is drawn."""
        self._recorded = self._shared_out()
        return _Drawn(self._recorded, rng)

    def memory(self) -> dict[str, StateValue]:
        """Where in the recording we are."""
        return {"row": self._recorded.row}

    def remember(self, state: State) -> None:
        """See `SimulatedPart`."""
        self._recorded.restore({"row": np.asarray(state["row"]).item()})

    def calibrate(self) -> Seen:
        """From the beginning; the first samples are what node 0 sees."""
        super().calibrate()
        count = min(_TRACE_SAMPLES, self._recording.samples)
        trace_v: NDArray[np.float64] = self._recording.read(0, count).astype(np.float64)
        return Seen(traces_v=trace_v[np.newaxis], interval_s=self._recording.interval_s)

    def prediction(self, rows: int) -> Prediction:
        """Nothing on a board; how much of the recording a step takes."""
        samples = rows * self.nodes
        return Prediction(
            0,
            0.0,
            f"recorded: no transaction; a step takes {samples} of {self._recording.samples} "
            f"samples, reads of a node {si(self._recorded.read_spacing_s, 's')} apart",
        )

    def honesty(self) -> Honesty:
        """As of any source, with the times of the recording."""
        spacing_s = self._recorded.read_spacing_s
        return replace(
            super().honesty(),
            slowest_tau_c_s=self.found.tau_c_s or None,
            sample_spacing_s=spacing_s,
            pass_spacing_s=spacing_s * self._sampling.smallest_batch,
        )

    def _needed_stride(self) -> int:
        """Samples between reads that the spacings ask for, at the measured correlation time."""
        between = self._sampling.smallest_batch * (self.nodes if self._serial else 1)
        apart = max(self._sampling.sample_spacing, self._sampling.pass_spacing / between)
        samples = apart * self.found.tau_c_s / self._recording.interval_s
        # What is fitted is not known to the last digit: 17.0001 samples are 17.
        return max(1, math.ceil(samples - 0.01))

    def _shared_out(self) -> Recorded:
        return Recorded(
            self.nodes,
            self._recording,
            order=self._options.order,
            stride=self.stride,
            mean_v=self.found.mean_v,
            unit_v=self._options.unit_v,
            step_rows=self._sampling.passes * self._sampling.batch,
        )

    def _without_instrument(self, recording: Recording, levels: Levels) -> Recording:
        if not levels.separated:
            raise ParameterError(
                f"instrument_noise = off: {self._options.argument} shows no two levels apart, so "
                "its noise cannot be told from the instrument's; leave instrument_noise on"
            )
        return Idealised(recording, levels)
