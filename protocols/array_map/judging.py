"""From a trace to one row of the map: resistance, verdict, telegraph, each with its interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.memory import memory_of
from mtjlab.analysis.noise_share import noise_share, variance_of
from mtjlab.analysis.trace_report import TraceReport
from protocols.array_map.groups import Group, Seen
from protocols.array_map.parameters import ArrayMapParameters

VERDICTS = ("alive", "short", "open", "stuck", "slow", "three_levels", "conducts", "unseen")
REASONS = {
    "complete": "every number is there",
    "one_level": "no flip stood out of the noise at any level: no amplitude, no times",
    "few_flips": "fewer than 10 transitions: times only roughly, or bounds",
    "too_fast": "successive samples may be independent: an upper bound of tau_c only",
    "three_levels": "more than a telegraph: two dwell times do not describe it",
    "open_or_short": "no telegraph is looked for in an open or shorted junction",
    "meter_only": "no input reads it: a meter averages, so no telegraph is seen",
    "network": "resistance and noise are those of a network, not of this junction alone",
    "unread": "neither an input nor a meter shows it",
}
QUANTITIES = (
    "resistance_ohm",
    "r_p_ohm",
    "r_ap_ohm",
    "amplitude_v",
    "tau_c_s",
    "occupancy_ap",
    "noise_ratio",
)
COLUMNS = (
    "row",
    "column",
    "verdict",
    "reason",
    "members",
    "bias_v",
    "transitions",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
)
# Variance over square of a junction's conductance, at most: half a TMR of 100 % either way.
_SECOND_ORDER = 0.1
_NOTHING = Estimate.none("not measured", low=0.0)


@dataclass(frozen=True)
class Judged:
    """One junction at one level.

    Attributes:
        row: (columns,), as in `COLUMNS`.
        score: how much it tells; of several levels the largest counts.
    """

    row: NDArray[np.float64]
    score: float


def unseen(seen: Seen) -> NDArray[np.float64]:
    """The row of a junction that nothing shows."""
    return _row(seen, "unseen", "unread", math.nan, 0, {})


def judge(
    params: ArrayMapParameters,
    group: Group,
    index: int,
    on: NDArray[np.float64],
    off: tuple[float, float, float],
    *,
    bias_v: float,
    other_a: float,
    interval_s: float,
) -> Judged:
    """One junction of a group at one level.

    Args:
        params: of the run.
        group: the group.
        index: of the junction in it.
        on: (n,), at the level, V; of a meter A.
        off: mean, variance and its error at 0 V.
        bias_v: behind the divider, V, not 0.
        other_a: mean current of all other junctions of its row, A; of arrays only.
        interval_s: between samples, s.
    """
    seen = group.seen[index]
    sign = math.copysign(1.0, bias_v) * (-1.0 if group.kind == "array" else 1.0)
    offset = off[0] if group.kind != "single" else 0.0
    signal = sign * (on - offset)
    others_s = 0.0
    if group.kind == "array" and not group.crowded:
        lost_v = seen.series_ohm * (other_a + float(signal.mean()) / seen.tia_ohm)
        others_s = other_a / max(abs(bias_v) - lost_v, 1e-9)
    convert = _Resistance(group, seen, abs(bias_v), others_s, params.accuracy)
    resistance = convert.of(_mean(signal))
    raw_ohm = convert.raw(float(signal.mean()))
    dead = "short" if raw_ohm < params.short_ohm else "open" if raw_ohm > params.open_ohm else ""
    if dead and not group.crowded:
        row = _row(seen, dead, "open_or_short", bias_v, 0, {"resistance_ohm": resistance})
        return Judged(row, 0.5)
    if group.kind == "meter":
        reason = "network" if group.crowded else "meter_only"
        found = {"resistance_ohm": resistance}
        return Judged(_row(seen, "conducts", reason, bias_v, 0, found), 0.5)
    resolution_v = 0.0 if seen.read is None else 2.0 * seen.read.range_v / 2**16
    report = analyse_trace(signal, interval_s, resolution_v=resolution_v)
    verdict, reason, score = _verdict(params, report)
    inverted = group.kind == "array"
    p, ap = (report.high_v, report.low_v) if inverted else (report.low_v, report.high_v)
    one = report.verdict in ("one level", "constant", "three levels")
    found = {
        "resistance_ohm": resistance,
        "r_p_ohm": _NOTHING if one else convert.of(p),
        "r_ap_ohm": _NOTHING if one else convert.of(ap),
        "amplitude_v": _NOTHING if one else _difference(report.high_v, report.low_v),
        "tau_c_s": report.tau_c_s,
        "occupancy_ap": _rest(report.occupancy_high) if inverted else report.occupancy_high,
        "noise_ratio": noise_share(variance_of(on), off[1:]),
    }
    if group.crowded:
        verdict, reason = "conducts", "network"
    return Judged(_row(seen, verdict, reason, bias_v, report.transitions, found), score)


def _verdict(params: ArrayMapParameters, report: TraceReport) -> tuple[str, str, float]:
    if report.verdict == "three levels":
        return "three_levels", "three_levels", 1.5
    if report.verdict in ("one level", "constant"):
        return "stuck", "one_level", 0.0
    if report.verdict == "slow":
        return "slow", "few_flips", 1.0
    occupancy = report.occupancy_high.value
    score = 2.0 + 4.0 * occupancy * (1.0 - occupancy)
    if report.verdict == "too fast":
        return "alive", "too_fast", score
    slow = report.tau_c_s.value > params.max_tau_c_s
    return ("slow" if slow else "alive"), "complete", score


@dataclass(frozen=True)
class _Resistance:
    """From volts (or amperes) that rise with the signal to ohm.

    `others_s` is the conductance of the rest of the row.
    """

    group: Group
    seen: Seen
    bias_v: float
    others_s: float
    accuracy: float

    def raw(self, signal: float) -> float:
        """Without an interval; inf where nothing flows."""
        if self.group.kind == "single":
            share = signal / self.bias_v
            return math.inf if share >= 1.0 else self.seen.series_ohm * share / (1.0 - share)
        current_a = signal if self.group.kind == "meter" else signal / self.seen.tia_ohm
        if current_a <= 0.0:
            return math.inf
        if self.group.crowded:
            return self.bias_v / current_a
        if self.group.kind == "meter":
            return self.bias_v / current_a - self.seen.series_ohm
        # The row gives to the other columns whatever this junction does.
        series_ohm = self.seen.series_ohm
        row_v = (self.bias_v - series_ohm * current_a) / (1.0 + series_ohm * self.others_s)
        return row_v / current_a - self.seen.behind_ohm

    def of(self, signal: Estimate) -> Estimate:
        """With scatter, accuracy and, in an array, what the column may carry elsewhere."""
        if not signal.known:
            return Estimate.none(signal.reason or "no signal", low=0.0)
        value = self.raw(signal.value)
        if not 0.0 < value < math.inf:
            return Estimate.none("no current, or no voltage: open or short", low=0.0)
        one, other = self.raw(signal.low), self.raw(signal.high)
        low, high = max(0.0, min(one, other)), max(one, other)
        # A relative error of a divider's voltage counts (R + R_series) / R_series times.
        scale = 1.0 + value / self.seen.series_ohm if self.group.kind == "single" else 1.0
        # The rest of the row fluctuates, which its mean conductance tells only to first order.
        share = self.others_s * self.seen.series_ohm / (1.0 + self.others_s * self.seen.series_ohm)
        spread = value * (self.accuracy * scale + _SECOND_ORDER * share**2)
        low = value - math.hypot(value - low, spread) - value * self.seen.leak
        return Estimate(value, max(0.0, low), value + math.hypot(high - value, spread))


def _mean(signal: NDArray[np.float64]) -> Estimate:
    memory = memory_of(signal)
    error = float(signal.std()) * math.sqrt(memory / len(signal))
    return Estimate.normal(float(signal.mean()), error, dof=max(len(signal) / memory - 1.0, 1.0))


def _difference(high: Estimate, low: Estimate) -> Estimate:
    error = math.hypot(high.error, low.error)
    return Estimate.normal(high.value - low.value, error)


def _rest(share: Estimate) -> Estimate:
    return Estimate(1.0 - share.value, 1.0 - share.high, 1.0 - share.low, share.reason)


def _row(
    seen: Seen,
    verdict: str,
    reason: str,
    bias_v: float,
    transitions: int,
    found: dict[str, Estimate],
) -> NDArray[np.float64]:
    numbers = [
        seen.cell.row,
        seen.cell.column,
        VERDICTS.index(verdict),
        list(REASONS).index(reason),
        seen.members,
        bias_v,
        transitions,
    ]
    for name in QUANTITIES:
        estimate = found.get(name)
        numbers += (
            [math.nan] * 3
            if estimate is None or estimate is _NOTHING
            else [estimate.value, estimate.low, estimate.high]
        )
    return np.array(numbers, dtype=np.float64)
