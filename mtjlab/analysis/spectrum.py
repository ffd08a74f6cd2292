"""Power spectral density (Welch), with the Lorentzian of a telegraph and a white floor.

The fit compares the averaged periodogram with what a sampled telegraph in white noise is expected
to show through the same window and sampling: leakage and folding at the Nyquist frequency are in
the model (debiased Whittle likelihood; Sykulski et al., Biometrika 106, 251 (2019)). A telegraph
is not Gaussian, so the errors come from how much pieces of the trace differ.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from mtjlab.analysis.chain import check_step
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.pieces import TOO_SHORT, cut, spread_of_mean

# Length of a segment and of a piece of segments, in correlation times.
_SEGMENT, _PIECE = 64.0, 15.0
_SHORTEST, _LONGEST = 64, 1 << 16
_ITERATIONS = 100
# Bins that a Hann window fills with what is left of the mean.
_FIRST_BIN = 2


@dataclass(frozen=True)
class Spectrum:
    """One-sided density of one trace.

    Attributes:
        frequency_hz: (k,), Hz, > 0.
        density: (k,), V^2/Hz.
        model: (k,), V^2/Hz: the fit through the same window; empty where there is none.
        corner_hz: of the Lorentzian, 1 / (2 pi tau_c), Hz.
        plateau: density of the Lorentzian far below the corner, V^2/Hz.
        floor: white noise, V^2/Hz.
    """

    frequency_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    model: NDArray[np.float64]
    corner_hz: Estimate
    plateau: Estimate
    floor: Estimate


class _Point(NamedTuple):
    """In units of the trace's variance and of samples: ln of the Lorentzian's, ln rate, floor."""

    amplitude: float
    rate: float
    floor: float


def trace_spectrum(
    trace: NDArray[np.floating], dt_s: float, *, tau_c_s: float | None = None
) -> Spectrum:
    """Welch's estimate with Hann windows that overlap by half, and the fit.

    Args:
        trace: (n,), V, finite.
        dt_s: sampling interval, s, > 0.
        tau_c_s: about the correlation time, s, which sets the length of a segment; None: 16
            samples are taken for it.
    """
    check_step(dt_s)
    values = np.asarray(trace, dtype=np.float64)
    values = values - values.mean()
    steps = tau_c_s / dt_s if tau_c_s is not None else 16.0
    pieces = cut(values, max(_SHORTEST, round(_PIECE * steps)))
    nothing = np.zeros(0)
    if pieces is None or not values.any():
        reason = (
            "a constant trace has no spectrum"
            if not values.any()
            else TOO_SHORT.format(len(values))
        )
        none = Estimate.none(reason, low=0.0)
        return Spectrum(nothing, nothing, nothing, none, none, none)
    wanted = 2 ** math.ceil(math.log2(max(_SHORTEST, _SEGMENT * steps)))
    length = min(wanted, _LONGEST, 2 ** math.floor(math.log2(pieces.shape[1])))
    window = np.sin(np.pi * np.arange(length) / length) ** 2
    each = _periodograms(pieces, window)
    variance = float(values @ values) / len(values)
    unit = 2.0 * dt_s * variance
    frequency_hz = np.arange(length // 2 + 1)[_FIRST_BIN:] / (length * dt_s)
    each = each[:, _FIRST_BIN:] / variance
    mean = each.mean(axis=0)
    fit = _fit(mean, window, 1.0 / max(steps, 0.2))
    if fit is None:
        none = Estimate.none("no Lorentzian stands out of a white floor", low=0.0)
        return Spectrum(frequency_hz, unit * mean, nothing, none, none, none)
    point, model, slopes, inverse = fit
    scores = ((each - model) / model**2) @ slopes.T
    covariance = inverse @ spread_of_mean(scores) @ inverse
    corner, plateau, floor = _estimates(point, covariance, len(each) - 1.0)
    return Spectrum(
        frequency_hz,
        unit * mean,
        unit * model,
        corner.times(1.0 / (2.0 * math.pi * dt_s)),
        plateau.times(4.0 * dt_s * variance),
        floor.times(unit),
    )


def _periodograms(pieces: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """(pieces, bins): mean over the segments of each, of |transform|^2 / sum of window^2."""
    length = len(window)
    power = float(window @ window)
    found = np.empty((len(pieces), length // 2 + 1))
    for index, piece in enumerate(pieces):
        segments = np.lib.stride_tricks.sliding_window_view(piece, length)[:: length // 2]
        found[index] = (np.abs(rfft(segments * window, axis=1)) ** 2).mean(axis=0) / power
    return found


def _expected(
    point: _Point, overlap: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the periodogram is expected to be, (bins,), and its slopes, (3, bins)."""
    rate = math.exp(point.rate)
    lag = np.arange(size)
    decay = math.exp(point.amplitude) * np.exp(-rate * lag)
    both = np.stack([decay, -rate * lag * decay]) * overlap
    # Lag k and lag size - k fall on the same bins.
    both[:, 1:] += both[:, 1:][:, ::-1]
    shapes = rfft(both, axis=1).real[:, _FIRST_BIN:]
    return shapes[0] + point.floor, np.vstack([shapes, np.ones(shapes.shape[1])])


