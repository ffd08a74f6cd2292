"""What a trace tells and does not tell, in words."""

import math

from mtjlab.analysis.autocorrelation import Autocorrelation
from mtjlab.analysis.chain import ChainRates
from mtjlab.analysis.drift import Drift
from mtjlab.analysis.dwell_histogram import Dwells
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.level_estimates import LevelEstimates
from mtjlab.analysis.third_level import ThreeLevels
from mtjlab.analysis.trace_report import TraceVerdict
from mtjlab.core.units import si


def conclusion_of(
    verdict: TraceVerdict,
    samples: int,
    interval_s: float,
    rates: ChainRates,
    three: ThreeLevels | None,
) -> str:
    """Of a trace with two levels or more."""
    span = si(samples * interval_s, "s", 3)
    if three is not None:
        at = ", ".join(f"{level:.4g}" for level in three.levels_v)
        shares = ", ".join(f"{100.0 * share:.3g}" for share in three.shares)
        return (
            f"three levels, at {at} V ({shares} % of the time): more than a telegraph. Its dwell "
            "times cannot be concluded from two levels; correlation and spectrum stand"
        )
    if verdict == "slow":
        return (
            f"two levels with {rates.transitions} transitions in {span}: the levels are known, the "
            f"rates only roughly. tau_low {_in_words(rates.tau_low_s, 's')}, tau_high "
            f"{_in_words(rates.tau_high_s, 's')}. Measure for longer"
        )
    if verdict == "too fast":
        return (
            f"two levels, but samples {si(interval_s, 's', 3)} apart may be independent: levels "
            "and occupancy are known, of the rates only that tau_c is "
            f"{_in_words(rates.tau_c_s, 's')}. Sample faster"
        )
    return (
        f"a telegraph with {rates.transitions} transitions in {span}: tau_low "
        f"{_in_words(rates.tau_low_s, 's')}, tau_high {_in_words(rates.tau_high_s, 's')}, tau_c "
        f"{_in_words(rates.tau_c_s, 's')}"
    )


def notes_of(
    found: LevelEstimates,
    rates: ChainRates,
    overlap: bool,
    both: tuple[Dwells, Dwells],
    correlation: Autocorrelation,
    level_drift: Drift,
    occupancy_drift: Drift,
) -> tuple[str, ...]:
    """What a reader must know beside the numbers; nothing of an honest telegraph."""
    notes = []
    if overlap:
        notes.append(
            f"the levels are {found.distance:.3g} sigma apart, so the noise overlaps: read by a "
            "hidden Markov model; the dwell histograms are of its most probable path, which misses "
            "short dwells, and their test does not count"
        )
    if found.memory > 1.5:
        notes.append(
            f"the noise about the levels remembers {found.memory:.3g} samples: the intervals of "
            "the levels allow for it"
        )
    if level_drift.drifts:
        notes.append(
            f"the levels drift, {_in_words(level_drift.change, 'V')} from end to end: their "
            "intervals are of the mean over the trace"
        )
    if occupancy_drift.drifts:
        notes.append(
            f"the occupancy drifts, {_in_words(occupancy_drift.change)} from end to end: dwell "
            "times are means over changing ones"
        )
    for name, one in zip(("lower", "upper"), both, strict=True):
        if not overlap and one.exponential is False:
            notes.append(
                f"dwells at the {name} level are not exponential (p = {one.p_value.value:.2g}): "
                "more than one process, drift, or samples averaged over flips"
            )
    if _differ(rates.tau_c_s, correlation.tau_c_s):
        notes.append(
            f"the correlation decays in {si(correlation.tau_c_s.value, 's', 3)} where the flips "
            f"give {si(rates.tau_c_s.value, 's', 3)}: something else is remembered as well"
        )
    return tuple(notes)


def _differ(one: Estimate, other: Estimate) -> bool:
    """By more than twice the 95 % intervals of both."""
    if not (one.known and other.known):
        return False
    if one.value < other.value:
        return 2.0 * (one.high - one.value) + 2.0 * (other.value - other.low) < (
            other.value - one.value
        )
    return _differ(other, one)


def _in_words(estimate: Estimate, unit: str = "") -> str:
    """As in `12 us (11 us .. 13 us)`, or what bounds it."""

    def one(value: float) -> str:
        return si(value, unit, 3) if unit and math.isfinite(value) else f"{value:.3g}"

    if estimate.known:
        return f"{one(estimate.value)} ({one(estimate.low)} .. {one(estimate.high)})"
    if estimate.low > 0.0:
        return f"above {one(estimate.low)}"
    return f"below {one(estimate.high)}" if estimate.high < float("inf") else "unknown"
