"""Layers whose sums the host computes; something else lends every node its noise."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.activations import ACTIVATIONS, SLOPES, ActivationName
from mtjlab.learning.crew import share
from mtjlab.learning.fabric import Activities, Precision
from mtjlab.learning.step_kernels import add_noise

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
        sums_once: inputs that all reads of a batch share may be given once, see `forward`.
    """

    physical: bool = False
    sums_once: bool = True

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
        self._xi = np.ascontiguousarray(xi, dtype=np.float32)

    def forward(self, layer: int, x: Array, w: Array, b: Array) -> Activities:
        """Noisy activities of `layer`; arguments as in `Fabric.forward`.

        x may have fewer rows than announced: the batch that every read sees again. Its sums are
        then made once and each read adds noise of its own.
        """
        rows, nodes = len(self._xi), len(b)
        if not len(x) or rows % len(x):
            raise ValueError(f"layer {layer}: {len(x)} rows, but {rows} were announced")
        offset = int(self._ends[layer])
        logits = self._gives_logits(layer)
        product = np.empty((len(x), nodes), dtype=np.float32)
        activity = product if len(x) == rows else np.empty((rows, nodes), dtype=np.float32)
        output = activity if logits else np.empty((rows, nodes), dtype=np.float32)

        def some(first: int, end: int) -> None:
            np.matmul(x, w[first:end].T, out=product[:, first:end])
            add_noise(activity, product, b, self._xi, offset, first, end)
            if not logits:
                ACTIVATIONS[self.activation](activity[:, first:end], output[:, first:end])

        share(nodes, some, operations=2 * x.size * nodes)
        return Activities(activity, output)

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
