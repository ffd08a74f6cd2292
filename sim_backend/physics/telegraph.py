"""Exact samples of two-state (telegraph) processes, for any time step.

Over a step dt a process with total rate G and occupancy q goes P -> AP with probability
q (1 - exp(-G dt)) and AP -> P with (1 - q) (1 - exp(-G dt)): solution of the two-state master
equation, so the step may be longer than any dwell time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim_backend.physics.rates import Rates


class Switching(NamedTuple):
    """Probabilities of one step: `to_ap` out of P, `change - to_ap` out of AP.

    Attributes:
        to_ap: P -> AP.
        change: sum of both, 1 - exp(-G dt) <= 1.
    """

    to_ap: NDArray[np.float64]
    change: NDArray[np.float64]


def switching(rates: Rates, dt_s: ArrayLike) -> Switching:
    """Exact probabilities of ending a step of `dt_s` (s, >= 0) in the other state."""
    # At rates near the largest double the product may exceed it; exp(-inf) = 0 is right.
    with np.errstate(over="ignore"):
        change: NDArray[np.float64] = -np.expm1(-rates.total_hz * np.asarray(dt_s))
    return Switching(change * rates.occupancy, change)


def propagate(
    state: NDArray[np.bool_], switching: Switching, uniform: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """States after each of n steps; no loop over steps.

    One uniform number per step and junction decides: below `to_ap` the junction ends in AP
    wherever it was, below `change` in P wherever it was, else it keeps its state. That gives the
    two probabilities exactly, and the state after a step is that of the last decided step.

    Args:
        state: (m,), True is AP.
        switching: arrays of shape (n, m), or (m,) if all steps are alike.
        uniform: (n, m), in 0 <= u < 1; row k belongs to step k.

    Returns:
        (n, m), True is AP.
    """
    n = uniform.shape[0]
    decided = uniform < switching.change
    # Step k is 2k + 2, plus 1 for AP; 0 and 1 stand for the state before the first step.
    last = np.arange(2, 2 * n + 2, 2, dtype=np.int32)[:, np.newaxis] + (
        uniform < switching.to_ap
    ).astype(np.int32)
    last *= decided
    if n:
        np.maximum(last[0], state, out=last[0])
    np.maximum.accumulate(last, axis=0, out=last)
    return (last & 1).astype(np.bool_)
