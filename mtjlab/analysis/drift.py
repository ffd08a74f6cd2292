"""Whether levels or occupancy change along a trace, beyond what chance does.

The trace is cut into equal parts. A straight line through their means is the drift; what the parts
scatter beyond the error of one part shows a change that is no straight line. The error of a part
comes from the memory of the series, not from the scatter of the parts, which drift would inflate.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from mtjlab.analysis.chain import check_step
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.memory import short_memory

_PARTS = 20
# In a part.
_LEAST_INDEPENDENT = 5.0
# Of an honest trace one in a thousand is called drifting.
_BY_CHANCE = 1e-3


@dataclass(frozen=True)
class Drift:
    """Of one quantity along one trace.

    Attributes:
        change: from the first to the last sample along a straight line, in the quantity's unit.
        p_value: chance of such scatter of the parts, or of such a slope, without drift.
        drifts: p_value below 0.001.
    """

    change: Estimate
    p_value: Estimate

    @property
    def drifts(self) -> bool:
        """Whether it cannot be chance; False also where nothing can be said."""
        return self.p_value.known and self.p_value.value < _BY_CHANCE


def drift_of(
    series: NDArray[np.floating] | NDArray[np.bool_], *, memory: float | None = None
) -> Drift:
    """Drift of the mean of a series.

    Args:
        series: (n,), finite.
        memory: samples per independent one without drift, >= 1; None: as within the parts.
    """
    values = np.asarray(series, dtype=np.float64)
    size = len(values) // _PARTS
    parts = values[: size * _PARTS].reshape(_PARTS, size)
    means = parts.mean(axis=1) if size else np.zeros(_PARTS)
    within = (parts - means[:, np.newaxis]).ravel()
    variance = float(within @ within) / max(len(within) - _PARTS, 1)
    if size < 2 or variance == 0.0:
        return _unknown(
            "the series does not vary" if size >= 2 else "too few samples to tell drift"
        )
    worth = short_memory(within) if memory is None else memory
    if size < _LEAST_INDEPENDENT * worth:
        return _unknown(
            f"the series remembers {worth:.3g} samples: drift over {len(values)} samples cannot "
            "be told from that memory"
        )
    error = math.sqrt(variance * worth / size)
    at = np.arange(_PARTS) - 0.5 * (_PARTS - 1)
    norm = float(at @ at)
    slope = float(at @ means) / norm
    slope_error = error / math.sqrt(norm)
    line = (slope / slope_error) ** 2
    scatter = float(((means - means.mean()) ** 2).sum()) / error**2
    # Two looks at the same data: the smaller chance counts twice.
    p = min(1.0, 2.0 * min(float(chdtrc(1, line)), float(chdtrc(_PARTS - 1, scatter))))
    return Drift(Estimate.normal(slope * _PARTS, slope_error * _PARTS), Estimate(p, p, p))


def _unknown(reason: str) -> Drift:
    return Drift(Estimate.none(reason), Estimate.none(reason, low=0.0, high=1.0))


def telegraph_memory(tau_c_s: float, dt_s: float) -> float:
    """Samples of a telegraph per independent one, (1 + rho) / (1 - rho)."""
    check_step(dt_s)
    return 1.0 / math.tanh(0.5 * dt_s / tau_c_s) if tau_c_s > 0.0 else 1.0
