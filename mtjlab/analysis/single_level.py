"""Reports of traces in which no second level was seen."""

import math

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.autocorrelation import trace_autocorrelation
from mtjlab.analysis.drift import Drift, drift_of
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.memory import memory_of
from mtjlab.analysis.spectrum import trace_spectrum
from mtjlab.analysis.third_level import ThreeLevels
from mtjlab.analysis.trace_report import TraceReport, TraceVerdict


def constant_report(values: NDArray[np.float64], interval_s: float) -> TraceReport:
    """Of samples that are all equal, or to within a step of the converter."""
    level = float(values.mean()) if np.ptp(values) else float(values[0])
    half = float(np.ptp(values))
    words = (
        f"all {len(values)} samples are {level:.6g} V: a channel that does not vary shows neither "
        "a junction nor noise. Nothing can be concluded about flips: look at range, connection and "
        "whether the converter saturates"
    )
    reason = "the samples do not vary"
    nothing = Estimate.none(reason, low=0.0)
    still = Drift(Estimate.none(reason), Estimate.none(reason, low=0.0, high=1.0))
    return TraceReport(
        "constant",
        words,
        (),
        "none",
        len(values),
        interval_s,
        Estimate(level, level - half, level + half, "to within a step of the converter"),
        Estimate.none(reason),
        Estimate.none(reason, low=0.0, high=half),
        Estimate.none(reason, low=0.0, high=1.0),
        nothing,
        nothing,
        nothing,
        0,
        None,
        None,
        None,
        None,
        still,
        still,
        None,
        None,
    )


def one_level_report(
    values: NDArray[np.float64], interval_s: float, three: ThreeLevels | None
) -> TraceReport:
    """Of a trace without a telegraph that stands out of its noise."""
    n = len(values)
    mean, sd = float(values.mean()), float(values.std())
    memory = memory_of(values)
    span_s = n * interval_s
    longest_s = span_s / -math.log(0.05)
    one = "one level only"
    bound = Estimate.none(
        f"no transition in {span_s:.3g} s: a lower bound, if the levels stand out of the noise",
        low=longest_s,
    )
    drift = drift_of(values)
    notes = []
    if drift.drifts:
        notes.append(
            f"the level drifts, {drift.change.value:+.3g} V from end to end: a telegraph "
            "may hide in it; take off the drift, or look at shorter parts"
        )
    elif memory > 2.0:
        notes.append(
            f"the noise remembers {memory:.3g} samples (filter, mains, 1/f noise, or flips too "
            "small to see): intervals allow for it"
        )
    words = (
        f"one level in {span_s:.3g} s: no flip stands out of the noise of {sd:.3g} V. If the "
        f"junction flips with a step well above that, it stays for longer than {longest_s:.3g} s "
        "(95 %). A step below the noise, or flips much faster than the sampling behind a filter, "
        "cannot be excluded"
    )
    verdict: TraceVerdict = "one level" if three is None else "three levels"
    if three is not None:
        at = ", ".join(f"{level:.4g}" for level in three.levels_v)
        words = f"three levels, at {at} V: more than a telegraph, so no two dwell times fit"
        bound = Estimate.none("three levels: two dwell times do not describe them", low=0.0)
    relative = math.sqrt(memory / (2.0 * n))
    return TraceReport(
        verdict,
        words,
        tuple(notes),
        "none",
        n,
        interval_s,
        Estimate.normal(mean, sd * math.sqrt(memory / n), dof=max(n / memory - 1.0, 1.0)),
        Estimate.none(one),
        Estimate.positive(sd, relative),
        Estimate.none(one, low=0.0, high=1.0),
        bound,
        Estimate.none("the other level was not visited", low=0.0),
        Estimate.none("no transition: the rate of coming back is not known", low=0.0),
        0,
        None,
        None,
        trace_autocorrelation(values, interval_s),
        trace_spectrum(values, interval_s),
        drift,
        Drift(Estimate.none(one), Estimate.none(one, low=0.0, high=1.0)),
        three,
        None,
    )
