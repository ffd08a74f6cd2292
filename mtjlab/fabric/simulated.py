"""Sources of noise without a bench, as parts: no instrument is touched, no junction taken.

    a = x W^T + b + xi,    output = f(a), logits = a on the last layer

xi comes from formulas, drawn with the run's generator `noise`. Successive presentations are reads
of the same sources at a constant interval, so that what a bench must wait for has its price here
too: `sample_spacing` and `pass_spacing` are in the sources' own correlation times.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Le, Parameters
from mtjlab.core.protocol import Rig, State, StateValue
from mtjlab.core.wiring import Cell
from mtjlab.fabric.moments import Moments
from mtjlab.fabric.part import Honesty, LayerShape, Prediction, Sampling, Seen
from mtjlab.learning.activations import ActivationName
from mtjlab.learning.fabric import Array
from mtjlab.learning.fabric import Precision as InverseCovariance
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.simulated import Gaussian

# Correlations are taken of so many nodes: with thousands they would cost more than learning.
WATCHED_NODES = 256


class HostOptions(Parameters):
    """Of every fabric whose sums the host computes."""

    activation: ActivationName = Field("tanh", description="of every layer but the last")


class SourceOptions(HostOptions):
    """Of every simulated source; in units of the activity."""

    instrument_sigma: Annotated[float, Ge(0), Le(1e3)] = Field(
        0.0, description="sd of the Gaussian noise of the instrument that reads the source"
    )


class Source(Protocol):
    """What lends noise: `Gaussian`, `Telegraph` and the like.

    Attributes:
        rng: drawn from at each call.
    """

    rng: np.random.Generator

    def __call__(self, rows: int) -> Array:
        """Noise of the next `rows` presentations, (rows, N)."""
        ...


@dataclass(frozen=True)
class Known:
    """What a source knows of its own noise.

    Attributes:
        sd: of its own noise, without the instrument's, in units of the activity.
        instrument_sd: of the instrument's.
        notes: sentences for the results.
    """

    sd: float
    instrument_sd: float
    notes: tuple[str, ...] = ()


class SimulatedPart(HostSum):
    """A `Part` on a source; a kind says which, what it remembers, and what is known of its noise.

    Attributes:
        name: of the fabric.
        transactions: 0, always.
        nodes: N, of all layers of this part.
        lives: the source's own noise is there; a control takes it away.
        read_noisily: the instrument's noise is there.
    """

    options: ClassVar[type[Parameters]] = HostOptions
    name: ClassVar[str]

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: Any,
        claimed: frozenset[Cell],
    ) -> None:
        """See `Part`; draws nothing yet."""
        super().__init__(
            [layer.nodes for layer in layers],
            self._draw,
            activation=options.activation,
            logits=layers[-1].last,
        )
        self.transactions = 0
        self.nodes = sum(self.widths)
        self.lives = sampling.junctions == "on"
        self.read_noisily = sampling.instrument_noise == "on"
        self._rig = rig
        self._source: Source | None = None
        self._moments = Moments.empty(min(self.nodes, WATCHED_NODES))

    @property
    def cells(self) -> frozenset[Cell]:
        """None: no junction is taken."""
        return frozenset()

    @property
    def precision(self) -> InverseCovariance | None:
        """None: all nodes alike and independent."""
        return None

    def known(self) -> Known:
        """What is known of the noise while nothing takes it away."""
        raise NotImplementedError

    def make(self, rng: np.random.Generator) -> Source:
        """The source, its first state drawn from `rng`."""
        raise NotImplementedError

    def memory(self) -> dict[str, StateValue]:
        """What the source remembers from one read to the next, beside its generator."""
        return {}

    def remember(self, state: State) -> None:
        """Put back what `memory()` returned."""

    def prediction(self, rows: int) -> Prediction:
        """Nothing on a board."""
        return Prediction(0, 0.0, f"{self.name}: simulated, takes no transaction")

    def prepare(self) -> None:
        """Nothing to do."""

    def calibrate(self) -> Seen:
        """Draw the first state."""
        self._source = self._made(self._rig.generators["noise"])
        return Seen()

    def state(self) -> dict[str, StateValue]:
        """Running sums, and what the source remembers beside its generator."""
        saved: dict[str, StateValue] = {f"moments_{k}": v for k, v in vars(self._moments).items()}
        return saved | self.memory()

    def restore(self, state: State) -> None:
        """See `Part`."""
        # Overwritten below; the run's own generator must not be drawn from twice.
        self._source = self._made(np.random.default_rng(0))
        self.remember(state)
        self._moments = Moments.restored(
            {k.removeprefix("moments_"): v for k, v in state.items() if k.startswith("moments_")}
        )

    def honesty(self) -> Honesty:
        """Noise ratio by construction, correlation as it was."""
        known = self.known()
        ratio, notes = ratio_of(known, lives=self.lives, name=self.name)
        watched = len(self._moments.total_v)
        if watched < self.nodes:
            notes.append(f"noise_correlation_max is of the first {watched} nodes of {self.name}")
        return Honesty(
            noise_ratio=np.full(self.nodes, ratio),
            below_instrument=None,
            correlation=self._moments.largest_correlation(),
            saturated=0,
            presented=self.nodes * self._moments.reads,
            energy_j=0.0,
            slowest_tau_c_s=None,
            sample_spacing_s=None,
            pass_spacing_s=None,
            transactions=0,
            notes=(*known.notes, *notes),
        )

    def _made(self, rng: np.random.Generator) -> Source:
        if self.lives:
            return self.make(rng)
        sigma = self.known().instrument_sd if self.read_noisily else 0.0
        return Gaussian(self.nodes, rng, sigma=sigma)

    def _draw(self, rows: int) -> Array:
        if self._source is None:
            raise RuntimeError(f"fabric {self.name} is read before calibrate or restore")
        # By name each time: a resumed run has other generator objects.
        self._source.rng = self._rig.generators["noise"]
        noise = self._source(rows)
        watched: NDArray[np.float64] = noise[:, :WATCHED_NODES].astype(np.float64)
        self._moments.add(watched, 0.0)
        return noise


def ratio_of(known: Known, *, lives: bool, name: str) -> tuple[float, list[str]]:
    """Noise ratio by construction, and why there is none."""
    if not lives:
        return 0.0, []
    if known.instrument_sd > 0.0:
        return known.sd / known.instrument_sd, []
    return math.nan, [f"noise_ratio: {name} is read without instrument noise"]


def refuse_keep(sampling: Sampling, name: str) -> None:
    """Formulas give one value per read.

    Raises:
        ParameterError: the run wants to average.
    """
    if sampling.keep not in (None, 1):
        raise ParameterError(
            f"keep = {sampling.keep}: fabric {name} has one value per read and nothing to "
            "average; leave keep out"
        )
