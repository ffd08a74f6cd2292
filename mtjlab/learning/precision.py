"""Undoing unequal or shared noise of the nodes: inverses of its covariance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.fabric import Array, Precision


class NodeVariance:
    """Independent nodes of unequal noise: each difference over its node's own variance.

    Args:
        variances: per layer, (m_l,), > 0, in units of the activity squared. Only their ratios
            matter: they are divided by their mean over all nodes.
    """

    def __init__(self, variances: Sequence[NDArray[np.floating]]) -> None:
        mean = float(np.concatenate([np.asarray(v, dtype=np.float64) for v in variances]).mean())
        self.weights = tuple((mean / np.asarray(v)).astype(np.float32) for v in variances)

    def weigh(self, differences: Sequence[Array]) -> list[Array]:
        """See `Precision.weigh`."""
        return [d * w for d, w in zip(differences, self.weights, strict=True)]


class Blocks:
    """Independent parts, each with a precision of its own or none."""

    def __init__(self, parts: Sequence[tuple[Precision | None, Sequence[int]]]) -> None:
        self.parts = tuple(parts)

    def weigh(self, differences: Sequence[Array]) -> list[Array]:
        """See `Precision.weigh`."""
        weighed = list(differences)
        for precision, layers in self.parts:
            if precision is not None:
                own = precision.weigh([differences[layer] for layer in layers])
                for layer, difference in zip(layers, own, strict=True):
                    weighed[layer] = difference
        return weighed


def of_parts(parts: Sequence[tuple[Precision | None, Sequence[int]]]) -> Precision | None:
    """One precision for a network on several fabrics; None where none has one."""
    return Blocks(parts) if any(precision is not None for precision, _ in parts) else None
