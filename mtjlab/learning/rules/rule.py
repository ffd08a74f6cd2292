"""What every learning rule has in common: one step, one set of metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BadReply, ParameterError
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
        reads: samples presented, all passes counted, those through the fabric's model too.
        discarded: samples of the batch that taught nothing because no node differed.
        updated: whether the parameters were changed.
    """

    loss: float
    accuracy: float
    reads: int
    discarded: int
    updated: bool


class Rule(Protocol):
    """A way to learn from a batch. Keeps its parameters under their own names, and no data.

    Attributes:
        blocks: how often one step calls the fabric's `begin`; the batch is presented
            `passes / blocks` times after each. 0: the step asks the fabric's model only.
    """

    blocks: int

    @property
    def passes(self) -> int:
        """Presentations of the batch in one step, those through the fabric's model too."""
        ...

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

    def state(self) -> dict[str, NDArray[Any]]:
        """What the rule remembers between steps, a copy; generators are the caller's."""
        ...

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `state()` returned."""
        ...


class Memoryless:
    """A rule that remembers nothing between steps, and presents all its passes in one block."""

    blocks: int = 1

    def state(self) -> dict[str, NDArray[Any]]:
        """Nothing; see `Rule.state`."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing to put back."""


def check_decorrelation(rate: float, network: Network | None = None) -> None:
    """Refuse a rate of decorrelation that is none, or that this network has no use for.

    Raises:
        ParameterError: negative or not finite, or more than 0 for a network without R.
    """
    if not 0.0 <= rate < np.inf:
        raise ParameterError(f"decorrelation_rate = {rate!r} must be 0 or a positive number")
    if rate and network is not None and not network.decorrelate:
        raise ParameterError(
            f"decorrelation_rate = {rate!r}, but the network was built "
            "without decorrelation: set the rate to 0 or build it with decorrelate=True"
        )


def check_finite(*measured: NDArray[np.floating]) -> None:
    """Refuse to learn from readings that are no numbers.

    Raises:
        BadReply: one is not finite.
    """
    if not all(np.isfinite(values).all() for values in measured):
        raise BadReply(
            "the fabric returned an activity that is not a finite number (overload, or a "
            "missing sample); nothing was learnt from this batch: check ranges and wiring"
        )
