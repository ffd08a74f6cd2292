"""Where the bias of one source goes after a look, so that the duty cycle comes to what is wanted.

With P_AP = 1 / (1 + exp(-(V - V50) / w)) the way to a wanted share p* is w (logit p* - logit p).
Half of it is taken, so that a `width_v` wrong by up to four still converges; nothing while the
interval of the measured share holds what is wanted; no more than a step at once; never out of the
window. With several junctions on one source the one in the middle counts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtjlab.analysis.estimate import Estimate

_TAKEN = 0.5
_LEAST = 0.02


@dataclass(frozen=True)
class Move:
    """What was decided.

    Attributes:
        offset_v: from the bias at the start, behind the divider, V.
        at_limit: the window kept it from going further.
    """

    offset_v: float
    at_limit: bool


def centred(
    offset_v: float,
    occupancy: Sequence[Estimate],
    *,
    wanted: float,
    width_v: float,
    max_step_v: float,
    window_v: float,
) -> Move:
    """The next offset of a source from the shares of time in AP of the junctions behind it.

    Args:
        offset_v: where it is, V.
        occupancy: of each junction; those without a value do not count.
        wanted: share of time in AP, 0 .. 1.
        width_v: see the module, V.
        max_step_v: largest move, V.
        window_v: largest |offset|, V.
    """
    known = [one for one in occupancy if one.known]
    if not known:
        return Move(offset_v, False)
    middle = sorted(known, key=lambda one: one.value)[len(known) // 2]
    if middle.covers(wanted):
        return Move(offset_v, False)
    step_v = _TAKEN * width_v * (_logit(wanted) - _logit(middle.value))
    step_v = max(-max_step_v, min(max_step_v, step_v))
    goal_v = offset_v + step_v
    if abs(goal_v) > window_v:
        return Move(math.copysign(window_v, goal_v), True)
    return Move(goal_v, False)


def _logit(share: float) -> float:
    inside = min(1.0 - _LEAST, max(_LEAST, share))
    return math.log(inside / (1.0 - inside))
