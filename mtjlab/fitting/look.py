"""What one junction showed at one bias: resistances, dwell times, noise; each with its interval."""

import math
from dataclasses import dataclass
from typing import Literal

from mtjlab.analysis.estimate import Z_95, Estimate
from mtjlab.analysis.resistance import resistance_of_divider
from mtjlab.analysis.trace_report import TraceReport

LookVerdict = Literal["telegraph", "one level", "three levels", "short", "open"]
UNSEEN = Estimate.none("not measured", low=0.0)


@dataclass(frozen=True)
class Look:
    """One junction at one bias.

    Attributes:
        cell: (row, column).
        run: id of the run that measured it.
        bias_v: open-circuit voltage behind the divider, V.
        verdict: two levels, one or three; short or open where the run says so.
        span_s: how long it was watched, s.
        v_p_v, v_ap_v: voltage across the junction in each state, V; nan where not known.
        only_v: voltage across it where there is a single level, V; nan otherwise.
        r_p_ohm, r_ap_ohm: resistance in each state; the intervals hold scatter alone.
        only_ohm: resistance of a single level, whichever it is; inf where no current flows, nan
            where there is more than one.
        tau_p_s, tau_ap_s: mean dwell times, s.
        occupancy_ap: share of time in AP.
        sigma_v: noise of a sample at the input, V.
        input: (instrument, largest |V| of its range) that read it; None where no noise was seen.
        per_volt: relative error of a resistance that a relative error of voltages makes.
    """

    cell: tuple[int, int]
    run: str
    bias_v: float
    verdict: LookVerdict
    span_s: float
    v_p_v: float = math.nan
    v_ap_v: float = math.nan
    only_v: float = math.nan
    r_p_ohm: Estimate = UNSEEN
    r_ap_ohm: Estimate = UNSEEN
    only_ohm: float = math.nan
    tau_p_s: Estimate = UNSEEN
    tau_ap_s: Estimate = UNSEEN
    occupancy_ap: Estimate = UNSEEN
    sigma_v: Estimate = UNSEEN
    input: tuple[str, float] | None = None
    per_volt: float = 1.0


def log_error(estimate: Estimate) -> float:
    """Standard deviation of the logarithm of a positive estimate; inf where it is not bounded."""
    if not (estimate.known and 0.0 < estimate.low < math.inf and math.isfinite(estimate.high)):
        return math.inf
    return math.log(estimate.high / estimate.low) / (2.0 * Z_95)


def look_behind_resistor(
    report: TraceReport,
    *,
    cell: tuple[int, int],
    run: str,
    bias_v: float,
    series_ohm: float,
    read: tuple[str, float] | None,
) -> Look:
    """From the trace of a junction between its series resistor and ground.

    Args:
        report: of the voltage across the junction.
        cell: (row, column).
        run: id of the run.
        bias_v: behind the divider, V, not 0.
        series_ohm: the resistor, > 0.
        read: (instrument, range in V) of single samples; None where samples were averaged.
    """
    inverted = bias_v < 0.0
    p, ap = (report.high_v, report.low_v) if inverted else (report.low_v, report.high_v)
    tau_p, tau_ap = report.tau_low_s, report.tau_high_s
    occupancy = report.occupancy_high
    if inverted:
        tau_p, tau_ap = tau_ap, tau_p
        occupancy = rest_of(occupancy)
    span_s = report.samples * report.interval_s
    if report.verdict in ("one level", "constant"):
        only = ohm_of_share(report.low_v.value / bias_v, series_ohm)
        return Look(
            cell,
            run,
            bias_v,
            "one level",
            span_s,
            only_v=report.low_v.value,
            only_ohm=only,
            sigma_v=report.sigma_v,
            input=read,
        )
    r_p, r_ap = (_ohm(level, bias_v, series_ohm) for level in (p, ap))
    return Look(
        cell,
        run,
        bias_v,
        "three levels" if report.verdict == "three levels" else "telegraph",
        span_s,
        v_p_v=p.value,
        v_ap_v=ap.value,
        r_p_ohm=r_p,
        r_ap_ohm=r_ap,
        tau_p_s=tau_p,
        tau_ap_s=tau_ap,
        occupancy_ap=occupancy,
        sigma_v=report.sigma_v,
        input=read,
        per_volt=_share(r_p, series_ohm),
    )


def rest_of(share: Estimate) -> Estimate:
    """1 - share."""
    return Estimate(1.0 - share.value, 1.0 - share.high, 1.0 - share.low, share.reason)


def ohm_of_share(share: float, series_ohm: float) -> float:
    """Resistance that leaves this share of the voltage; inf for all of it, 0 for none."""
    if share >= 1.0:
        return math.inf
    return max(series_ohm * share / (1.0 - share), 0.0)


def _ohm(level_v: Estimate, bias_v: float, series_ohm: float) -> Estimate:
    return resistance_of_divider(level_v, bias_v, series_ohm)


def _share(ohm: Estimate, series_ohm: float) -> float:
    return 1.0 + ohm.value / series_ohm if ohm.known else 1.0
