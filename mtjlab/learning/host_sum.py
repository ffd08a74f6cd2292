"""Layers whose sums the host computes; something else lends every node its noise."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.activations import ACTIVATIONS, ActivationName
from mtjlab.learning.fabric import Activities

Array = NDArray[np.float32]


class HostSum:
    """A fabric with activity a = x W^T + b + xi, xi coming from `noise`.

    Args:
        widths: nodes of each layer; N is their sum.
        noise: `noise(rows)` returns xi of shape (rows, N), float32, in units of the activity; the
            columns of the first layer come first. Called once for each `begin`.
        activation: of all layers but the last, whose activities are the logits.
    """

    def __init__(
        self,
        widths: Sequence[int],
        noise: Callable[[int], Array],
        *,
        activation: ActivationName = "tanh",
    ) -> None:
        self.widths = tuple(widths)
        self.activation = activation
        self._noise = noise
        self._ends = np.cumsum((0, *self.widths))
        self._xi = np.zeros((0, int(self._ends[-1])), dtype=np.float32)

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

    def _answer(self, layer: int, activity: Array) -> Activities:
        if layer == len(self.widths) - 1:
            return Activities(activity, activity)
        return Activities(activity, ACTIVATIONS[self.activation](activity))
