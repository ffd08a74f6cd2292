"""Node perturbation: one pass without noise, one with, compared."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning import decorrelation
from mtjlab.learning.fabric import Fabric
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

# Activities of order 1 differ by 1e-7 or not at all in float32; 1e-15 is no device's noise.
_LEAST_POWER = 1e-30


class NodePerturbation(Memoryless):
    """Weights follow loss difference x activity difference x input, noisy less clean.

    With dL the loss difference and da_l the activity differences of one sample,

        gW_l = sum over samples of nu dL da_l^T x*_l,   nu = N / sum_l |da_l|^2

    where x* is that of the clean pass and N counts the nodes of all layers: activity-based node
    perturbation (Dalm, van Gerven, Ahmad, arXiv 2310.00965). Where the fabric knows the inverse
    covariance P of its noise, P da stands for da and da . P da for |da|^2. A sample whose passes
    do not differ in any node is discarded.

    Args:
        decorrelation_rate: of the update of R; 0 leaves R alone.
    """

    passes: int = 2

    def __init__(self, *, decorrelation_rate: float = 0.0) -> None:
        check_decorrelation(decorrelation_rate)
        self.decorrelation_rate = decorrelation_rate

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """A pass of the fabric's model, a noisy pass, and one update.

        Args:
            network: changed in place, unless every sample was discarded.
            optimiser: changed likewise.
            fabric: presented with B rows.
            x: inputs, (B, n).
            labels: (B,).

        Raises:
            BadReply: the fabric returned an activity that is not a finite number.
            ParameterError: the fabric is a thing, or a decorrelation rate for a network without
                decorrelation.
        """
        if fabric.physical:
            raise ParameterError(
                "rule = 'node_perturbation' compares a noisy pass with one without noise, and a "
                "physical fabric has no pass without noise: take rule = 'noise_based', whose "
                "passes are all noisy, or a simulated fabric"
            )
        check_decorrelation(self.decorrelation_rate, network)
        clean = network.clean_passes(fabric, x)
        noisy = network.forward(fabric, x)
        losses = [cross_entropy(p[-1].output, labels) for p in (clean, noisy)]
        differences = [n.activity - c.activity for c, n in zip(clean, noisy, strict=True)]
        precision = fabric.precision
        weighed = differences if precision is None else precision.weigh(differences)
        power = np.zeros(len(x))
        for difference, other in zip(differences, weighed, strict=True):
            power += np.einsum("bm,bm->b", difference, other, dtype=np.float64)
        check_finite(power, *losses)
        kept = power > _LEAST_POWER
        factors = np.zeros(len(x))
        np.divide(network.nodes * (losses[1] - losses[0]), power, out=factors, where=kept)
        updated = bool(kept.any())
        if updated:
            gradients: dict[str, Array] = {}
            for index, (p, difference) in enumerate(zip(clean, weighed, strict=True)):
                along = factors.astype(np.float32)[:, np.newaxis] * difference
                gradients[f"layer{index}.w"] = along.T @ p.decorrelated
                gradients[f"layer{index}.b"] = along.sum(axis=0)
            optimiser.update(network.parameters(), gradients)
            if self.decorrelation_rate:
                for layer, p in zip(network.layers, clean, strict=True):
                    decorrelation.update(layer, p.decorrelated, self.decorrelation_rate)
        right = [correct(p[-1].output, labels).mean() for p in (clean, noisy)]
        return StepMetrics(
            loss=float(np.mean(losses)),
            accuracy=float(np.mean(right)),
            reads=2 * len(x),
            discarded=len(x) - int(kept.sum()),
            updated=updated,
        )