def _fit(
    mean: NDArray[np.float64], window: NDArray[np.float64], rate: float
) -> tuple[_Point, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Fisher's scoring, damped; None where it does not settle."""
    size = len(window)
    overlap = irfft(np.abs(rfft(window, 2 * size)) ** 2)[:size]
    overlap /= overlap[0]
    floor = max(float(np.mean(mean[-len(mean) // 8 :])) * 0.5, 1e-6)
    point = _Point(math.log(max(1.0 - floor, 0.05)), math.log(rate), floor)
    model, slopes = _expected(point, overlap, size)
    loss = float((np.log(model) + mean / model).sum())
    damping = 1e-3
    for _ in range(_ITERATIONS):
        scaled = slopes / model
        normal = scaled @ scaled.T
        score = scaled @ (mean / model - 1.0)
        try:
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), score)
        except np.linalg.LinAlgError:
            return None
        trial = _Point(
            point.amplitude + min(max(float(step[0]), -2.0), 2.0),
            point.rate + min(max(float(step[1]), -2.0), 2.0),
            point.floor + float(step[2]),
        )
        if abs(trial.rate) > 25.0 or abs(trial.amplitude) > 25.0:
            return None
        trial_model, trial_slopes = _expected(trial, overlap, size)
        positive = bool((trial_model > 0.0).all())
        trial_loss = (
            float((np.log(trial_model) + mean / trial_model).sum()) if positive else math.inf
        )
        if trial_loss > loss + 1e-12 * abs(loss):
            damping *= 10.0
            if damping > 1e8:
                return None
            continue
        settled = float(score @ step) < 1e-6
        point, model, slopes, loss = trial, trial_model, trial_slopes, trial_loss
        damping = max(damping / 10.0, 1e-9)
        if settled:
            scaled = slopes / model
            normal = scaled @ scaled.T
            if np.linalg.cond(normal) > 1e14:
                return None
            inverse = np.asarray(np.linalg.inv(normal), dtype=np.float64)
            return point, model, slopes, inverse
    return None


def _estimates(
    point: _Point, covariance: NDArray[np.float64], dof: float
) -> tuple[Estimate, Estimate, Estimate]:
    """Corner per step (as a rate), amplitude x correlation time, and floor."""
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if errors[0] > 0.5 or errors[1] > 0.3:
        none = Estimate.none("the Lorentzian cannot be told from a white floor", low=0.0)
        return none, none, none
    corner = Estimate.positive(math.exp(point.rate), float(errors[1]), dof=dof)
    along = np.array([1.0, -1.0, 0.0])
    both = math.sqrt(float(along @ covariance @ along))
    plateau = Estimate.positive(math.exp(point.amplitude - point.rate), both, dof=dof)
    # A density cannot be negative, an unbiased estimate of one that is nearly zero can.
    floor = Estimate.normal(point.floor, float(errors[2]), dof=dof)
    value, low, high = (max(end, 0.0) for end in (floor.value, floor.low, floor.high))
    return corner, plateau, Estimate(value, low, high)
