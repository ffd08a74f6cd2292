"""What a trace at one bias tells of a junction's flips, and how long the next one has to be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.two_levels import two_levels
from mtjlab.fabric.biased_singles import Recorded

# Codes of the column `reason` in tables of protocols.
REASONS = {
    "complete": "every number is there, each dwell time to within the relative error asked for",
    "wide": "the longest block allowed left a dwell time less certain than asked for",
    "one_level": "one level only: no flip stood out of the noise, so no occupancy and no times",
    "one_way": "flips in one direction only, or so few that a time has no upper bound",
    "too_fast": "successive samples may be independent: upper bounds of the times only",
}
# Longer by this much than the error seen asks for, and never by more at once.
_MARGIN, _LEAST, _MOST = 1.3, 1.5, 16.0


@dataclass(frozen=True)
class Flips:
    """One junction at one bias; AP is the level with the larger resistance.

    Attributes:
        mean_v: of the trace, V.
        level_p_v, level_ap_v: across the junction in each state, V.
        occupancy_ap: share of time in AP.
        tau_p_s, tau_ap_s, tau_c_s: dwell and correlation times, s.
        transitions: number of flips.
    """

    mean_v: float
    level_p_v: Estimate
    level_ap_v: Estimate
    occupancy_ap: Estimate
    tau_p_s: Estimate
    tau_ap_s: Estimate
    tau_c_s: Estimate
    transitions: int

    @property
    def relative_error(self) -> float:
        """Of the worse dwell time: half of its interval over its value; inf without one."""
        return max(_relative(self.tau_p_s), _relative(self.tau_ap_s))

    def reason(self, wanted: float) -> int:
        """Code of what is missing; see `REASONS`."""
        names = list(REASONS)
        if not self.level_ap_v.known:
            return names.index("one_level")
        if self.relative_error <= wanted:
            return names.index("complete")
        if not (self.tau_p_s.known and self.tau_ap_s.known):
            fast = self.tau_c_s.high < math.inf and self.transitions >= 10
            return names.index("too_fast" if fast else "one_way")
        return names.index("wide")


def flips_of(one: Recorded) -> Flips:
    """Of one trace."""
    sign = math.copysign(1.0, one.bias_v)
    mean_v = float(one.trace_v.mean())
    found = two_levels(sign * one.trace_v, one.interval_s, resolution_v=one.resolution_v)
    if found is None:
        reason = f"one level only in {one.duration_s:.3g} s"
        none, time = Estimate.none(reason), Estimate.none(reason, low=0.0)
        share = Estimate.none(reason, low=0.0, high=1.0)
        return Flips(mean_v, none, none, share, time, time, time, 0)
    rates = found.rates
    return Flips(
        mean_v,
        _signed(found.found.low_v, sign),
        _signed(found.found.high_v, sign),
        rates.occupancy_high,
        rates.tau_low_s,
        rates.tau_high_s,
        rates.tau_c_s,
        rates.transitions,
    )


def longer_s(
    found: Sequence[Flips], duration_s: float, wanted: float, longest_s: float
) -> float | None:
    """How long to record instead; None where every error is reached, or `longest_s` is.

    Args:
        found: of all junctions, from blocks of `duration_s`.
        duration_s: of each.
        wanted: relative error of each dwell time (half of the 95 % interval over the value).
        longest_s: never longer.
    """
    worst = max(one.relative_error for one in found)
    if worst <= wanted or duration_s >= longest_s:
        return None
    factor = min(_MOST, max(_LEAST, _MARGIN * (worst / wanted) ** 2))
    return min(longest_s, duration_s * factor)


def _relative(time: Estimate) -> float:
    if not time.known:
        return math.inf
    return (time.high - time.low) / (2.0 * time.value)


def _signed(level: Estimate, sign: float) -> Estimate:
    if sign > 0.0:
        return level
    return Estimate(-level.value, -level.high, -level.low, level.reason)
