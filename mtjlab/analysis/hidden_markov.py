"""Levels and rates of a telegraph whose noise overlaps: a two-state hidden Markov model.

Gaussian noise of one width about both levels. The likelihood is climbed by expectation-
maximisation (Baum and Welch) and then by Newton's method, with the score that the expected counts
give (Fisher's identity); the curvature where it ends is the information, from which the errors
come. A long trace is begun on sections of it.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.hidden_markov_kernels import most_probable, smooth
from mtjlab.analysis.pieces import sections

# Of all samples those that are looked at first, in this many sections.
_FIRST_SAMPLES = 400_000
_SECTIONS = 20
_ITERATIONS = 300
_NEWTON = 6
_LEAST_PROBABILITY = 1e-9
# In units of the trace's sd: below it the levels have no width worth the name.
_LEAST_SIGMA = 1e-3
# Step of the differences that give the curvature: error of order 1e-8 of it.
_STEP = 1e-4


class Model(NamedTuple):
    """Parameters of the chain in its noise, in units of the trace's.

    Attributes:
        low, high: levels.
        sigma: standard deviation of a sample about its level.
        up, down: probabilities of leaving the lower and the upper level in one step.
    """

    low: float
    high: float
    sigma: float
    up: float
    down: float


@dataclass(frozen=True)
class HiddenMarkov:
    """A fitted model.

    Attributes:
        model: V, and probabilities per step.
        covariance: (5, 5), of the model's members in their order.
        gain: ln likelihood over that of one Gaussian without memory.
        steps_up, steps_down: expected numbers of transitions.
        converged: the score vanishes to within its error.
    """

    model: Model
    covariance: NDArray[np.float64]
    gain: float
    steps_up: float
    steps_down: float
    converged: bool

    @property
    def distance(self) -> float:
        """Of the levels, in sigma."""
        return (self.model.high - self.model.low) / self.model.sigma

    def states(self, trace: NDArray[np.floating]) -> NDArray[np.bool_]:
        """The most probable path (Viterbi), (n,), True at the upper level."""
        high = np.empty(len(trace), dtype=np.bool_)
        m = self.model
        up, down = (min(max(p, _LEAST_PROBABILITY), 1 - _LEAST_PROBABILITY) for p in m[3:])
        values = np.ascontiguousarray(trace, dtype=np.float64)
        most_probable(values, 0.5 * (m.low + m.high), (m.high - m.low) / m.sigma**2, up, down, high)
        return high


def fit_hidden_markov(
    trace: NDArray[np.floating], start: Model, *, iterations: int = _ITERATIONS
) -> HiddenMarkov:
    """The most likely model.

    Args:
        trace: (n,), V, n >= 10, finite and not constant.
        start: a first guess; the upper level stays the upper one.
        iterations: most of expectation-maximisation, before Newton.
    """
    values = np.asarray(trace, dtype=np.float64)
    offset = float(values[0])
    values = values - offset
    mean, sd = float(values.mean()), float(values.std())
    if values.ndim != 1 or len(values) < 10 or not (math.isfinite(sd) and sd > 0.0):
        raise ValueError(f"trace of shape {values.shape}, sd {sd!r}: expected 10 or more samples")
    values -= mean
    values /= sd
    model = Model(
        (start.low - offset - mean) / sd,
        (start.high - offset - mean) / sd,
        max(start.sigma / sd, _LEAST_SIGMA),
        min(max(start.up, 1.0 / len(values)), 0.5),
        min(max(start.down, 1.0 / len(values)), 0.5),
    )
    if len(values) > 2 * _FIRST_SAMPLES:
        model = _climb(sections(values, _SECTIONS, _FIRST_SAMPLES), model, iterations)
        model = _climb(values, model, 2)
    else:
        model = _climb(values, model, iterations)
    work = np.empty_like(values)
    model, information, converged = _newton(values, model, work)
    sums = _sums(values, model, work)
    gain = _likelihood(values, model, sums) + 0.5 * len(values)
    covariance = np.linalg.pinv(information, hermitian=True)
    unit = np.array([sd, sd, sd, 1.0, 1.0])
    # Of sigma itself rather than of its logarithm.
    jacobian = np.diag([1.0, 1.0, model.sigma, 1.0, 1.0]) * unit
    covariance = jacobian @ covariance @ jacobian.T
    scaled = Model(
        offset + mean + sd * model.low,
        offset + mean + sd * model.high,
        sd * model.sigma,
        model.up,
        model.down,
    )
    return HiddenMarkov(scaled, covariance, gain, float(sums[1]), float(sums[2]), converged)


def _sums(
    values: NDArray[np.float64], model: Model, work: NDArray[np.float64]
) -> NDArray[np.float64]:
    slope = (model.high - model.low) / model.sigma**2
    return smooth(values, 0.5 * (model.low + model.high), slope, model.up, model.down, work)


def _likelihood(values: NDArray[np.float64], model: Model, sums: NDArray[np.float64]) -> float:
    """Ln likelihood but for n/2 ln(2 pi), of values with mean 0 and sd 1."""
    n = len(values)
    about_low = n * (1.0 + model.low**2)
    return float(sums[0] - 0.5 * about_low / model.sigma**2 - n * math.log(model.sigma))


def _climb(values: NDArray[np.float64], model: Model, iterations: int) -> Model:
    """Expectation-maximisation until the model stands still."""
    n = len(values)
    total, square = float(values.sum()), float(values @ values)
    work = np.empty_like(values)
    for _ in range(iterations):
        _, up, down, from_high, samples, weighted = _sums(values, model, work)
        if min(samples, n - samples) < 1e-6 * n:
            break
        high, low = weighted / samples, (total - weighted) / (n - samples)
        variance = (square - samples * high**2 - (n - samples) * low**2) / n
        new = Model(
            float(low),
            float(high),
            max(math.sqrt(max(variance, 0.0)), _LEAST_SIGMA),
            _probability(up / max(n - 1 - from_high, 1e-9)),
            _probability(down / max(from_high, 1e-9)),
        )
        moved = np.abs(np.subtract(new, model))
        # In fractions of the errors to be expected; what is left is Newton's.
        scale = np.array([new.sigma, new.sigma, new.sigma, new.up**0.5, new.down**0.5])
        model = new
        if (moved < 0.02 * scale / math.sqrt(n)).all():
            break
    if model.high < model.low:
        model = Model(model.high, model.low, model.sigma, model.down, model.up)
    return model


def _probability(value: float) -> float:
    return float(min(max(value, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY))


def _score(
    values: NDArray[np.float64], model: Model, work: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slope of ln likelihood over low, high, ln sigma, up, down."""
    n = len(values)
    _, up, down, from_high, samples, weighted = _sums(values, model, work)
    total, square = float(values.sum()), float(values @ values)
    low_samples, low_weighted = n - samples, total - weighted
    variance = model.sigma**2
    about = (
        square
        - 2.0 * (model.high * weighted + model.low * low_weighted)
        + samples * model.high**2
        + low_samples * model.low**2
    )
    from_low = n - 1 - from_high
    return np.array(
        [
            (low_weighted - low_samples * model.low) / variance,
            (weighted - samples * model.high) / variance,
            about / variance - n,
            up / model.up - (from_low - up) / (1.0 - model.up),
            down / model.down - (from_high - down) / (1.0 - model.down),
        ]
    )


