"""How strongly each node is perturbed, kept up to date while it learns."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import State, StateValue
from mtjlab.fabric.moments import Moments
from mtjlab.learning.fabric import Array
from mtjlab.learning.precision import NodeVariance

Values = NDArray[np.float64]

# Learning steps over which a variance is averaged: it changes with the weights.
MEMORY_STEPS = 50.0
# A node whose reads never differ teaches nothing; its weight must stay a number.
LEAST_SHARE = 1e-4


def contrasts(reads: NDArray[np.floating]) -> Values:
    """What K reads (K, B, m) differ by: ((K - 1) B, m), each row with the variance of one read.

    Read k less the mean of those before it, for independent reads independent rows.
    """
    values = np.asarray(reads, dtype=np.float64)
    rows = [
        (values[k] - values[:k].mean(axis=0)) * np.sqrt(k / (k + 1.0))
        for k in range(1, len(values))
    ]
    return np.concatenate(rows) if rows else np.zeros((0, values.shape[2]))


class NodeNoises:
    """Variances of all nodes, layer by layer, and how alike the nodes' own noises move.

    Attributes:
        variances: per layer, (m_l,), in units of the activity squared.
        moments: of the nodes' own noise, without what came down from the layer before.
    """

    def __init__(self, variances: Sequence[Values], steps: float) -> None:
        """Args: `variances` as measured before learning, with the weight of that many `steps`."""
        self.variances = [np.array(v, dtype=np.float64) for v in variances]
        self.moments = Moments.empty(sum(len(v) for v in self.variances))
        self._steps = min(steps, MEMORY_STEPS)

    def add(self, activities: Sequence[Array], own: Sequence[Array], passes: int) -> None:
        """Take in one learning step.

        Args:
            activities: per layer, (K B, m_l), the whole batch K times.
            own: the same less what their inputs made of them.
            passes: K.
        """
        self._steps = min(self._steps + 1.0, MEMORY_STEPS)
        for variance, activity in zip(self.variances, activities, strict=True):
            differ = contrasts(activity.reshape(passes, -1, activity.shape[1]))
            variance += ((differ**2).mean(axis=0) - variance) / self._steps
        whole = np.concatenate(own, axis=1)
        self.moments.add(contrasts(whole.reshape(passes, -1, whole.shape[1])), 0.0)

    @property
    def precision(self) -> NodeVariance:
        """Each node's difference over its own variance."""
        largest = max(float(variance.max()) for variance in self.variances)
        least = LEAST_SHARE * largest if largest > 0 else 1.0
        return NodeVariance([np.maximum(variance, least) for variance in self.variances])

    def state(self) -> dict[str, StateValue]:
        """Flat."""
        saved: dict[str, StateValue] = {
            f"variance_{layer}": variance.copy() for layer, variance in enumerate(self.variances)
        }
        saved |= {f"moments_{name}": np.copy(value) for name, value in vars(self.moments).items()}
        return saved | {"variance_steps": self._steps}

    @classmethod
    def restored(cls, state: State, layers: int) -> "NodeNoises":
        """The one that `state()` was taken of."""
        variances = [np.asarray(state[f"variance_{layer}"]) for layer in range(layers)]
        found = cls(variances, float(np.asarray(state["variance_steps"])))
        prefix = "moments_"
        found.moments = Moments.restored(
            {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        )
        return found
