"""Resistance from current against voltage, and the magnetoresistance ratio of two resistances."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtjlab.analysis.estimate import Estimate

# A cubic or quadratic term that chance gives once in a hundred times.
_CURVED = 2.576


@dataclass(frozen=True)
class Resistance:
    """Of a straight line I = (V - V0) / R.

    Attributes:
        resistance_ohm: R, ohm.
        offset_a: current at 0 V, A.
        linear: whether square and cube of the voltage add nothing; None where too few points say.
    """

    resistance_ohm: Estimate
    offset_a: Estimate
    linear: bool | None


def fit_resistance(voltage_v: ArrayLike, current_a: ArrayLike) -> Resistance:
    """Least squares; the errors come from the scatter about the line.

    Args:
        voltage_v: (n,), V.
        current_a: (n,), A.
    """
    voltage = np.asarray(voltage_v, dtype=np.float64)
    current = np.asarray(current_a, dtype=np.float64)
    if voltage.ndim != 1 or voltage.shape != current.shape:
        raise ValueError(f"shapes {voltage.shape} and {current.shape}: expected (n,) each")
    if not (np.isfinite(voltage).all() and np.isfinite(current).all()):
        raise ValueError("voltages and currents must be finite")
    distinct = len(np.unique(voltage))
    if distinct < 2 or len(voltage) < 3:
        reason = f"{len(voltage)} points at {distinct} voltages; 3 points at 2 are needed"
        nothing = Estimate.none(reason)
        return Resistance(nothing, nothing, None)
    at = voltage - voltage.mean()
    norm = float(at @ at)
    slope = float(at @ current) / norm
    left = current - current.mean() - slope * at
    dof = len(voltage) - 2.0
    variance = float(left @ left) / dof
    slope_error = math.sqrt(variance / norm)
    conductance = Estimate.normal(slope, slope_error, dof=dof)
    mean = float(voltage.mean())
    offset_error = math.sqrt(variance * (1.0 / len(voltage) + mean**2 / norm))
    offset = Estimate.normal(float(current.mean()) - slope * mean, offset_error, dof=dof)
    if conductance.low <= 0.0:
        high = 1.0 / conductance.high if conductance.high > 0.0 else 0.0
        reason = "the current does not rise with voltage by more than its scatter: open?"
        return Resistance(Estimate.none(reason, low=high), offset, None)
    return Resistance(conductance.reciprocal(), offset, _linear(at, current, distinct))


def _linear(at: NDArray[np.float64], current: NDArray[np.float64], distinct: int) -> bool | None:
    """Whether neither a square nor a cube is needed."""
    if distinct < 5 or len(at) < 8:
        return None
    design = np.vander(at / np.abs(at).max(), 4, increasing=True)
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    point = inverse @ design.T @ current
    left = current - design @ point
    error = np.sqrt(float(left @ left) / (len(at) - 4) * np.diag(inverse))
    return bool((np.abs(point[2:]) <= _CURVED * error[2:] + 1e-9 * abs(point[1])).all())


def magnetoresistance(parallel: Estimate, antiparallel: Estimate) -> Estimate:
    """(R_AP - R_P) / R_P with independent errors, on the scale of ln(R_AP / R_P)."""
    for one in (parallel, antiparallel):
        if not one.known or one.low <= 0.0:
            return Estimate.none(f"a resistance is missing: {one.reason or 'it may be zero'}")
    ratio = antiparallel.value / parallel.value
    below = math.hypot(
        math.log(antiparallel.value / antiparallel.low), math.log(parallel.high / parallel.value)
    )
    above = math.hypot(
        math.log(antiparallel.high / antiparallel.value), math.log(parallel.value / parallel.low)
    )
    return Estimate(ratio - 1.0, ratio * math.exp(-below) - 1.0, ratio * math.exp(above) - 1.0)


def resistance_of_divider(level_v: Estimate, source_v: float, series_ohm: float) -> Estimate:
    """Of a junction behind a series resistor, from the voltage across it.

    Args:
        level_v: across the junction, V.
        source_v: of the source, V, not 0.
        series_ohm: the resistor, ohm, > 0.
    """
    if not (series_ohm > 0.0 and source_v != 0.0):
        raise ValueError(f"source {source_v!r} V and resistor {series_ohm!r} ohm")
    if not level_v.known:
        return Estimate.none(f"no level: {level_v.reason}", low=0.0)
    shares = sorted((level_v.low / source_v, level_v.high / source_v))
    share = level_v.value / source_v
    if not (shares[0] > 0.0 and shares[1] < 1.0):
        return Estimate.none(
            f"{level_v.value:.3g} V of {source_v:.3g} V: the interval reaches a short or an open",
            low=0.0,
        )
    low, value, high = (series_ohm * s / (1.0 - s) for s in (shares[0], share, shares[1]))
    return Estimate(value, low, high)
