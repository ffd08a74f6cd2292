"""Noise-based learning: the device's own noise is the perturbation, and no read is free of it.

Koenders et al., Phys. Rev. Applied 23, 054035 (2025); the rule is activity-based node perturbation
of Dalm, van Gerven, Ahmad, arXiv 2310.00965.
"""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BadReply, ParameterError
from mtjlab.learning import decorrelation
from mtjlab.learning.crew import share
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.losses import correct, cross_entropy
from mtjlab.learning.network import LayerPass, Network
from mtjlab.learning.optimisers import Optimiser
from mtjlab.learning.rules.rule import Memoryless, StepMetrics
from mtjlab.learning.step_kernels import add_power

Array = NDArray[np.float32]

# Activities of order 1 differ by 1e-7 or not at all in float32; 1e-15 is no device's noise.
_LEAST_POWER = 1e-30


class NoiseBased(Memoryless):
    """Weights follow loss difference x activity difference x input over K noisy reads.

    With K = 2, dL the loss difference and da_l the activity differences of one sample,

        gW_l = sum over samples of nu dL da_l^T x*_l,   nu = N / sum_l |da_l|^2

    where x* is that of the first read and N counts the nodes of all layers. With more reads dL da
    becomes the covariance of loss and activity over the reads, |da|^2 the variance; K = 2 is the
    same formula. A sample whose reads do not differ in any node says nothing: it is discarded.

    Where the fabric knows the inverse covariance P of its noise, P da stands for da in the update
    and da . P da for |da|^2.

    Args:
        reads: K, presentations of each sample in a step, >= 2.
        decorrelation_rate: of the update of R; 0 leaves R alone.
    """

    def __init__(self, *, reads: int = 2, decorrelation_rate: float = 0.0) -> None:
        if reads < 2:
            raise ParameterError(
                f"reads_per_sample = {reads}: noise-based learning compares reads of the same "
                "sample, so it needs at least 2"
            )
        if not 0.0 <= decorrelation_rate < np.inf:
            raise ParameterError(
                f"decorrelation_rate = {decorrelation_rate!r} must be 0 or a positive number"
            )
        self.reads = reads
        self.decorrelation_rate = decorrelation_rate

    @property
    def passes(self) -> int:
        """Presentations of the batch in one step, K."""
        return self.reads

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """Show the whole batch, then the whole batch again, K times in all; then update once.

        Args:
            network: changed in place, unless every sample was discarded.
            fabric: presented with K B rows.
            optimiser: changed likewise.
            x: inputs, (B, n).
            labels: (B,).

        Raises:
            BadReply: the fabric returned an activity that is not a finite number.
            ParameterError: a decorrelation rate for a network without decorrelation.
        """
        if self.decorrelation_rate and not network.decorrelate:
            raise ParameterError(
                f"decorrelation_rate = {self.decorrelation_rate!r}, but the network was built "
                "without decorrelation: set the rate to 0 or build it with decorrelate=True"
            )
        batch = len(x)
        passes = network.forward(fabric, x, repeats=self.reads)
        logits = passes[-1].output
        repeated = np.tile(labels, self.reads)
        losses = cross_entropy(logits, repeated)
        differences = [_from_first_read(p, self.reads) for p in passes]
        precision = fabric.precision
        weighed = differences if precision is None else precision.weigh(differences)
        factors, kept = _factors(
            losses.reshape(self.reads, batch), differences, weighed, network.nodes
        )
        updated = bool(kept.any())
        if updated:
            gradients = {}
            for index, (p, difference) in enumerate(zip(passes, weighed, strict=True)):
                along = np.einsum("kb,kbm->bm", factors, difference)
                gradients[f"layer{index}.w"] = _outer(
                    along, p.decorrelated[:batch], network.spare(index)
                )
                gradients[f"layer{index}.b"] = along.sum(axis=0)
            optimiser.update(network.parameters(), gradients)
            if self.decorrelation_rate:
                for layer, p in zip(network.layers, passes, strict=True):
                    decorrelation.update(layer, p.decorrelated[:batch], self.decorrelation_rate)
        return StepMetrics(
            loss=float(losses.mean()),
            accuracy=float(correct(logits, repeated).mean()),
            reads=self.reads * batch,
            discarded=batch - int(kept.sum()),
            updated=updated,
        )


def _from_first_read(layer_pass: LayerPass, reads: int) -> Array:
    """Activities of reads 1 .. K-1 less those of read 0, (K-1, B, m); exactly 0 where equal."""
    activity = layer_pass.activity.reshape(reads, -1, layer_pass.activity.shape[1])
    difference: Array = activity[1:] - activity[0]
    return difference


def _outer(along: Array, decorrelated: Array, gradient: Array) -> Array:
    """Sum over samples of along^T x*, (m, n), into `gradient`."""

    def rows(first: int, end: int) -> None:
        np.matmul(along[:, first:end].T, decorrelated, out=gradient[first:end])

    share(len(gradient), rows, operations=2 * decorrelated.size * len(gradient))
    return gradient


def _factors(
    losses: NDArray[np.float64], differences: list[Array], weighed: list[Array], nodes: int
) -> tuple[Array, NDArray[np.bool_]]:
    """N (L_k - mean L) / sum of squared deviations, (K-1, B), and which samples have one, (B,).

    Squared means times the weighed ones; without a precision these are the same arrays.

    Deviations from the mean over reads sum to zero, so the covariance may be taken with the
    differences from read 0, and its own loss drops out.
    """
    reads, batch = losses.shape
    power = np.zeros(batch)
    pairs = [
        (difference, np.ascontiguousarray(other, dtype=np.float32))
        for difference, other in zip(differences, weighed, strict=True)
    ]

    def samples(first: int, end: int) -> None:
        for difference, other in pairs:
            add_power(power, difference, other, first, end)

    share(batch, samples, operations=10 * (reads - 1) * batch * nodes)
    if not (np.isfinite(power).all() and np.isfinite(losses).all()):
        raise BadReply(
            "the fabric returned an activity that is not a finite number (overload, or a "
            "missing sample); nothing was learnt from this batch: check ranges and wiring"
        )
    kept = power > _LEAST_POWER
    factors = np.zeros((reads - 1, batch))
    np.divide(nodes * (losses[1:] - losses.mean(axis=0)), power, out=factors, where=kept)
    return factors.astype(np.float32), kept
