"""Curves of fitted numbers, for whoever draws them: on paper and on the screen the same."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

_BEYOND = 0.999999


def occupancy_curve(bias_v: ArrayLike, v50_v: float, width_v: float) -> NDArray[np.float64]:
    """Share of time in AP against bias: logistic, 1/2 at `v50_v`."""
    curve: NDArray[np.float64] = expit((np.asarray(bias_v, dtype=np.float64) - v50_v) / width_v)
    return curve


def tmr_curve(voltage_v: ArrayLike, tmr0: float, half_v: float) -> NDArray[np.float64]:
    """TMR against the voltage in AP; level where it has no half-voltage (nan)."""
    at = np.asarray(voltage_v, dtype=np.float64)
    return tmr0 / (1.0 + (at / half_v) ** 2) if np.isfinite(half_v) else np.full(at.shape, tmr0)


def current_line(
    voltage_v: ArrayLike, resistance_ohm: float, offset_a: float
) -> NDArray[np.float64]:
    """Current of a resistor with an offset, A."""
    at: NDArray[np.float64] = np.asarray(voltage_v, dtype=np.float64)
    return offset_a + at / resistance_ohm


def far_from_zero(voltage_v: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where V / I shows more than noise: near 0 V it is a quotient of two small numbers."""
    size = np.abs(voltage_v)
    far: NDArray[np.bool_] = size > 0.1 * size.max(initial=0.0)
    return far


def in_standard_errors(correlation: ArrayLike, effective: ArrayLike) -> NDArray[np.float64]:
    """Fisher's z over its error: of independent pairs normal, however slow they are.

    Args:
        correlation: of each pair.
        effective: independent samples that each is worth.
    """
    error = 1.0 / np.sqrt(np.maximum(np.asarray(effective, dtype=np.float64) - 3.0, 1.0))
    z: NDArray[np.float64] = np.arctanh(np.clip(correlation, -_BEYOND, _BEYOND)) / error
    return z


def expected_counts(at: ArrayLike, count: int, bin_width: float) -> NDArray[np.float64]:
    """Of `count` normal values in bins of that width, in standard errors."""
    place = np.asarray(at, dtype=np.float64)
    density: NDArray[np.float64] = np.exp(-0.5 * place**2) / np.sqrt(2.0 * np.pi)
    return count * bin_width * density
