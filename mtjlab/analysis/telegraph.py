"""What one junction's trace is: a telegraph, a stuck junction, a slow one, or noise only."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.dwell import Rates, rates
from mtjlab.analysis.levels import Levels, levels

__all__ = ["Levels", "Rates", "Telegraph", "characterise", "levels", "rates"]

Verdict = Literal["telegraph", "stuck", "slow", "noise only"]

# With n transitions a rate is known to about 1/sqrt(n); below ten it is a guess.
_FEWEST_TRANSITIONS = 10
_STEADY = 5.0


@dataclass(frozen=True)
class Telegraph:
    """Summary of one trace.

    Attributes:
        mean_v, sd_v: of the samples, V.
        levels, rates: see there.
        verdict: "telegraph": two levels and at least 10 transitions, or so many that successive
            samples are independent; "slow": two levels, fewer transitions; with a single level,
            "stuck" if its mean is more than 5 sd from zero, so that a voltage is there and does
            not move, else "noise only".
    """

    mean_v: float
    sd_v: float
    levels: Levels
    rates: Rates
    verdict: Verdict


def characterise(
    trace: NDArray[np.floating], dt_s: float, *, resolution_v: float = 0.0
) -> Telegraph:
    """Levels, rates and verdict of one trace.

    Args:
        trace: (n,), V.
        dt_s: sampling interval, s, > 0.
        resolution_v: step of the converter, V; see `levels`.
    """
    found = levels(trace, resolution_v=resolution_v)
    timing = rates(trace, dt_s, found)
    deviation = np.asarray(trace, dtype=np.float64) - float(trace[0])
    mean, sd = float(trace[0]) + float(deviation.mean()), float(deviation.std())
    verdict: Verdict
    if found.separated:
        verdict = "telegraph" if timing.transitions >= _FEWEST_TRANSITIONS else "slow"
    else:
        verdict = "stuck" if abs(mean) > _STEADY * sd else "noise only"
    return Telegraph(mean, sd, found, timing, verdict)
