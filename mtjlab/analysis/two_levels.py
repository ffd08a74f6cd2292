"""Which sample is at which of two levels, and what follows for levels and rates."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mtjlab.analysis.chain import ChainRates, chain_rates, check_step, pair_counts
from mtjlab.analysis.hidden_markov import HiddenMarkov, Model, fit_hidden_markov
from mtjlab.analysis.hidden_rates import hidden_rates
from mtjlab.analysis.hidden_search import hidden_telegraph
from mtjlab.analysis.level_estimates import LevelEstimates, levels_of_model, levels_of_states
from mtjlab.analysis.levels import Levels, levels
from mtjlab.analysis.pieces import sections
from mtjlab.analysis.trace_report import Method

_FEWEST_SAMPLES = 10
_FIRST_SAMPLES, _SECTIONS = 1_000_000, 20
# Misread samples that are let pass, in standard deviations of the number of transitions.
_MISREAD = 0.1
# Enough to see whether a telegraph is hidden in the noise.
_SEARCHED = 20_000


@dataclass(frozen=True)
class TwoLevels:
    """Of one trace.

    Attributes:
        method: how samples were told apart.
        states: (n,), which samples are at the upper level.
        rates: dwell times, correlation time, occupancy.
        found: levels and noise.
        left: (n,), what is left of the samples without their levels, V.
    """

    method: Method
    states: NDArray[np.bool_]
    rates: ChainRates
    found: LevelEstimates
    left: NDArray[np.float64]


def two_levels(
    trace_v: NDArray[np.floating], interval_s: float, *, resolution_v: float = 0.0
) -> TwoLevels | None:
    """Levels and rates alone, in a tenth of the time of `analyse_trace`; None: one level only.

    A telegraph below the noise is looked for in the first 20 000 samples. Whether there is a third
    level is not asked.

    Args:
        trace_v: (n,), V, n >= 10, finite.
        interval_s: between samples, s, > 0.
        resolution_v: step of the converter, V.

    Raises:
        ValueError: as `analyse_trace`.
    """
    check_step(interval_s)
    values = checked(trace_v)
    if float(np.ptp(values)) <= resolution_v:
        return None
    coarse = levels(values, resolution_v=resolution_v)
    if not coarse.separated and hidden_telegraph(values[:_SEARCHED]) is None:
        return None
    return read_levels(values, interval_s, coarse, False)


def checked(trace_v: NDArray[np.floating]) -> NDArray[np.float64]:
    """In double precision.

    Raises:
        ValueError: too few samples, or some that are not finite.
    """
    values = np.ascontiguousarray(trace_v, dtype=np.float64)
    if values.ndim != 1 or len(values) < _FEWEST_SAMPLES:
        raise ValueError(
            f"trace of shape {values.shape}: expected (n,) samples, n >= {_FEWEST_SAMPLES}"
        )
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} of {len(values)} samples are not finite, the first at {wrong[0]}: "
            "leave out the part before or after them"
        )
    return values


def coarse_levels(values: NDArray[np.float64], resolution_v: float) -> Levels:
    """Levels to tell samples apart by; of a long trace from sections of it, if they show two."""
    if len(values) > 2 * _FIRST_SAMPLES:
        found = levels(sections(values, _SECTIONS, _FIRST_SAMPLES), resolution_v=resolution_v)
        if found.separated:
            return found
    return levels(values, resolution_v=resolution_v)


def read_levels(
    values: NDArray[np.float64], interval_s: float, coarse: Levels, several: bool
) -> TwoLevels | None:
    """By threshold or hidden Markov model; None where there are no two levels."""
    if coarse.separated:
        states = values > coarse.threshold_v
        pairs = pair_counts(states)
        changes = float(pairs[0, 1] + pairs[1, 0])
        distance = (coarse.high_v - coarse.low_v) / coarse.sigma_v if coarse.sigma_v else math.inf
        misread = float(ndtr(-0.5 * distance)) * len(values)
        if several or misread <= _MISREAD * math.sqrt(changes):
            found, left = levels_of_states(values, states)
            return TwoLevels("threshold", states, chain_rates(pairs, interval_s), found, left)
        up, down = pairs[0, 1] / pairs[0].sum(), pairs[1, 0] / pairs[1].sum()
        start = Model(coarse.low_v, coarse.high_v, coarse.sigma_v, float(up), float(down))
        fit = fit_hidden_markov(values, start)
    else:
        hidden = None if several else hidden_telegraph(values)
        if hidden is None:
            return None
        fit = fit_hidden_markov(values, hidden.model)
    return _hidden(values, interval_s, fit)


def _hidden(values: NDArray[np.float64], interval_s: float, fit: HiddenMarkov) -> TwoLevels | None:
    states = fit.states(values)
    if states.all() or not states.any():
        return None
    found, left = levels_of_model(values, fit, states)
    return TwoLevels("hidden Markov model", states, hidden_rates(fit, interval_s), found, left)