def _newton(
    values: NDArray[np.float64], model: Model, work: NDArray[np.float64]
) -> tuple[Model, NDArray[np.float64], bool]:
    """The maximum, and the information there: minus the curvature."""
    best, information = model, np.eye(5)
    for _ in range(_NEWTON):
        score = _score(values, best, work)
        information = _information(values, best, score, work)
        try:
            np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return best, information, False
        step = np.linalg.solve(information, score)
        if float(score @ step) < 1e-3:
            return best, information, True
        moved = Model(
            best.low + step[0],
            best.high + step[1],
            best.sigma * math.exp(min(max(step[2], -0.5), 0.5)),
            best.up + step[3],
            best.down + step[4],
        )
        if not (0.0 < moved.up < 1.0 and 0.0 < moved.down < 1.0 and moved.low < moved.high):
            return best, information, False
        best = moved
    return best, information, False


def _information(
    values: NDArray[np.float64],
    model: Model,
    score: NDArray[np.float64],
    work: NDArray[np.float64],
) -> NDArray[np.float64]:
    scales = [model.sigma, model.sigma, 1.0, model.up, model.down]
    rows = []
    for index, scale in enumerate(scales):
        step = _STEP * scale
        point = list(model)
        point[index] = point[index] * math.exp(step) if index == 2 else point[index] + step
        rows.append((score - _score(values, Model(*point), work)) / step)
    raw = np.array(rows)
    symmetric: NDArray[np.float64] = 0.5 * (raw + raw.T)
    return symmetric
