"""Weight perturbation with random signs: nothing is measured but the loss."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning import decorrelation
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.losses import correct, cross_entropy
from mtjlab.learning.network import LayerPass, Network
from mtjlab.learning.optimisers import Optimiser
from mtjlab.learning.rules.rule import (
    Memoryless,
    StepMetrics,
    check_decorrelation,
    check_finite,
)

Array = NDArray[np.float32]
Named = dict[str, Array]


class Spsa(Memoryless):
    """Every weight and bias moves by +c or -c at once; the loss says whether that was good.

    With s the signs and L summed over the batch,

        g = s (L(w + c s) - L(w - c s)) / 2c        or one-sided, s (L(w + c s) - L(w)) / c

    (Spall, IEEE Trans. Autom. Control 37, 332 (1992)). Each trial reprograms every weight and is
    a block of its own; the weights are back, bit by bit, before the update.

    Args:
        rng: of the signs, drawn from at every step; its state is the caller's to save.
        perturbation: c, in units of the weights, > 0.
        two_sided: else the second trial is unperturbed.
        decorrelation_rate: of the update of R; 0 leaves R alone.
    """

    blocks: int = 2
    passes: int = 2

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        perturbation: float = 0.1,
        two_sided: bool = True,
        decorrelation_rate: float = 0.0,
    ) -> None:
        if not 0.0 < perturbation < np.inf:
            raise ParameterError(f"perturbation = {perturbation!r} must be positive and finite")
        check_decorrelation(decorrelation_rate)
        self.rng = rng
        self.perturbation = perturbation
        self.two_sided = two_sided
        self.decorrelation_rate = decorrelation_rate

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """Two trials of the batch, and one update.

        Args:
            network: as it was while an error passes through, else changed in place.
            fabric: presented with B rows, twice.
            optimiser: changed in place.
            x: inputs, (B, n).
            labels: (B,).

        Raises:
            BadReply: the fabric returned an activity that is not a finite number.
            ParameterError: a decorrelation rate for a network without decorrelation.
        """
        check_decorrelation(self.decorrelation_rate, network)
        parameters = network.parameters()
        moves = {
            name: np.float32(self.perturbation)
            * (2.0 * self.rng.integers(0, 2, p.shape) - 1.0).astype(np.float32)
            for name, p in parameters.items()
        }
        first = _trial(network, fabric, x, moves, 1.0)
        up = cross_entropy(first[-1].output, labels)
        right = correct(first[-1].output, labels)
        seen = [p.decorrelated.copy() for p in first] if self.decorrelation_rate else []
        second = _trial(network, fabric, x, moves, -1.0 if self.two_sided else 0.0)
        down = cross_entropy(second[-1].output, labels)
        check_finite(up, down)
        distance = (2.0 if self.two_sided else 1.0) * self.perturbation**2
        along = np.float32((up.sum() - down.sum()) / distance)
        optimiser.update(parameters, {name: along * move for name, move in moves.items()})
        for layer, inputs in zip(network.layers, seen, strict=False):
            decorrelation.update(layer, inputs, self.decorrelation_rate)
        return StepMetrics(
            loss=float((up.mean() + down.mean()) / 2.0),
            accuracy=float((right.mean() + correct(second[-1].output, labels).mean()) / 2.0),
            reads=2 * len(x),
            discarded=0,
            updated=True,
        )


def _trial(
    network: Network, fabric: Fabric, x: Array, moves: Named, side: float
) -> list[LayerPass]:
    """One pass with the parameters moved; they are back afterwards, whatever happens."""
    parameters = network.parameters()
    before = {name: p.copy() for name, p in parameters.items()}
    try:
        for name, p in parameters.items():
            p += np.float32(side) * moves[name]
        return network.forward(fabric, x)
    finally:
        for name, p in parameters.items():
            p[...] = before[name]
