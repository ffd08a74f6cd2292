"""The capacitance of a cable across a junction that switches.

The node follows its Thevenin source: in state s towards V_s with the time constant C R_s. Over a
step the exact response to one switch at its exact (random) instant is taken; how long ago the last
switch was is drawn from what the two-state chain leaves open once both ends of the step are known.
Exact while the mean time between two switches is long against C R, or the steps short against it.

The junction's own rates follow the settled voltages: a charging cable is over before it switches.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim_backend.physics.electronics.lag import kept, recur

Values = NDArray[np.float64]

# A step in which a junction switches this often on average is not divided further.
RESOLVED = 0.25
# Switching so slow against C R needs no finer steps.
_SLOW = 0.02


class Approach(NamedTuple):
    """What a node does in the state that a step ends in, and in the other; arrays (n, k).

    Attributes:
        own_v, other_v: voltage that is approached, V.
        own_s, other_s: time constants, s.
        leave_hz: rate of leaving the state the step ends in.
        total_hz: sum of both rates.
    """

    own_v: Values
    other_v: Values
    own_s: Values
    other_s: Values
    leave_hz: Values
    total_hz: Values


def pieces(total_hz: float, tau_s: float, dt_s: float, most: int) -> int:
    """Into how many a step of `dt_s` must be divided for `charge` to be right, at most `most`."""
    if total_hz * tau_s < _SLOW or total_hz * dt_s <= RESOLVED:
        return 1
    return int(min(most, np.ceil(total_hz * dt_s / RESOLVED)))


def charge(
    start_v: Values,
    approach: Approach,
    switched: NDArray[np.bool_],
    step_s: Values,
    uniform: Values,
) -> Values:
    """Node voltages at the ends of n steps.

    Args:
        start_v: (k,), at the beginning of the first step, V.
        approach: for each step.
        switched: (n, k), whether the state at the end is not that at the beginning.
        step_s: (n, k), or broadcast to it, >= 0, s.
        uniform: (n, k), 0 <= u < 1.

    Returns:
        (n, k), V.
    """
    step_s = np.broadcast_to(step_s, uniform.shape)
    age_s = _age(approach, switched, step_s, uniform)
    late = kept(age_s, approach.own_s)
    early = kept(step_s - age_s, approach.other_s)
    # No switch: the whole step is spent in the state of its end.
    early = np.where(age_s < step_s, early, 1.0)
    other_v = np.where(age_s < step_s, approach.other_v, approach.own_v)
    constant = approach.own_v * (1.0 - late) + late * (1.0 - early) * other_v
    found: Values = recur(start_v, constant, late * early)
    return found


def _age(
    approach: Approach, switched: NDArray[np.bool_], step_s: Values, uniform: Values
) -> Values:
    """Time since the last switch, (n, k); the whole step where there was none."""
    leave = approach.leave_hz * step_s
    # Probability that a chain that is seen twice in one state has never left it.
    share = 1.0 - approach.leave_hz / np.where(approach.total_hz > 0, approach.total_hz, 1.0)
    returned = share + (1.0 - share) * np.exp(-approach.total_hz * step_s)
    stayed = np.where(switched, 0.0, np.exp(-leave) / returned)
    left = np.clip((uniform - stayed) / np.maximum(1.0 - stayed, 1e-300), 0.0, 1.0)
    # An exponential time cut off at the step; log1p(-x) where the rate is 0 is the flat one.
    with np.errstate(divide="ignore", invalid="ignore"):
        age = -np.log1p(left * np.expm1(-leave)) / approach.leave_hz
    age = np.where(leave > 1e-12, age, left * step_s)
    return np.where(uniform < stayed, step_s, np.minimum(age, step_s))
