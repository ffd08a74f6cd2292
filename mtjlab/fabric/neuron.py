"""Fabric `neuron`: the pre-activation sets a junction's bias, its reading is the activation.

    A = x W^T + b on the host,     V = bias + gain A behind the divider, inside the bias window
    readout "volt":   y = (Vm - k_mid bias) / (k_mid gain)           the raw averaged voltage
    readout "state":  y = 2 (Vm / V - k_P) / (k_AP - k_P) - 1        the occupancy, -1 to 1

Vm is the voltage at node j's junction, averaged over `keep` samples once the junction has followed
the step. What leaves the bias window saturates: that is part of the transfer function, and counted.
The activity of the update is y itself: the variance of a telegraph is the slope of its mean, so
that dividing by the slope would undo what the noise does right.

All presentations of a layer are one hardware-timed block. Outputs rest at the operating bias
between blocks: the first presentation then comes after the same history as all others, and a
junction at its operating point ages no more than one that is being read.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell
from mtjlab.fabric.neuron_calibration import NeuronCalibration, reference
from mtjlab.fabric.neuron_finding import Found, find
from mtjlab.fabric.neuron_layer import NeuronLayer
from mtjlab.fabric.neuron_options import BEST_KEEP, NeuronOptions
from mtjlab.fabric.neuron_timing import (
    NOMINAL_TAU_C_S,
    Turns,
    demand_junctions,
    neuron_timing,
    parts,
    turns,
)
from mtjlab.fabric.neuron_wiring import demand_window, neuron_wires, settled_s
from mtjlab.fabric.part import Honesty, LayerShape, Prediction, Sampling, Seen
from mtjlab.fabric.timing import Timing
from mtjlab.learning.fabric import Activities, Array

_COUNTERS = ("transactions", "saturated", "presented", "below", "energy_j")
_SAVED = "calibration_"


class Neuron:
    """Layers whose nodes are junctions, each biased by its own pre-activation; see `Part`.

    Attributes:
        transactions: blocks taken so far, calibration not counted.
        saturated, presented: (node, presentation) pairs at an end of the window, and all.
        below: those whose junction noise lies below the instrument's.
        energy_j: dissipated in the junctions while they were played, J.
    """

    options: ClassVar[type[Parameters]] = NeuronOptions
    physical = True
    # The variance of a neuron's noise is the slope of its response: the update needs both.
    precision = None

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: NeuronOptions,
        claimed: frozenset[Cell],
    ) -> None:
        """Check wiring, window and number of junctions; touch no instrument."""
        if sampling.junctions == "off":
            raise ParameterError(
                "junctions = off: at 0 V a neuron has no signal either, since the bias is what "
                "carries it, so that this would be no control of the noise. Controls for the "
                "fabric neuron are junctions=stuck (one state) and junctions=mean (mean response)"
            )
        self._rig = rig
        self._layers = tuple(layers)
        self._sampling = sampling
        self._given = options
        self._wires = neuron_wires(rig, options, claimed)
        self._bias_v = self._wires.biases(options.bias_v)
        demand_window(rig, self._wires, options, self._bias_v)
        wired = len(self._wires.junctions)
        demand_junctions(self._layers, wired, wired, reuse=options.reuse)
        self._keep = BEST_KEEP[options.readout] if sampling.keep is None else sampling.keep
        self._spacing = max(
            sampling.sample_spacing, sampling.pass_spacing / sampling.smallest_batch
        )
        self._turns = self._all_turns(wired)
        self._calibration: NeuronCalibration | None = None
        self._on_junctions: tuple[NeuronLayer, ...] = ()
        self._rows = 0
        self.transactions = self.saturated = self.presented = self.below = 0
        self.energy_j = 0.0

    @property
    def widths(self) -> tuple[int, ...]:
        """Nodes of each layer."""
        return tuple(layer.nodes for layer in self._layers)

    @property
    def cells(self) -> frozenset[Cell]:
        """Every junction that could serve."""
        return frozenset(junction.cell for junction in self._wires.junctions)

    def prediction(self, rows: int) -> Prediction:
        """See `Part.prediction`."""
        when = self._calibration.when if self._calibration else self._nominal()
        steps = [rows * turn.groups for turn in self._turns]
        blocks = sum(parts(count, when, self._wires.player.abilities) for count in steps)
        groups = ", ".join(str(turn.groups) for turn in self._turns)
        return Prediction(
            blocks,
            sum(steps) * when.spacing_s,
            f"neuron: {sum(self.widths)} nodes on {max(t.junctions for t in self._turns)} outputs, "
            f"steps per presentation of each layer: {groups}; {when.settle} + {when.keep} samples "
            f"per step, {si(when.spacing_s, 's')}",
        )

    def prepare(self) -> None:
        """Nothing: outputs stay at 0 V until the first block, and each block says all levels."""

    def calibrate(self) -> Seen:
        """Survey, fit responses, choose junctions, measure noise; see `Part.calibrate`."""
        found = find(self._wires, self._given, self._sampling, self._bias_v)
        for index, reason in sorted(found.survey.masked.items()):
            cell = self._wires.junctions[index].cell
            self._rig.notice("warning", f"junction {cell} masked: {reason}")
        usable, wired = len(found.usable), len(self._wires.junctions)
        # Whoever is not chosen stays without a voltage.
        self._wires.hold(np.zeros(wired))
        demand_junctions(self._layers, usable, wired, reuse=self._given.reuse, masked=found.masked)
        self._turns = self._all_turns(usable)
        chosen = np.array(found.usable[: max(t.junctions for t in self._turns)], dtype=np.intp)
        response = found.response.take(chosen)
        when = self._timing(float(response.tau_c_s.max()), self._spacing, len(chosen))
        widest = max(range(len(self._turns)), key=lambda layer: self._turns[layer].nodes)
        measured = reference(
            self._wires.take(chosen.tolist()),
            response.bias_v,
            when,
            self._turns[widest],
            sum(self.widths[:widest]),
            self._sampling.reference_reads,
        )
        calibration = NeuronCalibration(
            chosen,
            response,
            when,
            measured.noise_ratio,
            measured.instrument_v,
            measured.correlation,
            measured.notes + self._shared(usable),
        )
        self._learn_with(calibration)
        self._rig.notice(
            "info",
            f"{len(chosen)} of {wired} junctions are neurons, slowest tau_c "
            f"{si(float(response.tau_c_s.max()), 's')}, w about "
            f"{si(float(np.median(response.width_v)), 'V')}; reads {si(when.spacing_s, 's')} apart",
        )
        return self._seen(found, calibration, found.transactions + measured.transactions)

    def begin(self, rows: int) -> None:
        """Remember how many presentations follow; their levels are not known yet."""
        self._rows = rows

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Play the levels of all presentations of a layer in one block; see `Fabric.forward`."""
        if len(x) != self._rows:
            raise ValueError(f"layer {layer}: {len(x)} rows, but {self._rows} were announced")
        played = self._layer(layer).play(x, w, b)
        self.transactions += played.transactions
        self.saturated += played.saturated
        self.presented += played.presented
        self.below += played.below
        self.energy_j += played.energy_j
        return played.answer

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """From the calibrated mean responses; touches no instrument."""
        return self._layer(layer).clean(x, w, b)

    def slope(self, layer: int, answer: Activities) -> Array:
        """Of the mean response where it has the measured activity; 0 beyond the window."""
        return self._layer(layer).slope(answer.activity)

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        counters: dict[str, StateValue] = {name: getattr(self, name) for name in _COUNTERS}
        saved = self._known().state()
        return counters | {f"{_SAVED}{name}": value for name, value in saved.items()}

    def restore(self, state: State) -> None:
        """Go on from `state()`."""
        for name in _COUNTERS:
            setattr(self, name, type(getattr(self, name))(state[name]))
        saved = {k.removeprefix(_SAVED): v for k, v in state.items() if k.startswith(_SAVED)}
        self._learn_with(NeuronCalibration.from_state(saved))

    def honesty(self) -> Honesty:
        """See `Honesty`; ratios and correlation are those of the calibration."""
        known, held = self._known(), self._sampling.held
        ratios = np.concatenate([known.noise_ratio[turn.index] for turn in self._turns])
        groups = min(turn.groups for turn in self._turns)
        return Honesty(
            noise_ratio=np.zeros_like(ratios) if held else ratios,
            below_instrument=self.below / self.presented if self.presented and not held else None,
            correlation=known.correlation,
            saturated=self.saturated,
            presented=self.presented,
            energy_j=self.energy_j,
            slowest_tau_c_s=float(known.response.tau_c_s.max()),
            sample_spacing_s=known.when.spacing_s,
            pass_spacing_s=known.when.spacing_s * groups * self._sampling.smallest_batch,
            transactions=self.transactions,
            notes=known.notes,
        )

    def _known(self) -> NeuronCalibration:
        if self._calibration is None:
            raise ValueError("fabric neuron: calibrate or restore before learning")
        return self._calibration

    def _layer(self, layer: int) -> NeuronLayer:
        self._known()
        return self._on_junctions[layer]

    def _all_turns(self, usable: int) -> tuple[Turns, ...]:
        return tuple(turns(layer.nodes, usable) for layer in self._layers)

    def _timing(self, tau_c_s: float, spacing: float, inputs: int) -> Timing:
        settled = settled_s(self._rig, self._wires)
        return neuron_timing(tau_c_s, spacing, self._keep, self._wires.fastest_hz(inputs), settled)

    def _nominal(self) -> Timing:
        """With the time scale of the published junctions, and no refusal: theirs may be slower."""
        inputs = max(turn.junctions for turn in self._turns)
        least_s = max(settled_s(self._rig, self._wires), 1.0 / self._wires.fastest_hz(inputs))
        spacing = max(self._spacing, least_s / NOMINAL_TAU_C_S)
        return self._timing(NOMINAL_TAU_C_S, spacing, inputs)

    def _learn_with(self, calibration: NeuronCalibration) -> None:
        """Lay the layers on the chosen junctions, the best first."""
        self._calibration = calibration
        self._turns = self._all_turns(len(calibration.chosen))
        wires = self._wires.take(calibration.chosen.tolist())
        self._on_junctions = tuple(
            NeuronLayer(
                layer,
                turn,
                wires.take(range(turn.junctions)),
                calibration.response.take(np.arange(turn.junctions)),
                calibration.when,
                calibration.instrument_v,
                self._given,
            )
            for layer, turn in zip(self._layers, self._turns, strict=True)
        )

    def _shared(self, usable: int) -> tuple[str, ...]:
        """Say which layers reuse junctions in time."""
        return tuple(
            f"fabric neuron: the {turn.nodes} nodes of layer {layer.index} take turns on "
            f"{turn.junctions} junctions ({usable} can serve), {turn.groups} steps per presentation"
            for layer, turn in zip(self._layers, self._turns, strict=True)
            if turn.groups > 1
        )

    def _seen(self, found: Found, calibration: NeuronCalibration, transactions: int) -> Seen:
        survey = found.survey
        by_node = np.concatenate([calibration.chosen[turn.index] for turn in self._turns])
        first = {int(index): node for node, index in reversed(list(enumerate(by_node)))}
        ratio = dict(zip(calibration.chosen.tolist(), calibration.noise_ratio, strict=True))
        rows = [
            (
                junction.cell.row,
                junction.cell.column,
                telegraph.levels.low_v,
                telegraph.levels.high_v,
                telegraph.levels.occupancy_high,
                telegraph.rates.tau_c_s,
                ratio.get(index, np.nan),
                first.get(index, -1),
            )
            for index, (junction, telegraph) in enumerate(
                zip(survey.junctions, survey.found, strict=True)
            )
        ]
        return Seen(
            np.array(rows, dtype=np.float64),
            np.ascontiguousarray(survey.traces_v[:, by_node].T),
            survey.interval_s,
            transactions,
        )
