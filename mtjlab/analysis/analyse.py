"""The one entry point: from the samples of a junction to what they tell."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mtjlab.analysis.autocorrelation import trace_autocorrelation
from mtjlab.analysis.chain import ChainRates, chain_rates, check_step, pair_counts
from mtjlab.analysis.drift import Drift, drift_of, telegraph_memory
from mtjlab.analysis.dwell_histogram import dwells
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.hidden_markov import HiddenMarkov, Model, fit_hidden_markov
from mtjlab.analysis.hidden_rates import hidden_rates
from mtjlab.analysis.hidden_search import hidden_telegraph
from mtjlab.analysis.level_estimates import LevelEstimates, levels_of_model, levels_of_states
from mtjlab.analysis.levels import Levels, levels
from mtjlab.analysis.pieces import sections
from mtjlab.analysis.single_level import constant_report, one_level_report
from mtjlab.analysis.spectrum import trace_spectrum
from mtjlab.analysis.third_level import ThreeLevels, three_levels
from mtjlab.analysis.trace_report import Method, TraceReport, TraceVerdict
from mtjlab.analysis.trace_words import conclusion_of, notes_of

_FEWEST_SAMPLES = 10
_FIRST_SAMPLES, _SECTIONS = 1_000_000, 20
_FEWEST_TRANSITIONS = 10
# Misread samples that are let pass, in standard deviations of the number of transitions.
_MISREAD = 0.1


@dataclass(frozen=True)
class _Reading:
    """Which sample is at which level, and what follows."""

    method: Method
    states: NDArray[np.bool_]
    rates: ChainRates
    found: LevelEstimates
    left: NDArray[np.float64]


def analyse_trace(
    trace_v: NDArray[np.floating],
    interval_s: float,
    *,
    resolution_v: float = 0.0,
    rng: np.random.Generator | None = None,
) -> TraceReport:
    """Levels, dwell times, correlation, spectrum, drift and a verdict in words, with intervals.

    Where the noise does not reach across, samples are told apart by a threshold; where it does, by
    a hidden Markov model. Every number has a 95 % interval, or says why it has none and what
    bounds it all the same. A trace of 10 million samples takes about a second, three times that
    with overlapping noise.

    Args:
        trace_v: (n,), V, n >= 10, finite; float32 serves.
        interval_s: between samples, s, > 0.
        resolution_v: step of the converter, V; levels closer than three steps are not told apart.
        rng: for the distribution of the test of dwells; None: the same one each time, so that the
            same trace gives the same numbers.

    Raises:
        ValueError: no trace, too few samples, samples that are not finite (with how many and
            where the first is), or an interval that is none.
    """
    check_step(interval_s)
    values = _checked(trace_v)
    if float(np.ptp(values)) <= resolution_v:
        return constant_report(values, interval_s)
    three = three_levels(values)
    if three is not None and min(np.diff(three.levels_v)) <= 3.0 * resolution_v:
        three = None
    coarse = _coarse(values, resolution_v)
    reading = _read(values, interval_s, coarse, three is not None)
    if reading is None:
        return one_level_report(values, interval_s, three)
    return _report(values, interval_s, reading, three, rng or np.random.default_rng(0))


def _checked(trace_v: NDArray[np.floating]) -> NDArray[np.float64]:
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


def _coarse(values: NDArray[np.float64], resolution_v: float) -> Levels:
    """Levels to tell samples apart by; of a long trace from sections of it, if they show two."""
    if len(values) > 2 * _FIRST_SAMPLES:
        found = levels(sections(values, _SECTIONS, _FIRST_SAMPLES), resolution_v=resolution_v)
        if found.separated:
            return found
    return levels(values, resolution_v=resolution_v)


def _read(
    values: NDArray[np.float64], interval_s: float, coarse: Levels, several: bool
) -> _Reading | None:
    """By threshold or hidden Markov model; None where there are no two levels."""
    if coarse.separated:
        states = values > coarse.threshold_v
        pairs = pair_counts(states)
        changes = float(pairs[0, 1] + pairs[1, 0])
        distance = (coarse.high_v - coarse.low_v) / coarse.sigma_v if coarse.sigma_v else math.inf
        misread = float(ndtr(-0.5 * distance)) * len(values)
        if several or misread <= _MISREAD * math.sqrt(changes):
            found, left = levels_of_states(values, states)
            return _Reading("threshold", states, chain_rates(pairs, interval_s), found, left)
        up, down = pairs[0, 1] / pairs[0].sum(), pairs[1, 0] / pairs[1].sum()
        start = Model(coarse.low_v, coarse.high_v, coarse.sigma_v, float(up), float(down))
        fit = fit_hidden_markov(values, start)
    else:
        hidden = None if several else hidden_telegraph(values)
        if hidden is None:
            return None
        fit = fit_hidden_markov(values, hidden.model)
    return _hidden(values, interval_s, fit)


def _hidden(values: NDArray[np.float64], interval_s: float, fit: HiddenMarkov) -> _Reading | None:
    states = fit.states(values)
    if states.all() or not states.any():
        return None
    found, left = levels_of_model(values, fit, states)
    return _Reading("hidden Markov model", states, hidden_rates(fit, interval_s), found, left)


def _report(
    values: NDArray[np.float64],
    interval_s: float,
    reading: _Reading,
    three: ThreeLevels | None,
    rng: np.random.Generator,
) -> TraceReport:
    rates = reading.rates
    verdict = _verdict(rates, three)
    guess_s = rates.tau_c_s.value if rates.tau_c_s.known else None
    correlation = trace_autocorrelation(values, interval_s, guess_s=guess_s)
    spectrum = trace_spectrum(values, interval_s, tau_c_s=guess_s)
    low, high = dwells(reading.states, interval_s, rng=rng)
    times = (rates.tau_low_s, rates.tau_high_s, rates.tau_c_s)
    if three is not None:
        mixed = Estimate.none("three levels: two dwell times do not describe them", low=0.0)
        times = (mixed, mixed, mixed)
    level_drift = drift_of(reading.left)
    occupancy_drift = _occupancy_drift(reading, interval_s)
    overlap = reading.method != "threshold"
    return TraceReport(
        verdict,
        conclusion_of(verdict, len(values), interval_s, reading.rates, three),
        notes_of(
            reading.found, rates, overlap, (low, high), correlation, level_drift, occupancy_drift
        ),
        reading.method,
        len(values),
        interval_s,
        reading.found.low_v,
        reading.found.high_v,
        reading.found.sigma_v,
        rates.occupancy_high,
        *times,
        rates.transitions,
        low,
        high,
        correlation,
        spectrum,
        level_drift,
        occupancy_drift,
        three,
        reading.states,
    )


def _verdict(rates: ChainRates, three: ThreeLevels | None) -> TraceVerdict:
    if three is not None:
        return "three levels"
    if rates.transitions < _FEWEST_TRANSITIONS:
        return "slow"
    return "telegraph" if rates.tau_c_s.known else "too fast"


def _occupancy_drift(reading: _Reading, interval_s: float) -> Drift:
    rates = reading.rates
    if not rates.tau_c_s.known and rates.transitions < _FEWEST_TRANSITIONS:
        reason = f"{rates.transitions} transitions: too few to tell drift from chance"
        return Drift(Estimate.none(reason), Estimate.none(reason, low=0.0, high=1.0))
    memory = telegraph_memory(rates.tau_c_s.value, interval_s) if rates.tau_c_s.known else 1.0
    return drift_of(reading.states, memory=memory)
