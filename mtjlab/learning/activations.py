"""What a node makes of its activity before the next layer sees it.

An activation belongs to the fabric: a physical neuron has its own, and a fabric that only lends
noise applies one of these on the host.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
ActivationName = Literal["tanh", "leaky_relu"]


class Activation(Protocol):
    """A function of the activity, node by node."""

    def __call__(self, activity: Array, out: Array | None = None) -> Array:
        """Any shape, the same shape back, into `out`."""
        ...


LEAK = 0.01


def leaky_relu(activity: Array, out: Array | None = None) -> Array:
    """Activities below zero are scaled by 0.01; any shape, the same shape back, into `out`."""
    answer: Array = np.multiply(activity, np.float32(LEAK), out=out)
    np.maximum(activity, answer, out=answer)
    return answer


def tanh(activity: Array, out: Array | None = None) -> Array:
    """Hyperbolic tangent; any shape, the same shape back, into `out`."""
    answer: Array = np.tanh(activity, out=out)
    return answer


def leaky_relu_slope(output: Array) -> Array:
    """Its derivative where it answered `output`; at 0 that of the negative side."""
    slope: Array = np.where(output > 0.0, np.float32(1.0), np.float32(LEAK))
    return slope


def tanh_slope(output: Array) -> Array:
    """Its derivative where it answered `output`, 1 - output^2."""
    slope: Array = np.float32(1.0) - output * output
    return slope


ACTIVATIONS: dict[ActivationName, Activation] = {
    "tanh": tanh,
    "leaky_relu": leaky_relu,
}
SLOPES: dict[ActivationName, Callable[[Array], Array]] = {
    "tanh": tanh_slope,
    "leaky_relu": leaky_relu_slope,
}
