"""What every learning rule has in common: one step, one set of metrics."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.fabric import Fabric
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Optimiser

Array = NDArray[np.float32]


@dataclass(frozen=True)
class StepMetrics:
    """One learning step on a batch of B samples.

    Attributes:
        loss: mean over all presentations, before the update.
        accuracy: fraction of presentations classified correctly, before the update.
        reads: samples presented, all passes counted.
        discarded: samples of the batch that taught nothing because no node differed.
        updated: whether the parameters were changed.
    """

    loss: float
    accuracy: float
    reads: int
    discarded: int
    updated: bool


class Rule(Protocol):
    """A way to learn from a batch. Keeps its parameters under their own names, and no data."""

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """Present x (B, n), compare with labels (B,), change the network in place."""
        ...
