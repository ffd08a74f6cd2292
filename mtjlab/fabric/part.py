"""The contract of a fabric on the bench: one kind of physical system under some layers.

An entry point of `mtjlab.fabrics` names a class that satisfies `Part`. `noise_learning` builds
one part for each fabric it was asked for, and in this order calls: the constructor (pure; refuses
what the wiring cannot serve), `prediction`, `prepare`, `calibrate` or `restore`, and then for
each learning step `begin` and `forward`. `prepare` may be called on another object, built alike,
than the one that calibrates and learns: it must leave nothing there that learning needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import Correlation
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.wiring import Cell
from mtjlab.learning.fabric import Fabric


@dataclass(frozen=True)
class LayerShape:
    """A layer as its fabric must know it.

    Attributes:
        index: its number in the network, from 0.
        inputs, nodes: n and m.
        last: its activities are the logits.
    """

    index: int
    inputs: int
    nodes: int
    last: bool


@dataclass(frozen=True)
class Sampling:
    """What a learning run asks of every fabric.

    Attributes:
        keep: samples averaged per read; None: the best known for the fabric.
        pass_spacing: least time between two reads of one sample on one junction, in tau_c of the
            slowest junction in use.
        sample_spacing: the same between successive reads of one junction.
        batch, smallest_batch: samples of a step, and of the shortest one of an epoch.
        passes: K, reads of each sample in a step.
        junctions: "on"; "off": 0 V while learning; "stuck" or "mean": they are calibrated free,
            and then held in one state or at their mean response.
        survey_s: length of the trace by which junctions are judged, s.
        reference_reads: reads that fix means and noise ratios.
        max_tau_c_s: slower junctions are masked, s.
        instrument_noise: "on", or "off": instruments of the twin add none.
    """

    keep: int | None
    pass_spacing: float
    sample_spacing: float
    batch: int
    smallest_batch: int
    passes: int
    junctions: str
    survey_s: float
    reference_reads: int
    max_tau_c_s: float
    instrument_noise: str = "on"

    @property
    def held(self) -> bool:
        """Whether the junctions are held while learning."""
        return self.junctions in ("stuck", "mean")


@dataclass(frozen=True)
class Prediction:
    """What one learning step costs on the board.

    Attributes:
        transactions: hardware-timed blocks.
        block_s: bench time of all of them, without the board's latencies, s.
        about: in words, for `--dry-run`.
    """

    transactions: int
    block_s: float
    about: str


@dataclass(frozen=True)
class Honesty:
    """What a part says of itself after learning: whose noise taught, and at what price.

    Attributes:
        noise_ratio: (nodes,), junction noise over instrument noise, in the order of the layers;
            NaN where it has no value, and `notes` say why.
        below_instrument: fraction of (node, sample) pairs whose junction noise lies below the
            instrument's; None where it was not determined.
        correlation: of the perturbations of any two nodes.
        saturated, presented: (node, presentation) pairs at the end of the bias window, and all.
        energy_j: dissipated in the junctions by all presentations so far, calibration not
            counted, J. What evaluations had of it the protocol takes off, by bench time.
        slowest_tau_c_s: of the junctions in use, s; None without junctions.
        sample_spacing_s, pass_spacing_s: as they were, s; None without a bench.
        transactions: blocks taken so far, calibration not counted.
        notes: sentences for the results.
    """

    noise_ratio: NDArray[np.float64]
    below_instrument: float | None
    correlation: Correlation
    saturated: int
    presented: int
    energy_j: float
    slowest_tau_c_s: float | None
    sample_spacing_s: float | None
    pass_spacing_s: float | None
    transactions: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What calibration found, for the run file; empty without a bench.

    Attributes:
        junctions: (n, 8): row, column, lower and upper level (V), occupancy of the upper level,
            tau_c (s), noise ratio, node (-1: not in use).
        traces_v: (nodes, samples), V; how each node's junction looked.
        interval_s: between the samples of a trace, s.
        transactions: blocks that calibration took.
    """

    junctions: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 8)))
    traces_v: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    interval_s: float = 0.0
    transactions: int = 0


class Part(Fabric, Protocol):
    """One kind of physical system under some layers of a network.

    Built as `Kind(rig, layers, sampling, options, claimed)`; layers are counted from 0 within the
    part by `forward`, `clean` and `slope`.

    What follows a colon in the name of a fabric, as in `recorded:trace.h5`, is given as the option
    `argument`; a model without that field admits none. Options named `activation`, `bias_v` and
    `unit_v` are also filled from the parameters of that name, where the user said one.

    Attributes:
        options: model of the fabric's own parameters, each with unit and bounds.
        cells: junctions it may use, so that the next part does not.
        transactions: blocks taken so far, calibration not counted; asked after every step.
    """

    options: ClassVar[type[Parameters]]
    transactions: int

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: Any,
        claimed: frozenset[Cell],
    ) -> None:
        """Check the wiring; touch no instrument.

        Raises:
            BenchError: the wiring cannot serve these layers: how many nodes, outputs or inputs
                are missing, and what would fit.
            ParameterError: the options or the sampling ask for what cannot be.
        """
        ...

    @property
    def cells(self) -> frozenset[Cell]:
        """Junctions that this part has taken."""
        ...

    def prediction(self, rows: int) -> Prediction:
        """The cost of `rows` presentations; before `calibrate` with the nominal time scale."""
        ...

    def prepare(self) -> None:
        """Bring the bench to the operating point; runs before every start and restart."""
        ...

    def calibrate(self) -> Seen:
        """Measure what learning needs: junctions, means, noise, timing. Leaves the bench ready.

        Raises:
            BenchError: too few junctions can serve.
        """
        ...

    def state(self) -> dict[str, StateValue]:
        """Calibration and running sums, flat; for `Progress.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from `state()`; touches no instrument."""
        ...

    def honesty(self) -> Honesty:
        """What the results must say of this part."""
        ...
