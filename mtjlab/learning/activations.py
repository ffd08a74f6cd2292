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


ACTIVATIONS: dict[ActivationName, Callable[[Array], Array]] = {
    "tanh": tanh,
    "leaky_relu": leaky_relu,
}
