"""Fabric `node_noise`: the host computes each sum, a junction at constant bias lends its noise.

    a = x W^T + b + (V_j - V0_j) / unit,    output = tanh(a), logits = a on the last layer

V_j is the voltage of node j's own junction, averaged over `keep` samples; V0_j its mean at the
bias. The noise does not depend on the signal, so one hardware-timed block serves all nodes of all
layers and all passes of a step.
"""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mtjlab.core.errors import BenchError
from mtjlab.core.interfaces import Daq
from mtjlab.core.parameters import Gt, Le, Parameters, Quantity
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell, SingleJunction
from mtjlab.fabric.bias import CommonBias
from mtjlab.fabric.moments import Moments
from mtjlab.fabric.node_calibration import NodeCalibration, noise_ratios, seen
from mtjlab.fabric.part import Honesty, LayerShape, Prediction, Sampling, Seen
from mtjlab.fabric.reading import record
from mtjlab.fabric.survey import survey
from mtjlab.fabric.timing import Timing, timing
from mtjlab.learning.activations import ActivationName
from mtjlab.learning.fabric import Array
from mtjlab.learning.host_sum import HostSum

# Of the slowest of a dozen published devices; until it has been measured.
NOMINAL_TAU_C_S = 30e-6
# Of a node's noise, and of the standard errors of its mean: less is chance, or does not matter.
WARN_SHIFT, WARN_ERRORS = 0.3, 6.0

_COUNTERS = ("transactions", "busy_s")


class NodeNoiseOptions(Parameters):
    """Of `node_noise`; `bias_v`, `unit_v` and `activation` of the run are these."""

    bias_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] | None = Field(
        None, description="open-circuit volts behind each divider; none: as the bench file says"
    )
    unit_v: Annotated[float, Quantity("V"), Gt(0), Le(10)] = Field(
        0.1, description="voltage that counts as one unit of activity"
    )
    activation: ActivationName = Field("tanh", description="of the hidden layers, on the host")


