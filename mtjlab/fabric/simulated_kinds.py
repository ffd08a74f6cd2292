"""Simulated fabrics without memory: `gaussian` and `bernoulli`."""

import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from mtjlab.core.parameters import Ge, Le
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Cell
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.fabric.simulated import Known, SimulatedPart, Source, SourceOptions, refuse_keep
from mtjlab.learning.fabric import Array
from mtjlab.learning.simulated import Bernoulli, Gaussian


class GaussianOptions(SourceOptions):
    """`--set 'options={gaussian={sigma=0.1}}'`."""

    sigma: Annotated[float, Ge(0), Le(1e3)] = Field(0.06, description="sd of each node's noise")


class GaussianPart(SimulatedPart):
    """Independent Gaussian noise, no memory."""

    options = GaussianOptions
    name = "gaussian"

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: GaussianOptions,
        claimed: frozenset[Cell],
    ) -> None:
        """See `Part`."""
        super().__init__(rig, layers, sampling, options, claimed)
        refuse_keep(sampling, self.name)
        self._known = Known(options.sigma, options.instrument_sigma)

    def known(self) -> Known:
        """As the options say."""
        return self._known

    def make(self, rng: np.random.Generator) -> Source:
        """Source and instrument are one Gaussian."""
        both = math.hypot(self._known.sd, self._known.instrument_sd if self.read_noisily else 0.0)
        return Gaussian(self.nodes, rng, sigma=both)


class BernoulliOptions(SourceOptions):
    """`--set 'options={bernoulli={level=0.0625}}'`."""

    level: Annotated[float, Ge(0), Le(1e3)] = Field(
        0.06, description="half the distance of the two levels"
    )
    occupancy: Annotated[float, Ge(0), Le(1)] = Field(
        0.5, description="probability of the upper level; the noise is taken from its mean"
    )


class BernoulliPart(SimulatedPart):
    """Two levels, every read independent of the last."""

    options = BernoulliOptions
    name = "bernoulli"

    def __init__(
        self,
        rig: Rig,
        layers: Sequence[LayerShape],
        sampling: Sampling,
        options: BernoulliOptions,
        claimed: frozenset[Cell],
    ) -> None:
        """See `Part`."""
        super().__init__(rig, layers, sampling, options, claimed)
        refuse_keep(sampling, self.name)
        self._options = options

    def known(self) -> Known:
        """As the options say."""
        own = self._options
        return Known(spread(own.level, own.occupancy), own.instrument_sigma)

    def make(self, rng: np.random.Generator) -> Source:
        """Levels about their mean, and the instrument's Gaussian."""
        own = self._options
        return _Levels(
            Bernoulli(self.nodes, rng, amplitude=2.0 * own.level, probability=own.occupancy),
            own.instrument_sigma if self.read_noisily else 0.0,
        )


class _Levels:
    """Bernoulli noise of mean zero, as an instrument with noise of its own reads it."""

    def __init__(self, levels: Bernoulli, sigma: float) -> None:
        self.rng = levels.rng
        self._levels = levels
        self._sigma = sigma

    def __call__(self, rows: int) -> Array:
        """Noise, (rows, N)."""
        self._levels.rng = self.rng
        noise = self._levels(rows)
        noise -= np.float32(self._levels.amplitude * self._levels.probability)
        if self._sigma > 0.0:
            noise += np.float32(self._sigma) * self.rng.standard_normal(noise.shape, np.float32)
        return noise


def spread(level: float, occupancy: float) -> float:
    """Standard deviation of two levels, each `level` from the middle."""
    return 2.0 * level * math.sqrt(occupancy * (1.0 - occupancy))
