"""Layers whose sums the host computes; something else lends every node its noise."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.activations import ACTIVATIONS, SLOPES, ActivationName
from mtjlab.learning.fabric import Activities, Precision

Array = NDArray[np.float32]


class HostSum:
    """A fabric with activity a = x W^T + b + xi, xi coming from `noise`.

    Args:
        widths: nodes of each layer; N is their sum.
        noise: `noise(rows)` returns xi of shape (rows, N), float32, in units of the activity; the
            columns of the first layer come first. Called once for each `begin`.
        activation: of every layer that does not give the logits.
        logits: whether the last of these layers is the network's last: its activities are the
            logits then.

    Attributes:
        physical: False; True where `noise` reads a thing.
    """

    physical: bool = False

    def __init__(
        self,
        widths: Sequence[int],
        noise: Callable[[int], Array],
        *,
        activation: ActivationName = "tanh",
        logits: bool = True,
    ) -> None:
        self.widths = tuple(widths)
        self.activation = activation
        self.logits = logits
        self._noise = noise
        self._ends = np.cumsum((0, *self.widths))
        self._xi = np.zeros((0, int(self._ends[-1])), dtype=np.float32)

    @property
    def precision(self) -> Precision | None:
        """None: all nodes alike and independent; see `Fabric.precision`."""
        return None

    def begin(self, rows: int) -> None:
        """Take the noise of `rows` presentations of all layers."""
        xi = self._noise(rows)
        if xi.shape != (rows, self._ends[-1]):
            raise ValueError(f"noise has shape {xi.shape}, not {(rows, int(self._ends[-1]))}")
        self._xi = xi

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Noisy activities of `layer`; arguments as in `Fabric.forward`."""
        if len(x) != len(self._xi):
            raise ValueError(f"layer {layer}: {len(x)} rows, but {len(self._xi)} were announced")
        activity = x @ w.T
        activity += b
        activity += self._xi[:, self._ends[layer] : self._ends[layer + 1]]
        return self._answer(layer, activity)

    def clean(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """The same without noise."""
        activity = x @ w.T
        activity += b
        return self._answer(layer, activity)

    def slope(self, layer: int, answer: Activities) -> Array:
        """Of the activation, from its output; 1 where the activities are the logits."""
        if self._gives_logits(layer):
            return np.ones_like(answer.output)
        return SLOPES[self.activation](answer.output)

    def _gives_logits(self, layer: int) -> bool:
        return self.logits and layer == len(self.widths) - 1

    def _answer(self, layer: int, activity: Array) -> Activities:
        if self._gives_logits(layer):
            return Activities(activity, activity)
        return Activities(activity, ACTIVATIONS[self.activation](activity))
