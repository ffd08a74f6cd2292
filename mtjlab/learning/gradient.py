"""The gradient of the loss by the chain rule, for the rules and measures that may know it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.fabric import Activities, Fabric
from mtjlab.learning.network import LayerPass, Network

Array = NDArray[np.float32]


def output_error(logits: Array, labels: NDArray[np.int64]) -> Array:
    """Derivative of each sample's cross-entropy by its logits: softmax less one at the label.

    Args:
        logits: (S, classes), of any size.
        labels: (S,).

    Returns:
        (S, classes).
    """
    error: Array = logits - logits.max(axis=1, keepdims=True)
    np.exp(error, out=error)
    error /= error.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= np.float32(1.0)
    return error


def slope(fabric: Fabric, layer: int, layer_pass: LayerPass) -> Array:
    """The fabric's slope where this layer answered, (S, m)."""
    return fabric.slope(layer, Activities(layer_pass.activity, layer_pass.output))


def backpropagated(
    network: Network, fabric: Fabric, passes: Sequence[LayerPass], labels: NDArray[np.int64]
) -> dict[str, Array]:
    """Gradient of the summed loss by weights and biases, at the answers in `passes`.

    The error goes back through the fabric's slopes, through W, and through R where the network
    decorrelates; R and c themselves are held fixed.

    Args:
        network: whose weights were presented.
        fabric: asked for its slopes only.
        passes: of all layers, S rows each; clean or measured.
        labels: (S,).

    Returns:
        By the names of `Network.parameters`.

    Raises:
        ParameterError: the fabric has no model of its response.
    """
    gradients: dict[str, Array] = {}
    error = output_error(passes[-1].output, labels)
    for index in reversed(range(len(passes))):
        error = error * slope(fabric, index, passes[index])
        gradients[f"layer{index}.w"] = error.T @ passes[index].decorrelated
        gradients[f"layer{index}.b"] = error.sum(axis=0)
        if index:
            error = error @ network.layers[index].w
            if network.decorrelate:
                error = error @ network.layers[index].r
    return gradients
