"""Whether a rule goes downhill: its summed update beside the gradient of the fabric's model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.fabric import Array, Fabric
from mtjlab.learning.gradient import backpropagated
from mtjlab.learning.network import Network
from mtjlab.learning.rules.rule import Rule


@dataclass(frozen=True)
class Alignment:
    """Cosine between summed update and gradient; None where either is zero.

    Attributes:
        layers: of each layer's weights and biases together.
        total: of all parameters together.
        updates: that were summed.
        reads: samples presented for them.
    """

    layers: tuple[float | None, ...]
    total: float | None
    updates: int
    reads: int


class _Sum:
    """An optimiser that adds gradients up in float64 and changes nothing."""

    def __init__(self) -> None:
        self.total: dict[str, NDArray[np.float64]] = {}

    def update(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        for name, gradient in gradients.items():
            before = self.total.get(name, np.zeros(parameters[name].shape))
            self.total[name] = before + gradient

    def state(self) -> dict[str, NDArray[Any] | int]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass


def align(
    rule: Rule,
    network: Network,
    fabric: Fabric,
    x: Array,
    labels: NDArray[np.int64],
    *,
    repeats: int,
) -> Alignment:
    """Let the rule look at one batch `repeats` times, and compare where it would go.

    The noise and the random numbers that are drawn for it are gone.

    Args:
        rule: looked at; what it remembers, it remembers.
        network: left as it is.
        fabric: presented with `repeats` steps.
        x: the batch, (B, n).
        labels: (B,).
        repeats: the noise of a single update is large; its mean is what leads the network.

    Raises:
        ParameterError: the fabric has no model of its response.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats} must be at least 1")
    passes = network.clean_passes(fabric, x)
    gradient = backpropagated(network, fabric, passes, labels)
    summed = _Sum()
    before = network.state()
    updates = reads = 0
    try:
        for _ in range(repeats):
            metrics = rule.step(network, fabric, summed, x, labels)
            updates += metrics.updated
            reads += metrics.reads
            # A rule with decorrelation has moved R.
            network.restore(before)
    finally:
        network.restore(before)
    layers: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for index in range(len(network.layers)):
        names = (f"layer{index}.w", f"layer{index}.b")
        true = np.concatenate([gradient[name].ravel().astype(np.float64) for name in names])
        sums = [summed.total[name].ravel() for name in names if name in summed.total]
        layers.append((np.concatenate(sums) if sums else np.zeros_like(true), true))
    return Alignment(
        tuple(_cosine(a, b) for a, b in layers),
        _cosine(np.concatenate([a for a, _ in layers]), np.concatenate([b for _, b in layers])),
        updates,
        reads,
    )


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 0.0 else None
