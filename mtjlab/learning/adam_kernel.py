"""Machine code of Adam: every number is fetched once."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.compiled import compiled

Array = NDArray[np.float32]


@compiled(
    "void(float32[::1], float32[::1], float32[::1], float32[::1],"
    " float32, float32, float32, float32, float32, float32, float32, float32)"
)
def move(
    parameter: Array,
    gradient: Array,
    first: Array,
    second: Array,
    keep: np.float32,
    beta1: np.float32,
    rest1: np.float32,
    beta2: np.float32,
    rest2: np.float32,
    unbias2: np.float32,
    epsilon: np.float32,
    rate: np.float32,
) -> None:
    """One update of a parameter and its two moments, all flat and of one length.

    Args:
        parameter: changed.
        gradient: left alone.
        first: moment, changed.
        second: moment, changed.
        keep: what decay leaves of the parameter.
        beta1: what is kept of the first moment.
        rest1: how much of the gradient it takes up.
        beta2: what is kept of the second moment.
        rest2: how much of the gradient's square it takes up.
        unbias2: the second moment over this is unbiased.
        epsilon: added to its root.
        rate: learning rate over what unbiases the first moment.
    """
    for i in range(parameter.size):
        g = gradient[i]
        m = first[i] * beta1 + rest1 * g
        v = second[i] * beta2 + (g * g) * rest2
        first[i] = m
        second[i] = v
        parameter[i] = parameter[i] * keep - m / (np.sqrt(v / unbias2) + epsilon) * rate
