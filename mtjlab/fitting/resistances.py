"""R_P and TMR of a chip, how the TMR falls with bias, and how both scatter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.fitting.look import Look, log_error
from mtjlab.fitting.mapped import mapped
from mtjlab.fitting.scatter import scatter

_ITERATIONS = 50
_POOR = 0.01
# No level of a trace is better known than by the rounding of its converter.
_LEAST_ERROR = 1e-5


@dataclass(frozen=True)
class Resistances:
    """Of a chip; arrays have one entry for each junction, nan where it is not known.

    Attributes:
        r_p_ohm, tmr, tmr_half_v: of the typical junction.
        r_sigma, tmr_sigma: from junction to junction: of ln R_P, and of the TMR over its mean.
        ln_r, ln_r_error: of R_P / ohm.
        tmr_of, tmr_error: TMR at 0 V.
    """

    r_p_ohm: Estimate
    tmr: Estimate
    tmr_half_v: Estimate
    r_sigma: Estimate
    tmr_sigma: Estimate
    ln_r: NDArray[np.float64]
    ln_r_error: NDArray[np.float64]
    tmr_of: NDArray[np.float64]
    tmr_error: NDArray[np.float64]


def fit_resistances(
    looks: Sequence[Look], cells: Sequence[tuple[int, int]], accuracy: float
) -> Resistances:
    """From looks at healthy junctions.

    Args:
        looks: with two levels; others are left out.
        cells: the junctions, in the order of the arrays that come back.
        accuracy: relative error (95 %) that all voltages have in common.
    """
    at = {cell: index for index, cell in enumerate(cells)}
    good = [one for one in looks if one.cell in at and _both(one)]
    device = np.array([at[one.cell] for one in good], dtype=np.intp)
    ln_p = np.array([math.log(one.r_p_ohm.value) for one in good])
    error_p = np.array([max(log_error(one.r_p_ohm), _LEAST_ERROR) for one in good])
    error_ap = np.array([max(log_error(one.r_ap_ohm), _LEAST_ERROR) for one in good])
    ln_ratio = np.array([math.log(one.r_ap_ohm.value) for one in good]) - ln_p
    volts = np.array([one.v_ap_v for one in good])
    ln_r, ln_r_error = _means(device, len(cells), ln_p, error_p)
    common = accuracy / Z_95 * float(np.mean([one.per_volt for one in good])) if good else 0.0
    known = np.isfinite(ln_r)
    mean = scatter(ln_r[known], ln_r_error[known], common=common)
    fall = _fall(device, len(cells), ln_ratio, np.hypot(error_p, error_ap), volts)
    # A common error of the voltages moves R_AP / R_P by how much further AP is from a short.
    part = common * _further(good)
    told = np.isfinite(fall.tmr)
    tmr = scatter(fall.tmr[told], fall.error[told], common=part)
    return Resistances(
        mapped(mean.mean, _exponential),
        tmr.mean,
        fall.half_v,
        mean.sigma,
        _relative(tmr.sigma, tmr.mean),
        ln_r,
        ln_r_error,
        fall.tmr,
        fall.error,
    )


@dataclass(frozen=True)
class _Fall:
    half_v: Estimate
    tmr: NDArray[np.float64]
    error: NDArray[np.float64]


def _fall(
    device: NDArray[np.intp],
    devices: int,
    ln_ratio: NDArray[np.float64],
    error: NDArray[np.float64],
    volts: NDArray[np.float64],
) -> _Fall:
    """TMR(V) = TMR / (1 + k V^2) with k in common: least squares of ln TMR within junctions."""
    tmr = np.expm1(ln_ratio)
    good = tmr > 0.0
    device, volts, tmr = device[good], volts[good], tmr[good]
    relative = error[good] * (1.0 + tmr) / tmr
    square = volts**2
    k, k_error = 0.0, math.inf
    for _ in range(_ITERATIONS):
        target = np.log(tmr) + np.log1p(k * square)
        level, _ = _means(device, devices, target, relative)
        slope = square / (1.0 + k * square)
        centre, _ = _means(device, devices, slope, relative)
        left = (slope - centre[device]) / relative
        information = float(left @ left)
        # Voltages that differ by less than a hundredth tell nothing.
        if information <= 0.0 or not _spread_out(device, volts):
            break
        residual = (target - level[device]) / relative
        step = -float(left @ residual) / information
        dof = len(tmr) - len(np.unique(device)) - 1
        chi = float(residual @ residual)
        stretch = chi / dof if dof > 0 and float(chdtrc(dof, chi)) < _POOR else 1.0
        k_error = math.sqrt(stretch / information)
        k = max(k + step, 0.0)
        if abs(step) < 1e-9 * max(k, k_error):
            break
    low, high = max(k - Z_95 * k_error, 0.0), k + Z_95 * k_error
    if low <= 0.0:
        bound = 1.0 / math.sqrt(high) if math.isfinite(high) else 0.0
        words = "the TMR does not fall with bias by more than its error"
        if math.isinf(k_error):
            words = "one bias only: nothing tells how the TMR falls with it"
        half_v, k = Estimate.none(words, low=bound), 0.0
    else:
        half_v = mapped(Estimate(k, low, high), lambda end: 1.0 / math.sqrt(end))
    level, level_error = _means(device, devices, np.log(tmr) + np.log1p(k * square), relative)
    return _Fall(half_v, np.exp(level), np.exp(level) * level_error)


def _spread_out(device: NDArray[np.intp], volts: NDArray[np.float64]) -> bool:
    return any(
        float(np.ptp(volts[device == one])) > 0.01 * float(np.abs(volts[device == one]).max())
        for one in np.unique(device)
    )


def _means(
    device: NDArray[np.intp],
    devices: int,
    values: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted means by junction with their errors; nan where a junction has no value."""
    weight = errors**-2
    total = np.bincount(device, weight, devices)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(device, weight * values, devices) / total
        return mean, np.where(total > 0.0, 1.0 / np.sqrt(total), np.nan)


def _further(looks: Sequence[Look]) -> float:
    """How far a common relative error of the voltages, in units of that of R_P, moves the TMR."""
    if not looks:
        return 0.0
    shares = []
    for one in looks:
        p, ap = one.r_p_ohm.value, one.r_ap_ohm.value
        series = p / (one.per_volt - 1.0) if one.per_volt > 1.0 else math.inf
        shares.append(ap / p * ((1.0 + ap / series) / one.per_volt - 1.0))
    return float(np.mean(np.abs(shares)))


def _both(look: Look) -> bool:
    ends = (look.r_p_ohm, look.r_ap_ohm)
    return look.verdict == "telegraph" and all(math.isfinite(log_error(one)) for one in ends)


def _relative(sigma: Estimate, mean: Estimate) -> Estimate:
    if not (sigma.known and mean.known) or mean.value <= 0.0:
        return sigma if not sigma.known else Estimate.none("no TMR", low=0.0)
    return sigma.times(1.0 / mean.value)


def _exponential(x: float) -> float:
    return math.exp(x) if x < 700.0 else math.inf
