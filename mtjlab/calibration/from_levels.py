"""Looks from tables with levels and dwell times, as `bias_sweep` and `telegraph` leave them."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from mtjlab.analysis.estimate import Estimate
from mtjlab.calibration.named_table import NamedTable
from mtjlab.core.wiring import Cell, SingleJunction
from mtjlab.fabric.bias import DEFAULT_BIAS_V
from mtjlab.fitting.look import Look, LookVerdict, ohm_of_share, rest_of
from mtjlab.fitting.mapped import mapped
from mtjlab.store import RunReader

_LEAST_SPAN_S = 1e-9
_THREE_LEVELS = 3
Singles = Mapping[Cell, SingleJunction]


def of_levels(
    run: RunReader, table: NamedTable, singles: Singles, notes: list[str]
) -> Iterator[Look]:
    """Of a table with levels and dwell times, as `bias_sweep` leaves it."""
    fields = [table.number("field_t", row) for row in range(len(table))]
    usual = min((abs(f) for f in fields if not math.isnan(f)), default=math.nan)
    others = sum(abs(field) > usual for field in fields)
    if others:
        notes.append(f"{others} rows at other fields than {usual:g} T were left out")
    for row in range(len(table)):
        junction = singles.get(Cell(*table.cell(row)))
        if junction is None or abs(fields[row]) > usual or not table.number("bias_v", row):
            continue
        levels = [table.estimate(f"level_{state}_v", row) for state in ("p", "ap")]
        bias_v, series_ohm = table.number("bias_v", row), junction.series_ohm
        span_s = table.number("duration_s", row)
        span_s = span_s if span_s > 0.0 else _LEAST_SPAN_S
        cell, run_id = table.cell(row), run.header.run_id
        if not all(level.known for level in levels):
            only_v = table.number("mean_v", row)
            yield Look(
                cell,
                run_id,
                bias_v,
                "one level",
                span_s,
                only_v=only_v,
                only_ohm=ohm_of_share(only_v / bias_v, series_ohm),
            )
            continue
        ohms = [ohm_behind(level, bias_v, series_ohm) for level in levels]
        yield Look(
            cell,
            run_id,
            bias_v,
            "telegraph",
            span_s,
            v_p_v=levels[0].value,
            v_ap_v=levels[1].value,
            r_p_ohm=ohms[0],
            r_ap_ohm=ohms[1],
            tau_p_s=table.estimate("tau_p_s", row),
            tau_ap_s=table.estimate("tau_ap_s", row),
            occupancy_ap=table.estimate("occupancy_ap", row),
            per_volt=1.0 + ohms[0].value / series_ohm if ohms[0].known else 1.0,
        )


def of_traces(run: RunReader, table: NamedTable, singles: Singles) -> Iterator[Look]:
    """Of the table that `telegraph` leaves at the end, one row for each trace."""
    segments = run.stream("segments", 0, 1).ravel() if "segments" in run.streams else np.empty(0)
    interval_s = float(segments[2]) if len(segments) > 2 else _LEAST_SPAN_S
    for row in range(len(table)):
        junction = singles.get(Cell(*table.cell(row)))
        if junction is None or junction.read is None:
            continue
        bias_v = bias_of(run, junction)
        code = int(table.number("verdict", row))
        low, high = table.estimate("low_v", row), table.estimate("high_v", row)
        taus = table.estimate("tau_low_s", row), table.estimate("tau_high_s", row)
        share = table.estimate("occupancy_high", row)
        if bias_v < 0.0:
            low, high, taus = high, low, taus[::-1]
            share = rest_of(share) if share.known else share
        one = not (low.known and high.known)
        # A trace with one level has it in the place of the lower one.
        only_v = (low if low.known else high).value if one else math.nan
        if one:
            low = high = Estimate.none("one level only")
        verdict: LookVerdict = "telegraph"
        if code == _THREE_LEVELS:
            verdict = "three levels"
        elif one:
            verdict = "one level"
        ohms = [ohm_behind(level, bias_v, junction.series_ohm) for level in (low, high)]
        yield Look(
            table.cell(row),
            run.header.run_id,
            bias_v,
            verdict,
            max(table.number("samples", row) * interval_s, _LEAST_SPAN_S),
            v_p_v=low.value,
            v_ap_v=high.value,
            only_v=only_v,
            r_p_ohm=ohms[0],
            r_ap_ohm=ohms[1],
            only_ohm=ohm_of_share(only_v / bias_v, junction.series_ohm) if one else math.nan,
            tau_p_s=taus[0],
            tau_ap_s=taus[1],
            occupancy_ap=share,
            sigma_v=table.estimate("sigma_v", row),
            input=(junction.read.instrument, junction.read.range_v),
            per_volt=1.0 + ohms[0].value / junction.series_ohm if ohms[0].known else 1.0,
        )


def bias_of(run: RunReader, junction: SingleJunction) -> float:
    """Behind its divider, as `CommonBias` would set it for this run, V."""
    params = run.header.parameters
    options = (params.get("options") or {}).get("node_noise") or {}
    for said in (options.get("bias_v"), params.get("bias_v"), junction.bias_v):
        if said is not None:
            return float(said)
    return DEFAULT_BIAS_V


def ohm_behind(level: Estimate, bias_v: float, series_ohm: float) -> Estimate:
    """Of a junction behind its resistor, from its level, V."""
    if not level.known:
        return Estimate.none(level.reason or "no level", low=0.0)
    share = mapped(level, lambda volts: volts / bias_v)
    if not (share.low > 0.0 and share.high < 1.0):
        return Estimate.none("the interval reaches a short or an open", low=0.0)
    return mapped(share, lambda part: series_ohm * part / (1.0 - part))
