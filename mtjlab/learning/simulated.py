"""Sources of node noise without a bench: for tests, and to compare a bench with.

Each source is a callable `noise(rows) -> (rows, nodes)`; put one under a network with
`HostSum(widths, Telegraph(sum(widths), rng))`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching

Array = NDArray[np.float32]


class Silent:
    """No noise at all; nothing can be learnt from it."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes

    def __call__(self, rows: int) -> Array:
        """Zeros, (rows, nodes)."""
        return np.zeros((rows, self.nodes), dtype=np.float32)


class Gaussian:
    """Independent Gaussian noise.

    Args:
        nodes: N.
        rng: drawn from at each call.
        sigma: standard deviation, in units of the activity, >= 0.
    """

    def __init__(self, nodes: int, rng: np.random.Generator, *, sigma: float = 0.06) -> None:
        self.nodes = nodes
        self.rng = rng
        self.sigma = sigma

    def __call__(self, rows: int) -> Array:
        """Noise, (rows, nodes)."""
        noise = self.rng.standard_normal((rows, self.nodes), dtype=np.float32)
        noise *= np.float32(self.sigma)
        return noise


class Bernoulli:
    """Each node reads 0 or `amplitude`, independently: the control of the published simulations.

    Args:
        nodes: N.
        rng: drawn from at each call.
        amplitude: of the upper level, in units of the activity; 12.5 mV at 0.1 V per unit is 0.125.
        probability: of the upper level, 0 .. 1.
    """

    def __init__(
        self,
        nodes: int,
        rng: np.random.Generator,
        *,
        amplitude: float = 0.125,
        probability: float = 0.5,
    ) -> None:
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"probability = {probability!r} must lie in 0 .. 1")
        self.nodes = nodes
        self.rng = rng
        self.amplitude = amplitude
        self.probability = probability

    def __call__(self, rows: int) -> Array:
        """Noise with mean amplitude * probability, (rows, nodes)."""
        upper = self.rng.random((rows, self.nodes), dtype=np.float32) < self.probability
        noise: Array = upper.astype(np.float32)
        noise *= np.float32(self.amplitude)
        return noise


class Telegraph:
    """One two-level process per node, and Gaussian noise of the instrument that reads it.

    Consecutive rows are consecutive reads of the same N processes.

    Args:
        nodes: N.
        rng: drawn from at each call.
        level: half the distance of the two levels, in units of the activity; +-6 mV at 0.1 V per
            unit is 0.06.
        occupancy: probability of the upper level, 0 .. 1.
        spacing: time between consecutive rows in correlation times of the process, > 0; infinite
            means independent reads.
        sigma: of the instrument's noise, in units of the activity, >= 0.

    Attributes:
        upper: (N,), which processes are at their upper level after the last row.
    """

    def __init__(
        self,
        nodes: int,
        rng: np.random.Generator,
        *,
        level: float = 0.06,
        occupancy: float = 0.5,
        spacing: float = math.inf,
        sigma: float = 0.0,
    ) -> None:
        if not 0.0 <= occupancy <= 1.0:
            raise ValueError(f"occupancy = {occupancy!r} must lie in 0 .. 1")
        if not spacing > 0.0:
            raise ValueError(f"spacing = {spacing!r} must be positive")
        self.nodes = nodes
        self.rng = rng
        self.level = level
        self.occupancy = occupancy
        self.spacing = spacing
        self.sigma = sigma
        self.upper = rng.random(nodes) < occupancy

    def __call__(self, rows: int) -> Array:
        """Noise with mean zero, (rows, nodes)."""
        per_tau_c = Rates(np.ones(self.nodes), np.full(self.nodes, self.occupancy))
        states = propagate(
            self.upper, switching(per_tau_c, self.spacing), self.rng.random((rows, self.nodes))
        )
        if rows:
            self.upper = states[-1].copy()
        above = 2.0 * self.level * (1.0 - self.occupancy)
        below = -2.0 * self.level * self.occupancy
        noise: Array = np.where(states, np.float32(above), np.float32(below))
        if self.sigma > 0.0:
            noise += np.float32(self.sigma) * self.rng.standard_normal(
                (rows, self.nodes), dtype=np.float32
            )
        return noise
