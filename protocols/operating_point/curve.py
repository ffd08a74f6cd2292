"""What the measurements so far tell of one junction: its curve, and the bias for a duty cycle."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.logistic import Logistic, fit_occupancies

MEASURED = (
    "row",
    "column",
    "bias_v",
    "mean_v",
    "occupancy_ap",
    "occupancy_ap_low",
    "occupancy_ap_high",
    "tau_c_s",
    "tau_c_s_low",
    "tau_c_s_high",
    "flips",
    "duration_s",
    "round",
)
_BIAS, _MEAN, _SHARE, _LOW, _HIGH, _TAU_C = (
    MEASURED.index(name)
    for name in (
        "bias_v",
        "mean_v",
        "occupancy_ap",
        "occupancy_ap_low",
        "occupancy_ap_high",
        "tau_c_s",
    )
)
# Points this near to the wanted duty cycle, in logits, are fitted alone if there are enough.
_NEAR, _ENOUGH = 2.0, 4
# Mean resistances further apart than this are those of two states.
_TWO_STATES = 1.1


@dataclass(frozen=True)
class Curve:
    """Of one junction.

    Attributes:
        own_bias_v: at which its duty cycle is the wanted one, V.
        v50_v, width_v: of the logistic curve; width nan where only a bracket is known.
        tau_c_s: correlation time measured nearest to the duty cycle, s; nan without one.
    """

    own_bias_v: Estimate
    v50_v: float
    width_v: float
    tau_c_s: float

    def duty_at(self, bias_v: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """On the curve; nan without one."""
        duty: NDArray[np.float64] = expit((np.asarray(bias_v) - self.v50_v) / self.width_v)
        return duty

    def step_v(self, duty: float, change: float) -> float:
        """Change of bias that changes the duty cycle by so much, V; nan without a curve."""
        return abs(self.width_v) * change / (duty * (1.0 - duty))


def curve_of(rows: NDArray[np.float64], duty: float) -> Curve:
    """From (n, len(MEASURED)) rows of one junction."""
    share = rows[:, _SHARE]
    tau_c_s = float(nearest(rows, duty)[_TAU_C])
    known = rows[(share > 0.005) & (share < 0.995)]
    near = known[np.abs(logit(known[:, _SHARE]) - logit(duty)) < _NEAR]
    found = _fitted(near) if len(np.unique(near[:, _BIAS])) >= _ENOUGH else _fitted(known)
    if not found.v50_v.known:
        found = _fitted(known)
    if found.v50_v.known:
        # bias = (logit(duty) - offset) / slope, with the covariance of both.
        slope = 1.0 / found.width_v.value
        bias_v = found.v50_v.value + float(logit(duty)) / slope
        gradient = np.array([-bias_v / slope, -1.0 / slope])
        error_v = math.sqrt(float(gradient @ found.covariance @ gradient))
        own = Estimate.normal(bias_v, error_v)
        return Curve(own, found.v50_v.value, found.width_v.value, tau_c_s)
    return Curve(_bracket(rows, duty, str(found.v50_v.reason)), math.nan, math.nan, tau_c_s)


def _fitted(rows: NDArray[np.float64]) -> Logistic:
    shares = [Estimate(float(r[_SHARE]), float(r[_LOW]), float(r[_HIGH])) for r in rows]
    return fit_occupancies(rows[:, _BIAS], shares)


def nearest(rows: NDArray[np.float64], duty: float) -> NDArray[np.float64]:
    """The measurement with the nearest duty cycle; the first where none is known."""
    off = np.abs(rows[:, _SHARE] - duty)
    found: NDArray[np.float64] = rows[int(np.nanargmin(off)) if np.isfinite(off).any() else 0]
    return found


def _bracket(rows: NDArray[np.float64], duty: float, reason: str) -> Estimate:
    """Between the biases on either side of the duty cycle; a fast step leaves nothing between."""
    bias, mean = rows[:, _BIAS], rows[:, _MEAN]
    with np.errstate(divide="ignore", invalid="ignore"):
        ohm = mean / (bias - mean)
    lowest, highest = float(np.nanmin(ohm)), float(np.nanmax(ohm))
    if not highest > _TWO_STATES * lowest > 0.0:
        return Estimate.none(f"one state at every bias: {reason}")
    share = np.where(
        np.isfinite(rows[:, _SHARE]), rows[:, _SHARE], ohm > math.sqrt(lowest * highest)
    )
    order = np.argsort(bias)
    above = share[order] > duty
    turns = np.flatnonzero(above[1:] != above[:-1])
    if len(turns) == 0:
        return Estimate.none(f"the duty cycle is on one side of {duty:g} everywhere: {reason}")
    low, high = bias[order][turns[0]], bias[order][turns[0] + 1]
    return Estimate(float(0.5 * (low + high)), float(low), float(high), "between two biases")
