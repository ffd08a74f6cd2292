"""Backpropagation: the yardstick, which knows what no device tells."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning import decorrelation
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.gradient import backpropagated
from mtjlab.learning.losses import correct, cross_entropy
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Optimiser
from mtjlab.learning.rules.rule import (
    Memoryless,
    StepMetrics,
    check_decorrelation,
    check_finite,
)

Array = NDArray[np.float32]


class Backprop(Memoryless):
    """The gradient of the loss, by the chain rule and the fabric's slopes.

    Args:
        measured: whether the activations are read from the fabric, noise and all; else they are
            those of its noiseless model, and no instrument is touched.
        decorrelation_rate: of the update of R; 0 leaves R alone.
    """

    passes: int = 1

    def __init__(self, *, measured: bool = False, decorrelation_rate: float = 0.0) -> None:
        check_decorrelation(decorrelation_rate)
        self.measured = measured
        self.decorrelation_rate = decorrelation_rate
        self.blocks = 1 if measured else 0

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """One pass of the batch, and one update.

        Args:
            network: changed in place.
            optimiser: changed likewise.
            fabric: presented with B rows, or its model asked.
            x: inputs, (B, n).
            labels: (B,).

        Raises:
            BadReply: the fabric returned an activity that is not a finite number.
            ParameterError: the fabric has no model of its response, or a decorrelation rate for a
                network without decorrelation.
        """
        check_decorrelation(self.decorrelation_rate, network)
        passes = network.forward(fabric, x) if self.measured else network.clean_passes(fabric, x)
        logits = passes[-1].output
        losses = cross_entropy(logits, labels)
        check_finite(losses, *(p.activity for p in passes))
        optimiser.update(network.parameters(), backpropagated(network, fabric, passes, labels))
        if self.decorrelation_rate:
            for layer, p in zip(network.layers, passes, strict=True):
                decorrelation.update(layer, p.decorrelated, self.decorrelation_rate)
        return StepMetrics(
            loss=float(losses.mean()),
            accuracy=float(correct(logits, labels).mean()),
            reads=len(x),
            discarded=0,
            updated=True,
        )
