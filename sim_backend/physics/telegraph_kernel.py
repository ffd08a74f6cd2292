"""Machine code of `telegraph`: the steps of many junctions, one after another."""

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.crossbar.kernel import kernel

Reals = NDArray[np.float64]
Bools = NDArray[np.bool_]


@kernel
def follow(
    start: Bools, to_ap: Reals, change: Reals, run: NDArray[np.intp], uniform: Reals, out: Bools
) -> None:
    """Fill `out` (n, m) with the states after each step; see `telegraph.propagate`.

    Args:
        start: (m,), True is AP.
        to_ap: (levels, m), of `Switching`.
        change: (levels, m).
        run: (n,), the level of each step.
        uniform: (n, m).
        out: (n, m).
    """
    n, m = uniform.shape
    state = start.copy()
    for i in range(n):
        level = run[i]
        for j in range(m):
            u = uniform[i, j]
            state[j] = (u < to_ap[level, j]) | (state[j] & ~(u < change[level, j]))
            out[i, j] = state[j]
