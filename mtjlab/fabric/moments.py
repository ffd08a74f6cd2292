"""Running sums over the reads of all nodes: how alike they move, and the power they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.correlation import Correlation, correlation_of

# A constant channel leaves the rounding of its mean in the sums, never this much.
ROUNDING_V = 1e-9


@dataclass
class Moments:
    """Running sums over reads, for correlation and energy; cheap enough for every step.

    Attributes:
        reads: rows seen.
        total_v: (n,) sum of deviations, V.
        product_v2: (n, n) sum of their products, V^2.
        power_w: sum over blocks of mean power in all junctions, W.
        blocks: how many blocks.
    """

    reads: int
    total_v: NDArray[np.float64]
    product_v2: NDArray[np.float64]
    power_w: float
    blocks: int

    @classmethod
    def empty(cls, n: int) -> "Moments":
        """Nothing seen yet."""
        return cls(0, np.zeros(n), np.zeros((n, n)), 0.0, 0)

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> "Moments":
        """From `vars()` of another."""
        return cls(
            int(saved["reads"]),
            np.array(saved["total_v"], dtype=np.float64),
            np.array(saved["product_v2"], dtype=np.float64),
            float(saved["power_w"]),
            int(saved["blocks"]),
        )

    def add(self, deviation_v: NDArray[np.float64], power_w: float) -> None:
        """Take in one block, (rows, n)."""
        self.reads += len(deviation_v)
        self.total_v += deviation_v.sum(axis=0)
        self.product_v2 += deviation_v.T @ deviation_v
        self.power_w += power_w
        self.blocks += 1

    def largest_shift(self) -> tuple[int, float, float]:
        """Node whose mean lies furthest from its reference, by its own standard deviation.

        Returns:
            The node, its mean deviation (V) and that over its standard deviation; 0 and 0 where
            no node varies.
        """
        mean = self.total_v / max(1, self.reads)
        variance = np.diagonal(self.product_v2) / max(1, self.reads) - mean**2
        varies = variance > ROUNDING_V**2
        shift = np.where(varies, mean / np.sqrt(np.where(varies, variance, 1.0)), 0.0)
        node = int(np.argmax(np.abs(shift)))
        return node, float(mean[node]), float(shift[node])

    def largest_correlation(self) -> Correlation:
        """Of any two nodes; with no value, and the reason, where fewer than two vary."""
        mean = self.total_v / max(1, self.reads)
        covariance = self.product_v2 / max(1, self.reads) - np.outer(mean, mean)
        return correlation_of(covariance, self.reads, floor=ROUNDING_V**2)

    def mean_power_w(self) -> float:
        """Mean power in all junctions while they were read, W."""
        return self.power_w / self.blocks if self.blocks else 0.0
