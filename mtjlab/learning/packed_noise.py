"""Telegraph noise of thousands of nodes, drawn about as fast as it can be written to memory."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.crew import share
from sim_backend.physics.packed import Packed
from sim_backend.physics.rates import Rates

Array = NDArray[np.float32]


class PackedTelegraph:
    """What `simulated.Telegraph` is, with generators of its own that are seeded from `rng`.

    The instrument's noise takes one of 65 536 values: its variance is exact, its tails end at
    4.3 sigma. The nodes are two groups with a generator each, so that two threads may draw them.

    Args:
        nodes: N, >= 2.
        rng: draws the first states and the seeds; not used after that.
        level: half the distance of the two levels, in units of the activity.
        occupancy: probability of the upper level, 0 .. 1.
        spacing: time between consecutive rows in correlation times, > 0; infinite: independent.
        sigma: of the instrument's noise, in units of the activity, >= 0.
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
        if nodes < 2:
            raise ValueError(f"nodes = {nodes}: packed noise needs at least 2")
        if not 0.0 <= occupancy <= 1.0:
            raise ValueError(f"occupancy = {occupancy!r} must lie in 0 .. 1")
        if not spacing > 0.0:
            raise ValueError(f"spacing = {spacing!r} must be positive")
        self.nodes = nodes
        self.level = level
        self.occupancy = occupancy
        self.spacing = spacing
        self.sigma = sigma
        self._groups = [
            Packed(Rates(np.ones(size), np.full(size, occupancy)), spacing, size, rng)
            for size in (nodes // 2, nodes - nodes // 2)
        ]
        self._drawn = [np.empty(0, dtype=np.float32) for _ in self._groups]

    def __call__(self, rows: int) -> Array:
        """Noise with mean zero, (rows, nodes)."""
        noise = np.empty((rows, self.nodes), dtype=np.float32)
        if rows * self._groups[1].m > len(self._drawn[1]):
            self._drawn = [np.empty(rows * g.m, dtype=np.float32) for g in self._groups]
        above = 2.0 * self.level * (1.0 - self.occupancy)
        below = -2.0 * self.level * self.occupancy

        def some(first: int, end: int) -> None:
            for group in range(first, end):
                packed = self._groups[group]
                columns = slice(0, packed.m) if group == 0 else slice(-packed.m, None)
                drawn = self._drawn[group][: rows * packed.m].reshape(rows, packed.m)
                noise[:, columns] = packed.read(rows, below, above, self.sigma, out=drawn)

        share(2, some, operations=20 * noise.size, grain=1)
        return noise

    def state(self) -> dict[str, Any]:
        """All that the next rows follow from, flat; a copy."""
        return {
            f"{group}.{name}": value
            for group, packed in enumerate(self._groups)
            for name, value in packed.state().items()
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on, bit by bit, from `state()` of a source made with the same arguments.

        Raises:
            ValueError: another number of nodes.
        """
        for group, packed in enumerate(self._groups):
            prefix = f"{group}."
            packed.restore(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            )