class NodeNoise(HostSum):
    """The fabric; a `Part`.

    Attributes:
        transactions: hardware-timed blocks taken since calibration, parts counted.
        busy_s: bench time they took, s.
        t0_s: bench time of the last block's first sample.
        moments: of all reads since calibration.
    """

    options = NodeNoiseOptions
    physical = True

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: NodeNoiseOptions,
        claimed: frozenset[Cell] = frozenset(),
    ) -> None:
        """Count the junctions that are left; touch nothing. See `Part`."""
        widths = tuple(layer.nodes for layer in layers)
        super().__init__(widths, self._read, activation=options.activation, logits=layers[-1].last)
        self.transactions = 0
        self.busy_s = 0.0
        self.t0_s = 0.0
        self.moments = Moments.empty(sum(widths))
        self._rig = rig
        self._sampling = sampling
        self._options = options
        self._candidates = _candidates(rig, claimed, sum(widths))
        self._bias = CommonBias(rig, self._candidates, options.bias_v)
        self._daq: Daq = rig.daqs[_board(self._candidates[0])]
        self._calibration: NodeCalibration | None = None
        self._keep = 1 if sampling.keep is None else sampling.keep
        # What the board cannot reach is only known once tau_c has been measured.
        self._when = Timing(1.0 / self._spacing_s(NOMINAL_TAU_C_S), 0, self._keep)

    @property
    def cells(self) -> frozenset[Cell]:
        """Every junction that could serve: which of them will, calibration decides."""
        return frozenset(junction.cell for junction in self._candidates)

    def prediction(self, rows: int) -> Prediction:
        """One block for all nodes of these layers."""
        nodes = sum(self.widths)
        bias = sorted({si(volts, "V") for volts in self._bias.behind_divider_v})
        sources = list(self._bias.levels_v)
        named = ", ".join(sources) if len(sources) < 4 else f"{len(sources)} sources"
        measured = self._calibration is not None
        return Prediction(
            1,
            rows * self._when.spacing_s,
            f"node_noise: {nodes} junctions of {len(self._candidates)} on inputs of "
            f"{_board(self._candidates[0])} at a constant {' or '.join(bias)} from "
            f"{named}, no other output; one block of {rows} reads, "
            f"{si(self._when.spacing_s, 's')} apart"
            f"{'' if measured else ' if tau_c is ' + si(NOMINAL_TAU_C_S, 's')}",
        )

    def prepare(self) -> None:
        """Common bias configured, on, and at the level at which learning happens."""
        self._bias.prepare()
        self._bias.set(self._learning_share)
        for terminal, reading in self._bias.measure().items():
            self._rig.notice(
                "info",
                f"{terminal}: {si(reading.voltage_v, 'V')}, {si(reading.current_a, 'A')} into "
                f"{len(self._rig.wiring.driven_by(terminal))} junctions",
            )

    def calibrate(self) -> Seen:
        """Survey all junctions at the bias, choose one per node, measure means and noise ratio."""
        rig, sampling, nodes = self._rig, self._sampling, sum(self.widths)
        self._bias.set(1.0)
        found = survey(
            self._daq,
            self._candidates,
            duration_s=sampling.survey_s,
            max_tau_c_s=sampling.max_tau_c_s,
        )
        chosen = found.choose(nodes)
        for index, reason in found.masked.items():
            rig.notice("warning", f"junction {self._candidates[index].cell} masked: {reason}")
        slowest_s = max(found.found[i].rates.tau_c_s for i in chosen)
        self._when = self._timing(slowest_s)
        used = [self._candidates[i] for i in chosen]
        on_v, on = record(self._daq, used, sampling.reference_reads, self._when)
        self._bias.set(0.0)
        off_v, off = record(self._daq, used, sampling.reference_reads, self._when)
        self._bias.set(self._learning_share)
        biased = sampling.junctions != "off"
        # A control leaves no noise of the junctions while learning, whatever they had before.
        free = sampling.junctions == "on"
        ratios, notes = noise_ratios(on_v, off_v) if free else (np.zeros(nodes), [])
        self.learn_with(
            NodeCalibration(
                chosen=np.array(chosen, dtype=np.int64),
                mean_v=(on_v if biased else off_v).mean(axis=0),
                noise_ratio=ratios,
                slowest_tau_c_s=slowest_s,
                notes=tuple(notes),
            )
        )
        rig.notice(
            "info",
            f"{nodes} of {len(self._candidates)} junctions in use, slowest tau_c "
            f"{si(slowest_s, 's')}; reads {si(self._when.spacing_s, 's')} apart",
        )
        return seen(found, np.array(chosen), ratios, transactions=on.parts + off.parts)

    def learn_with(self, calibration: NodeCalibration) -> None:
        """Take what is known of the junctions instead of measuring it; touches no instrument."""
        self._when = self._timing(calibration.slowest_tau_c_s)
        self._calibration = calibration
        self._used = [self._candidates[int(i)] for i in calibration.chosen]
        self._open_v = self._learning_share * np.array(
            [self._bias.behind_divider_v[int(i)] for i in calibration.chosen]
        )
        self._series_ohm = np.array([junction.series_ohm for junction in self._used])

    def state(self) -> dict[str, StateValue]:
        """Calibration, counters and moments."""
        counters: dict[str, StateValue] = {name: getattr(self, name) for name in _COUNTERS}
        moments = {f"moments_{k}": np.copy(v) for k, v in vars(self.moments).items()}
        return counters | moments | self._calibrated.state()

    def restore(self, state: State) -> None:
        """Go on from `state()`."""
        self.learn_with(NodeCalibration.from_state(state))
        prefix = "moments_"
        self.moments = Moments.restored(
            {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        )
        self.transactions = int(np.asarray(state["transactions"]))
        self.busy_s = float(np.asarray(state["busy_s"]))

    def honesty(self) -> Honesty:
        """Of all reads since calibration."""
        calibration, spacing_s = self._calibrated, self._when.spacing_s
        ratios = calibration.noise_ratio
        known = not np.isnan(ratios).any()
        # Without bias the product of two noise voltages is left, and it is no energy.
        on = self._sampling.junctions != "off"
        return Honesty(
            noise_ratio=ratios,
            below_instrument=float((ratios < 1).mean()) if known else None,
            correlation=self.moments.largest_correlation(),
            # The host's activation is no device: nothing here can saturate.
            saturated=0,
            presented=self.moments.reads * sum(self.widths),
            energy_j=self.moments.mean_power_w() * self.busy_s if on else 0.0,
            slowest_tau_c_s=calibration.slowest_tau_c_s,
            sample_spacing_s=spacing_s,
            pass_spacing_s=spacing_s * self._sampling.smallest_batch,
            transactions=self.transactions,
            notes=(*calibration.notes, *self._moved()),
        )

    def _moved(self) -> list[str]:
        """Whether a node is no longer what it was calibrated to be."""
        if self._sampling.junctions != "on" or not self.moments.reads:
            return []
        node, mean_v, share = self.moments.largest_shift()
        if abs(share) < max(WARN_SHIFT, WARN_ERRORS / math.sqrt(self.moments.reads)):
            return []
        return [
            f"the mean of node {node} lay {si(mean_v, 'V')} from where calibration found it "
            f"({abs(share):.1f} of its noise): its junction drifts, or was calibrated before the "
            "bench had settled; calibrate again for a longer run"
        ]

    def _read(self, rows: int) -> Array:
        """Every junction `rows` times in one block; deviations from the mean in units."""
        began_s = self._rig.clock.now_s()
        volts, block = record(self._daq, self._used, rows, self._when)
        self.busy_s += self._rig.clock.now_s() - began_s
        self.transactions += block.parts
        self.t0_s = block.t0_s
        deviation_v = volts - self._calibrated.mean_v
        power_w = volts * (self._open_v - volts) / self._series_ohm
        self.moments.add(deviation_v, float(power_w.sum(axis=1).mean()))
        return (deviation_v / self._options.unit_v).astype(np.float32)

    @property
    def _calibrated(self) -> NodeCalibration:
        if self._calibration is None:
            raise RuntimeError("calibrate or restore before the first read")
        return self._calibration

    @property
    def _learning_share(self) -> float:
        """`junctions = off` takes the bias away."""
        return 0.0 if self._sampling.junctions == "off" else 1.0

    def _spacing_s(self, tau_c_s: float) -> float:
        sampling = self._sampling
        return tau_c_s * max(
            sampling.sample_spacing, sampling.pass_spacing / sampling.smallest_batch
        )

    def _timing(self, tau_c_s: float) -> Timing:
        return timing(self._spacing_s(tau_c_s), self._keep, self._daq.abilities, sum(self.widths))


def _board(junction: SingleJunction) -> str:
    assert junction.read is not None
    return junction.read.instrument


def _candidates(rig: Rig, claimed: frozenset[Cell], nodes: int) -> tuple[SingleJunction, ...]:
    """The free junctions on the board that reads most of them: one block has one clock.

    Raises:
        BenchError: fewer than nodes.
    """
    free = [j for j in rig.wiring.singles if j.read is not None and j.cell not in claimed]
    by_board: dict[str, list[SingleJunction]] = {}
    for junction in free:
        by_board.setdefault(_board(junction), []).append(junction)
    most = max(by_board.values(), key=len, default=[])
    if len(most) >= nodes:
        return tuple(most)
    others = len(free) - len(most)
    elsewhere = f" ({others} more are read by other boards)" if others else ""
    taken = (
        f"; {len(claimed)} junctions serve other layers or are not among `cells`" if claimed else ""
    )
    raise BenchError(
        f"the network has {nodes} nodes on node_noise and each needs a single junction with an "
        f"input of one board; this bench has {len(most)}{elsewhere}, {nodes - len(most)} are "
        f"missing{taken}. {len(most)} nodes would fit: use fewer hidden nodes or another fabric"
    )
