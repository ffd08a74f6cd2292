"""Simulated fabric `telegraph`: two levels per node that remember, as junctions do.

Either every node has a process of its own, or one process serves all nodes one after the other,
as where one junction is read again and again: then neighbouring nodes share its noise.
"""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Le
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.wiring import Cell
from mtjlab.fabric.part import LayerShape, Prediction, Sampling
from mtjlab.fabric.simulated import Known, SimulatedPart, Source, SourceOptions, refuse_keep
from mtjlab.fabric.simulated_kinds import spread
from mtjlab.learning.fabric import Array, Precision
from mtjlab.learning.packed_noise import PackedTelegraph
from mtjlab.learning.recorded import Order
from mtjlab.learning.serial_noise import Serial, least_batch
from mtjlab.learning.simulated import Telegraph

# From here on packed telegraphs are several times faster; below, one more array is not worth it.
MANY_NODES = 256


class TelegraphOptions(SourceOptions):
    """`--set 'options={telegraph={order="serial"}}' --set sample_spacing=0.18`."""

    level: Annotated[float, Ge(0), Le(1e3)] = Field(
        0.06, description="half the distance of the two levels: 6 mV at 0.1 V per unit"
    )
    occupancy: Annotated[float, Ge(0), Le(1)] = Field(
        0.5, description="probability of the upper level; the noise is taken from its mean"
    )
    instrument_sigma: Annotated[float, Ge(0), Le(1e3)] = Field(
        0.009, description="sd of the Gaussian noise of the instrument that reads the source"
    )
    order: Order = Field(
        "independent", description="a process for each node, or one for all, in series"
    )
    undo: bool = Field(True, description="in series: weigh updates with the inverse covariance")


class TelegraphPart(SimulatedPart):
    """See the module.

    Attributes:
        spacing: between successive reads of one process, in its correlation times.
    """

    options = TelegraphOptions
    name = "telegraph"

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: TelegraphOptions,
        claimed: frozenset[Cell],
    ) -> None:
        """See `Part`."""
        super().__init__(rig, layers, sampling, options, claimed)
        refuse_keep(sampling, self.name)
        self._options = options
        self._serial = options.order == "serial"
        between = sampling.smallest_batch * (self.nodes if self._serial else 1)
        self.spacing = max(sampling.sample_spacing, sampling.pass_spacing / between)
        self._undoes: Serial | None = None
        if self._serial and options.undo:
            white = (self._white() / spread(options.level, options.occupancy)) ** 2
            self._undoes = undoing(self.widths, math.exp(-self.spacing), white, sampling)

    @property
    def precision(self) -> Precision | None:
        """In series the inverse covariance, unless the options say that it be left."""
        return self._undoes if self.lives else None

    def known(self) -> Known:
        """As the options say."""
        own = self._options
        notes = () if not self._serial else (in_series(math.exp(-self.spacing), own.undo),)
        return Known(spread(own.level, own.occupancy), own.instrument_sigma, notes)

    def make(self, rng: np.random.Generator) -> Source:
        """One process per node, or one for all."""
        own, many = self._options, not self._serial and self.nodes >= MANY_NODES
        kind = ManyTelegraphs if many else Telegraph
        telegraph = kind(
            1 if self._serial else self.nodes,
            rng,
            level=own.level,
            occupancy=own.occupancy,
            spacing=self.spacing,
            sigma=self._white(),
        )
        if self._serial and isinstance(telegraph, Telegraph):
            return InSeries(telegraph, self.nodes)
        return telegraph

    def memory(self) -> dict[str, StateValue]:
        """Who is at the upper level; of many also the state of their own generators."""
        source = self._source
        if isinstance(source, ManyTelegraphs):
            return {f"many_{name}": value for name, value in source.state().items()}
        return {"upper": source.upper.copy()} if isinstance(source, Telegraph | InSeries) else {}

    def remember(self, state: State) -> None:
        """See `SimulatedPart`."""
        if isinstance(self._source, ManyTelegraphs):
            many = {k.removeprefix("many_"): v for k, v in state.items() if k.startswith("many_")}
            self._source.restore(many)
        elif isinstance(self._source, Telegraph | InSeries):
            self._source.upper = np.array(state["upper"], dtype=np.bool_)

    def prediction(self, rows: int) -> Prediction:
        """Nothing on a board."""
        how = "node after node" if self._serial else "each node"
        about = f"telegraph: simulated, {how} read {self.spacing:.3g} tau_c apart"
        return Prediction(0, 0.0, about)

    def _white(self) -> float:
        return self._options.instrument_sigma if self.read_noisily else 0.0


class ManyTelegraphs(PackedTelegraph):
    """Packed ones; the run's generator seeds theirs, and is not drawn from after that."""

    rng: np.random.Generator


class InSeries:
    """One process lends its noise to all nodes, one after the other.

    Args:
        telegraph: of one node.
        nodes: N.
    """

    def __init__(self, telegraph: Telegraph, nodes: int) -> None:
        self.nodes = nodes
        self._telegraph = telegraph

    @property
    def rng(self) -> np.random.Generator:
        """Drawn from at each call."""
        return self._telegraph.rng

    @rng.setter
    def rng(self, rng: np.random.Generator) -> None:
        self._telegraph.rng = rng

    @property
    def upper(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """(1,), whether the process is at its upper level."""
        return self._telegraph.upper

    @upper.setter
    def upper(self, upper: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> None:
        self._telegraph.upper = upper

    def __call__(self, rows: int) -> Array:
        """Noise, (rows, N): row after row, in each the nodes in their order."""
        return self._telegraph(rows * self.nodes).reshape(rows, self.nodes)


def undoing(widths: Sequence[int], rho: float, white: float, sampling: Sampling) -> Serial:
    """The inverse covariance of nodes in series, if two reads of a sample are far enough apart.

    Raises:
        ParameterError: they are not; the text has the batch that would do.
    """
    enough = least_batch(sum(widths), rho)
    if sampling.smallest_batch < enough:
        raise ParameterError(
            f"order = serial: with {sum(widths)} nodes and a batch of {sampling.smallest_batch} "
            f"samples the two reads of a sample share more than 5 % of their noise; take batches "
            f"of at least {enough} samples (the last of an epoch too), a larger spacing, or "
            "undo=false"
        )
    return Serial(widths, rho, white)


def in_series(rho: float, undone: bool) -> str:
    """A sentence for the results."""
    how = (
        "the update is weighed with the inverse of their covariance"
        if undone
        else "the update is smeared over neighbours, since undo is false"
    )
    return f"order = serial: neighbouring nodes share {rho:.2f} of their noise; {how}"
