"""Direct feedback alignment: the error reaches every layer through fixed random weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning import decorrelation
from mtjlab.learning.fabric import Fabric
from mtjlab.learning.gradient import output_error, slope
from mtjlab.learning.losses import correct, cross_entropy
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Optimiser
from mtjlab.learning.rules.rule import StepMetrics, check_decorrelation, check_finite

Array = NDArray[np.float32]


class DirectFeedbackAlignment:
    """Hidden layers follow the output's error, carried to each by a matrix of its own.

    With e the derivative of the loss by the logits and B_l fixed, drawn from N(0, 1/classes),

        gW_l = sum over samples of (e B_l * slope_l)^T x*_l

    at the measured activities (Nokland, arXiv 1609.01596). The last layer takes e itself.

    Args:
        rng: of the feedback, drawn at the first step and part of `state()`.
        decorrelation_rate: of the update of R; 0 leaves R alone.
    """

    blocks: int = 1
    passes: int = 1

    def __init__(self, rng: np.random.Generator, *, decorrelation_rate: float = 0.0) -> None:
        check_decorrelation(decorrelation_rate)
        self.rng = rng
        self.decorrelation_rate = decorrelation_rate
        self._feedback: list[Array] = []

    def step(
        self,
        network: Network,
        fabric: Fabric,
        optimiser: Optimiser,
        x: Array,
        labels: NDArray[np.int64],
    ) -> StepMetrics:
        """One noisy pass of the batch, and one update.

        Args:
            network: changed in place.
            optimiser: changed likewise.
            fabric: presented with B rows.
            x: inputs, (B, n).
            labels: (B,).

        Raises:
            BadReply: the fabric returned an activity that is not a finite number.
            ParameterError: the fabric has no model of its response, or a decorrelation rate for a
                network without decorrelation.
        """
        check_decorrelation(self.decorrelation_rate, network)
        feedback = self._feedback_of(network)
        passes = network.forward(fabric, x)
        logits = passes[-1].output
        losses = cross_entropy(logits, labels)
        check_finite(losses, *(p.activity for p in passes))
        error = output_error(logits, labels)
        gradients: dict[str, Array] = {}
        for index, p in enumerate(passes):
            sent: Array = error if index == len(feedback) else error @ feedback[index]
            along: Array = sent * slope(fabric, index, p)
            gradients[f"layer{index}.w"] = along.T @ p.decorrelated
            gradients[f"layer{index}.b"] = along.sum(axis=0)
        optimiser.update(network.parameters(), gradients)
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

    def state(self) -> dict[str, NDArray[Any]]:
        """`feedbackL`, (classes, m_L), of every hidden layer; nothing before the first step."""
        return {f"feedback{index}": b.copy() for index, b in enumerate(self._feedback)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put back what `state()` returned."""
        self._feedback = [
            np.array(state[f"feedback{index}"], dtype=np.float32) for index in range(len(state))
        ]

    def _feedback_of(self, network: Network) -> list[Array]:
        *hidden, classes = network.widths[1:]
        shapes = [(classes, m) for m in hidden]
        if not self._feedback:
            self._feedback = [
                self.rng.standard_normal(shape, dtype=np.float32) / np.float32(np.sqrt(classes))
                for shape in shapes
            ]
        if [b.shape for b in self._feedback] != shapes:
            raise ValueError(f"feedback of another network than one of widths {network.widths}")
        return self._feedback
