"""How the dwell times of one state follow the voltage: slopes in common, a level for each junction.

An interval of ln tau is worth N = 1 / error^2 departures in a time N tau, and these numbers are
Poisson distributed about the time over the dwell time of the model: with few departures a fit of
ln tau itself would be biased, this one is not. The levels of the junctions follow in closed form.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

_ITERATIONS = 60
_LONGEST_STEP = 3.0  # of ln tau over the range of voltages
_POOR = 0.01


@dataclass(frozen=True)
class Points:
    """Dwell times of one state; all (k,).

    Attributes:
        device: number of the junction, 0 .. devices - 1.
        volts: across the junction in that state, V.
        log_tau: ln(tau / s).
        error: its standard deviation.
    """

    device: NDArray[np.intp]
    volts: NDArray[np.float64]
    log_tau: NDArray[np.float64]
    error: NDArray[np.float64]


@dataclass(frozen=True)
class Slopes:
    """ln tau = level_j + sum over p of slope_p (V - v_ref)^p.

    Attributes:
        v_ref_v: where the levels hold, V.
        slopes: (degree,), 1/V, 1/V^2.
        covariance: of these; zero where they were taken for granted.
        level, error: (devices,), nan and inf where a junction has no point.
        mean_x: (devices, degree), -d level / d slope.
        stretch: by which variances were multiplied, >= 1: scatter about the line.
    """

    v_ref_v: float
    slopes: NDArray[np.float64]
    covariance: NDArray[np.float64]
    level: NDArray[np.float64]
    error: NDArray[np.float64]
    mean_x: NDArray[np.float64]
    stretch: float


def fit_slopes(points: Points, devices: int, v_ref_v: float, degree: int) -> Slopes | None:
    """The most likely slopes; None where no junction has enough voltages to tell them."""
    x = points.volts - v_ref_v
    reach = float(np.abs(x).max()) if len(x) else 0.0
    if reach == 0.0:
        return None
    count, time = _worth(points)
    basis = np.stack([(x / reach) ** p for p in range(1, degree + 1)], axis=1)
    slopes = np.zeros(degree)
    for _ in range(_ITERATIONS):
        _, expected = _levels(points, devices, count, time, basis @ slopes)
        information = _information(points, devices, expected, basis)
        if not _definite(information):
            return None
        step = np.linalg.solve(information, basis.T @ (expected - count))
        slopes = slopes + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if float(np.abs(step).max()) < 1e-9:
            break
    else:
        return None
    _, expected = _levels(points, devices, count, time, basis @ slopes)
    covariance = np.linalg.inv(_information(points, devices, expected, basis))
    scale = reach ** -np.arange(1.0, degree + 1)
    dof = len(x) - len(np.unique(points.device)) - degree
    square = float(((count - expected) ** 2 / expected).sum())
    poor = dof > 0 and float(chdtrc(dof, square)) < _POOR
    stretch = square / dof if poor else 1.0
    return with_slopes(
        points,
        devices,
        v_ref_v,
        slopes * scale,
        stretch * covariance * np.outer(scale, scale),
        stretch,
    )


def with_slopes(
    points: Points,
    devices: int,
    v_ref_v: float,
    slopes: NDArray[np.float64],
    covariance: NDArray[np.float64],
    stretch: float = 1.0,
) -> Slopes:
    """The level of each junction, with given slopes."""
    x = points.volts - v_ref_v
    powers = np.stack([x**p for p in range(1, len(slopes) + 1)], axis=1)
    count, time = _worth(points)
    level, expected = _levels(points, devices, count, time, powers @ slopes)
    total = np.bincount(points.device, expected, devices)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(stretch / total)
        mean_x = np.stack(
            [np.bincount(points.device, expected * p, devices) / total for p in powers.T], axis=1
        )
    return Slopes(v_ref_v, slopes, covariance, level, error, mean_x, stretch)


def _worth(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Departures and the time they took, in units of the mean dwell time."""
    count = points.error**-2
    return count, count * np.exp(points.log_tau - _centre(points))


def _centre(points: Points) -> float:
    return float(points.log_tau.mean()) if len(points.log_tau) else 0.0


def _levels(
    points: Points,
    devices: int,
    count: NDArray[np.float64],
    time: NDArray[np.float64],
    curve: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Most likely levels (devices,) for this curve, and expected departures (k,)."""
    rate = time * np.exp(-curve)
    seen = np.bincount(points.device, count, devices)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.log(np.bincount(points.device, rate, devices) / seen)
    return level + _centre(points), rate * np.exp(-level[points.device])


def _information(
    points: Points, devices: int, expected: NDArray[np.float64], basis: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of the slopes, once the levels are free."""
    total = np.maximum(np.bincount(points.device, expected, devices), 1e-300)
    mean = np.stack(
        [np.bincount(points.device, expected * b, devices) / total for b in basis.T], axis=1
    )
    left = basis - mean[points.device]
    information: NDArray[np.float64] = left.T @ (expected[:, np.newaxis] * left)
    return information


def _definite(information: NDArray[np.float64]) -> bool:
    own = np.linalg.eigvalsh(information)
    return bool(np.isfinite(own).all() and own[0] > 1e-9 * max(own[-1], 1.0)) and math.isfinite(
        float(own[-1])
    )
