"""What a node makes of its activity before the next layer sees it.

An activation belongs to the fabric: a physical neuron has its own, and a fabric that only lends
noise applies one of these on the host.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
ActivationName = Literal["tanh", "leaky_relu"]

LEAK = 0.01


def leaky_relu(activity: Array) -> Array:
    """Activities below zero are scaled by 0.01; any shape, the same shape back."""
    out: Array = np.maximum(activity, np.float32(LEAK) * activity)
    return out


def tanh(activity: Array) -> Array:
    """Hyperbolic tangent; any shape, the same shape back."""
    out: Array = np.tanh(activity)
    return out


def leaky_relu_slope(output: Array) -> Array:
    """Its derivative where it answered `output`; at 0 that of the negative side."""
    slope: Array = np.where(output > 0.0, np.float32(1.0), np.float32(LEAK))
    return slope


def tanh_slope(output: Array) -> Array:
    """Its derivative where it answered `output`, 1 - output^2."""
    slope: Array = np.float32(1.0) - output * output
    return slope


ACTIVATIONS: dict[ActivationName, Callable[[Array], Array]] = {
    "tanh": tanh,
    "leaky_relu": leaky_relu,
}
SLOPES: dict[ActivationName, Callable[[Array], Array]] = {
    "tanh": tanh_slope,
    "leaky_relu": leaky_relu_slope,
}
