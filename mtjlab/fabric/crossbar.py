"""Fabric `crossbar`: rows carry weight x input, the currents of the columns are the sums.

Of each presentation the nodes come one after another; for node i the rows stand at

    V_j = offset + gain W_ij x_j,   one more row at offset + gain b_i,
    a_i = (mean I_i - I_i at weight x input = 0) / (gain G_mid),   output = tanh(a) on the host

I_i is the current of column i into its virtual ground, averaged over `keep` samples, and G_mid the
mean of its junctions' two conductances. Every junction fluctuates at its own bias. All passes of a
layer are one hardware-timed block; layers use the same rows and columns in turn.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtjlab.analysis.correlation import noise_ratio
from mtjlab.core.errors import ParameterError
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell
from mtjlab.fabric.crossbar_calibration import CrossbarCalibration, Values, seen, typical
from mtjlab.fabric.crossbar_drive import Drive
from mtjlab.fabric.crossbar_finding import find
from mtjlab.fabric.crossbar_noise import NodeNoises, contrasts
from mtjlab.fabric.crossbar_options import BEST_KEEP, CrossbarOptions
from mtjlab.fabric.crossbar_timing import NOMINAL_TAU_C_S, crossbar_timing, parts
from mtjlab.fabric.crossbar_wiring import crossbar_wires, window_v
from mtjlab.fabric.part import Honesty, LayerShape, Prediction, Sampling, Seen
from mtjlab.fabric.timing import Timing
from mtjlab.learning.activations import ACTIVATIONS, SLOPES
from mtjlab.learning.fabric import Activities, Array, Precision

_COUNTERS = ("transactions", "presented", "saturated", "below", "energy_j")


class Crossbar:
    """The fabric; a `Part`.

    Attributes:
        transactions: hardware-timed blocks taken since calibration, parts counted.
        presented, saturated: (node, presentation) pairs, and those with a row at an end of the
            window.
        below: pairs whose junction noise lies below the instrument's, by the measured curve.
        energy_j: dissipated in the junctions, J.
    """

    options = CrossbarOptions
    physical = True

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: CrossbarOptions,
        claimed: frozenset[Cell] = frozenset(),
    ) -> None:
        """Find an array with room for every layer; touch nothing. See `Part`."""
        if sampling.junctions == "off":
            raise ParameterError(
                "junctions = off: the signal of fabric crossbar flows through the junctions, so "
                "0 V takes it away together with the noise. On a twin use junctions = stuck (all "
                "in one state) or junctions = mean (their mean response), which keep the signal"
            )
        self.widths = tuple(layer.nodes for layer in layers)
        self.transactions = 0
        self.presented = self.saturated = self.below = 0
        self.energy_j = 0.0
        self._rig = rig
        self._layers = tuple(layers)
        self._sampling = sampling
        self._options = options
        self._wires = crossbar_wires(rig, layers, claimed)
        self._drive = Drive(options.gain_v, options.offset_v, window_v(rig, self._wires, options))
        self._keep = BEST_KEEP if sampling.keep is None else sampling.keep
        self._when = self._timing(NOMINAL_TAU_C_S)
        self._learnt_with: CrossbarCalibration | None = None
        self._noises: NodeNoises | None = None
        self._rows = 0
        # Activities and own noise of the last presentation of each layer.
        self._last: dict[int, tuple[Array, Array]] = {}

    @property
    def cells(self) -> frozenset[Cell]:
        """The whole array: a row reaches every column."""
        return frozenset(self._wires.array.cells)

    def prediction(self, rows: int) -> Prediction:
        """One block per layer, longer than the output memory in several parts."""
        steps = [rows * nodes for nodes in self.widths]
        abilities = self._wires.player.abilities
        measured = "" if self._learnt_with else f" if tau_c is {si(NOMINAL_TAU_C_S, 's')}"
        shapes = ", ".join(f"{layer.inputs} to {layer.nodes}" for layer in self._layers)
        return Prediction(
            sum(parts(count, self._when, abilities) for count in steps),
            sum(steps) * self._when.spacing_s,
            f"crossbar: layers {shapes} in turn on {len(self._wires.outputs)} rows and "
            f"{len(self._wires.reads)} columns of the array at {self._wires.array.cells[0]}, "
            f"rows up to {si(self._drive.window_v, 'V')}; one block per layer, its nodes one "
            f"after another, {si(self._when.spacing_s, 's')} each{measured}",
        )

    def prepare(self) -> None:
        """Every row at 0 V."""
        self._wires.ground()

    def calibrate(self) -> Seen:
        """Time, conductance, zero, response and noise of the columns; rows end at 0 V."""
        found = find(
            self._rig,
            self._wires,
            self._drive,
            self._sampling,
            [layer.inputs for layer in self._layers],
            self._timing,
            self._when,
        )
        self._learnt_with = calibration = found.calibration
        self._when = self._timing(calibration.tau_c_s)
        taken = found.transactions + self._typical_noise()
        self._rig.notice(
            "info",
            f"crossbar: {si(float(calibration.mid_s.mean()), 'S')} per junction, tau_c "
            f"{si(calibration.tau_c_s, 's')}, steps of {si(self._when.spacing_s, 's')}",
        )
        return seen(self._wires, self.widths, found.heard, self._noise_ratio(), taken)

    def _typical_noise(self) -> int:
        """Present inputs as they may come twice; the differences are each node's noise."""
        samples = max(20, self._sampling.reference_reads // 10)
        variances: list[Values] = []
        for layer, shape in enumerate(self._layers):
            x, w = typical(shape.inputs, shape.nodes, samples)
            twice = np.concatenate([x, x]).astype(np.float32)
            self.begin(2 * samples)
            answer = self.forward(layer, twice, w.astype(np.float32), np.zeros(shape.nodes, "f4"))
            differ = contrasts(answer.activity.reshape(2, samples, shape.nodes))
            variances.append((differ**2).mean(axis=0))
        # Held junctions have another noise than they were calibrated with.
        steps = 0.0 if self._sampling.held else samples / self._sampling.batch
        self._noises = NodeNoises(variances, steps)
        taken, self.transactions = self.transactions, 0
        self.presented = self.saturated = self.below = 0
        self.energy_j = 0.0
        self._last.clear()
        return taken

    def _noise_ratio(self) -> Values:
        """Of all nodes: their noise as last known over that with every row at 0 V."""
        instrument = self._calibrated.instrument_v * self._per_volt(len(self._wires.reads))
        found = [
            noise_ratio(float(np.sqrt(value)), float(instrument[node])).value
            for variance in self._known_noises.variances
            for node, value in enumerate(variance)
        ]
        return np.array([np.nan if value is None else value for value in found])

    def _per_volt(self, nodes: int) -> Values:
        """Activity (nodes,) per volt at the input of a column, 1/V."""
        volts_s = self._wires.array.tia_ohm * self._drive.gain_v
        return 1.0 / (volts_s * self._calibrated.mid_s[:nodes])

    @property
    def precision(self) -> Precision | None:
        """Each node's differences over its noise; asked in a learning step, it takes that in."""
        passes = self._sampling.passes
        if passes > 1 and len(self._last) == len(self.widths) and self._rows % passes == 0:
            activities, own = zip(*(self._last[i] for i in range(len(self.widths))), strict=True)
            self._known_noises.add(activities, own, passes)
            self._last.clear()
        return self._known_noises.precision

    def begin(self, rows: int) -> None:
        """Each layer will be presented so many times."""
        self._rows = rows
        self._last.clear()

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Play all presentations of all nodes in one block; see `Fabric.forward`."""
        if len(x) != self._rows:
            raise ValueError(f"layer {layer}: {len(x)} rows, but {self._rows} were announced")
        calibration, wires, nodes = self._calibrated, self._wires, self.widths[layer]
        rows_v, saturated = self._drive.rows_v(x, w, b)
        block = wires.play(rows_v, self._when)
        wires.demand_in_range(block.samples_v)
        own = np.arange(nodes)
        columns_v = block.samples_v.mean(axis=1).reshape(len(x), nodes, -1)[:, own, own]
        columns_v = np.ascontiguousarray(columns_v)
        activity = (calibration.zero_v[layer, :nodes] - columns_v) * self._per_volt(nodes)
        mean = self._mean(rows_v, nodes)
        self._last[layer] = activity.astype(np.float32), (activity - mean).astype(np.float32)
        self.transactions += block.parts
        self.presented += columns_v.size
        self.saturated += saturated
        # Held junctions have no noise of their own.
        noise_a2 = 0.0 if self._sampling.held else calibration.curve.noise_a2(rows_v)
        noise_v2 = wires.array.tia_ohm**2 * np.broadcast_to(noise_a2, len(rows_v))
        instrument_v = np.tile(calibration.instrument_v[:nodes], len(x))
        self.below += int((noise_v2 < instrument_v**2).sum())
        columns = len(wires.array.columns)
        duration_s = len(rows_v) / block.step_rate_hz
        self.energy_j += columns * calibration.curve.power_w(rows_v) * duration_s
        return self._answer(layer, activity.astype(np.float32))

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """By the measured mean response of a junction; saturation included."""
        rows_v, _ = self._drive.rows_v(x, w, b)
        return self._answer(layer, self._mean(rows_v, self.widths[layer]).astype(np.float32))

    def slope(self, layer: int, answer: Activities) -> Array:
        """Of the activation, from its output; 1 where the activities are the logits."""
        if self._layers[layer].last:
            return np.ones_like(answer.output)
        return SLOPES[self._options.activation](answer.output)

    def state(self) -> dict[str, StateValue]:
        """Calibration, noise of the nodes and counters."""
        counters: dict[str, StateValue] = {name: getattr(self, name) for name in _COUNTERS}
        return counters | self._known_noises.state() | self._calibrated.state()

    def restore(self, state: State) -> None:
        """Go on from `state()`."""
        self._learnt_with = CrossbarCalibration.from_state(state)
        self._noises = NodeNoises.restored(state, len(self.widths))
        self._when = self._timing(self._calibrated.tau_c_s)
        for name in _COUNTERS:
            saved: Any = np.asarray(state[name])
            setattr(self, name, type(getattr(self, name))(saved))

    def honesty(self) -> Honesty:
        """Of all presentations since calibration; noise as it was while learning."""
        calibration, noises = self._calibrated, self._known_noises
        ratios, spacing_s = self._noise_ratio(), self._when.spacing_s
        unknown = ("noise_ratio: the instrument shows no noise with the rows at 0 V",)
        return Honesty(
            noise_ratio=ratios,
            below_instrument=self.below / self.presented if self.presented else None,
            correlation=noises.moments.largest_correlation(),
            saturated=self.saturated,
            presented=self.presented,
            energy_j=self.energy_j,
            slowest_tau_c_s=calibration.tau_c_s,
            sample_spacing_s=spacing_s * min(self.widths),
            pass_spacing_s=spacing_s * min(self.widths) * self._sampling.smallest_batch,
            transactions=self.transactions,
            notes=calibration.notes + (unknown if np.isnan(ratios).any() else ()),
        )

    def _mean(self, rows_v: Values, nodes: int) -> Values:
        """Activities (S, m) of junctions that all do what they do on average."""
        calibration, drive = self._calibrated, self._drive
        at_zero = np.full(rows_v.shape[1], drive.offset_v)
        change_a = calibration.curve.mean_a(rows_v) - calibration.curve.mean_a(at_zero)
        found: Values = change_a.reshape(-1, nodes) / (drive.gain_v * calibration.mid_s.mean())
        return found

    def _answer(self, layer: int, activity: Array) -> Activities:
        if self._layers[layer].last:
            return Activities(activity, activity)
        return Activities(activity, ACTIVATIONS[self._options.activation](activity))

    def _timing(self, tau_c_s: float) -> Timing:
        return crossbar_timing(
            tau_c_s,
            self._sampling.sample_spacing,
            self._sampling.pass_spacing,
            self._keep,
            self._wires.fastest_hz,
            steps_between=self._sampling.smallest_batch * min(self.widths),
        )

    @property
    def _calibrated(self) -> CrossbarCalibration:
        if self._learnt_with is None:
            raise RuntimeError("calibrate or restore before the first presentation")
        return self._learnt_with

    @property
    def _known_noises(self) -> NodeNoises:
        if self._noises is None:
            raise RuntimeError("calibrate or restore before the first presentation")
        return self._noises
