"""Whether a telegraph hides in noise that covers both its levels.

A hidden Markov model must explain the trace better than Gaussian noise with a memory does: mains
pickup, filtered noise and drift are remembered too, but keep to one Gaussian about what the last
samples foretell.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.special import ndtr

from mtjlab.analysis.hidden_markov import HiddenMarkov, Model, fit_hidden_markov
from mtjlab.analysis.memory import autocorrelation

# Levels closer than this many sigma are not looked for.
_CLOSEST = 1.0
_LOOKED_AT = 100_000
_ITERATIONS = 60
_ORDER = 20
_NO_MEMORY = 0.9
# Of independent samples 1 % are further off, with the parameters known beforehand.
_FITS = 1.63
# Ln likelihood over the best of the others, and that as a share of the samples.
_EVIDENCE, _EVIDENCE_SHARE = 12.0, 1e-4


def hidden_telegraph(trace: NDArray[np.floating]) -> HiddenMarkov | None:
    """The model of the first 100 000 samples, or None where a single level does as well.

    Args:
        trace: (n,), V, finite and not constant.
    """
    values = np.asarray(trace[:_LOOKED_AT], dtype=np.float64)
    mean, sd, n = float(values.mean()), float(values.std()), len(values)
    if n < 200 or sd == 0.0:
        return None
    best: HiddenMarkov | None = None
    for flip in (0.3, 0.02, 20.0 / n):
        start = Model(mean - 0.8 * sd, mean + 0.8 * sd, 0.6 * sd, flip, flip)
        fit = fit_hidden_markov(values, start, iterations=_ITERATIONS)
        if fit.converged and (best is None or fit.gain > best.gain):
            best = fit
    if best is None or best.distance < _CLOSEST or min(best.steps_up, best.steps_down) < 3.0:
        return None
    # Without memory two Gaussians do better than one with any noise that is not Gaussian; of a
    # telegraph they are the whole truth.
    if best.model.up + best.model.down > _NO_MEMORY and not _fits(values, best.model):
        return None
    needed = _gain_of_memory((values - mean) / sd) + _EVIDENCE + _EVIDENCE_SHARE * n
    return best if best.gain > needed else None


def _fits(values: NDArray[np.float64], model: Model) -> bool:
    """Whether two Gaussians are the distribution of the samples (Kolmogorov and Smirnov)."""
    rising = np.sort(values)
    share = model.up / (model.up + model.down)
    low, high = ((rising - level) / model.sigma for level in (model.low, model.high))
    expected = (1.0 - share) * ndtr(low) + share * ndtr(high)
    rank = np.arange(len(rising)) / len(rising)
    distance = float(
        np.maximum(np.abs(expected - rank), np.abs(expected - rank - 1 / len(rank))).max()
    )
    return distance * math.sqrt(len(rising)) < _FITS


def _gain_of_memory(values: NDArray[np.float64]) -> float:
    """Ln likelihood of an autoregression of order 20 over that of white noise."""
    correlation = autocorrelation(values)[: _ORDER + 1]
    weights = solve_toeplitz(correlation[:-1], correlation[1:])
    left = 1.0 - float(weights @ correlation[1:])
    return -0.5 * len(values) * math.log(min(max(left, 1e-12), 1.0))
