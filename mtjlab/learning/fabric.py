"""What the learner asks of whatever physical thing computes its layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Activities:
    """One layer's answer to S presentations.

    Attributes:
        activity: (S, m); its difference between two passes goes into the update.
        output: (S, m); what the next layer sees; the logits, on the last layer.
    """

    activity: Array
    output: Array


class Precision(Protocol):
    """The inverse of the covariance of the nodes' noise, up to a common factor.

    The update that noise teaches is the gradient times the covariance of the noise; where nodes
    differ in noise or share it, this undoes it.
    """

    def weigh(self, differences: Sequence[Array]) -> list[Array]:
        """Multiply every sample's differences, over the nodes of all layers, by the inverse.

        Args:
            differences: per layer, (..., B, m_l); left alone.

        Returns:
            The same shapes.
        """
        ...


class Fabric(Protocol):
    """The layers of one network, each a physical system that adds noise of its own.

    The learner never sees the noise, only activities. Rows of one call are presented in order:
    for K reads of a batch of B the rows are the whole batch, then the whole batch again.

    Attributes:
        physical: the activities come from a thing (or its twin), not from a formula on the host:
            there is no read without noise.
        precision: None where all nodes are perturbed alike and independently.
    """

    physical: bool

    @property
    def widths(self) -> Sequence[int]:
        """Nodes of each layer."""
        ...

    @property
    def precision(self) -> Precision | None:
        """See the class; asked after `forward` of the last layer."""
        ...

    def begin(self, rows: int) -> None:
        """Announce `rows` presentations to all layers; a fabric may take its one block here."""
        ...

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Noisy activities of `layer` for inputs x (S, n), weights w (m, n), biases b (m,).

        S is the number announced by `begin`; each layer is asked once, in order.
        """
        ...

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """The same from the model without noise; touches no instrument."""
        ...

    def slope(self, layer: int, answer: Activities) -> Array:
        """Derivative of the output by x W^T + b at the measured `answer`, (S, m), by the model.

        Raises:
            ParameterError: this fabric has no model of its response.
        """
        ...
