"""First-order lag: how a source settles and an amplifier follows, exact for any time step.

dy/dt = (x - y) / tau with x held over a step dt gives y' = x + (y - x) exp(-dt / tau).
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def kept(dt_s: ArrayLike, tau_s: ArrayLike) -> Values:
    """exp(-dt / tau), the part of a deviation that is left after `dt_s` (s, >= 0).

    `tau_s` >= 0; nothing is left where it is 0, not even after no time at all.
    """
    tau = np.asarray(tau_s, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.exp(-np.asarray(dt_s, dtype=np.float64) / tau)
    return np.where(tau > 0, left, 0.0)


def follow(start: Values, target: Values, kept: Values) -> Values:
    """Values after each of n steps.

    Args:
        start: (k,), before the first step.
        target: (n, k), what is approached during each step.
        kept: (n, k), or broadcast to it; see the function of that name.

    Returns:
        (n, k).
    """
    factor = np.ascontiguousarray(np.broadcast_to(kept, target.shape))
    found: Values = recur(start, target * (1.0 - factor), factor)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def recur(start: Values, constant: Values, factor: Values) -> Values:
    """y_i = constant_i + factor_i y_(i-1), column by column; all (n, k), `start` (k,)."""
    n, k = constant.shape
    found = np.empty((n, k))
    for column in range(k):
        value = start[column]
        for step in range(n):
            value = constant[step, column] + factor[step, column] * value
            found[step, column] = value
    return found
