"""The one entry point: from the samples of a junction to what they tell."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.autocorrelation import trace_autocorrelation
from mtjlab.analysis.chain import ChainRates, check_step
from mtjlab.analysis.drift import Drift, drift_of, telegraph_memory
from mtjlab.analysis.dwell_histogram import dwells
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.single_level import constant_report, one_level_report
from mtjlab.analysis.spectrum import trace_spectrum
from mtjlab.analysis.third_level import ThreeLevels, three_levels
from mtjlab.analysis.trace_report import TraceReport, TraceVerdict
from mtjlab.analysis.trace_words import conclusion_of, notes_of
from mtjlab.analysis.two_levels import TwoLevels, checked, coarse_levels, read_levels

_FEWEST_TRANSITIONS = 10


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
    values = checked(trace_v)
    if float(np.ptp(values)) <= resolution_v:
        return constant_report(values, interval_s)
    three = three_levels(values)
    if three is not None and min(np.diff(three.levels_v)) <= 3.0 * resolution_v:
        three = None
    coarse = coarse_levels(values, resolution_v)
    reading = read_levels(values, interval_s, coarse, three is not None)
    if reading is None:
        return one_level_report(values, interval_s, three)
    return _report(values, interval_s, reading, three, rng or np.random.default_rng(0))


def _report(
    values: NDArray[np.float64],
    interval_s: float,
    reading: TwoLevels,
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


def _occupancy_drift(reading: TwoLevels, interval_s: float) -> Drift:
    rates = reading.rates
    if not rates.tau_c_s.known and rates.transitions < _FEWEST_TRANSITIONS:
        reason = f"{rates.transitions} transitions: too few to tell drift from chance"
        return Drift(Estimate.none(reason), Estimate.none(reason, low=0.0, high=1.0))
    memory = telegraph_memory(rates.tau_c_s.value, interval_s) if rates.tau_c_s.known else 1.0
    return drift_of(reading.states, memory=memory)
