"""Looks from `noise_learning`: the survey of all junctions, and the noise of the traces in it."""

import math
from collections.abc import Iterator

import numpy as np

from mtjlab.analysis.analyse import analyse_trace
from mtjlab.analysis.estimate import Estimate
from mtjlab.calibration.from_levels import Singles, bias_of
from mtjlab.calibration.named_table import NamedTable
from mtjlab.core.wiring import Cell
from mtjlab.fitting.look import Look, ohm_of_share
from mtjlab.store import RunReader

# Levels of a survey are means of thousands of samples: better than this, relatively.
_LEVEL_ERROR = 1e-3


def of_learning(
    run: RunReader, table: NamedTable, singles: Singles, notes: list[str]
) -> Iterator[Look]:
    """Of the table of junctions; the fabric must be `node_noise`, at one bias each.

    The table has no intervals. A survey of T s has seen T / (tau_P + tau_AP) flips each way, and
    that says how well it knows the dwell times.
    """
    run_id, params = run.header.run_id, run.header.parameters
    if params.get("fabric") not in ("node_noise", ["node_noise"]):
        notes.append(f"run {run_id[:8]}: not on node_noise, so no junction stood at one bias")
        return
    span_s = float(params.get("survey_s") or 0.0)
    untold = 0
    for row in range(len(table)):
        junction = singles.get(Cell(*table.cell(row)))
        if junction is None or junction.read is None:
            continue
        bias_v = bias_of(run, junction)
        p_v, ap_v = table.number("level_p_v", row), table.number("level_ap_v", row)
        share, tau_c_s = table.number("occupancy", row), table.number("tau_c_s", row)
        if not (0.0 < p_v < ap_v < bias_v and 0.0 < share < 1.0 and tau_c_s > 0.0):
            untold += 1
            continue
        tau_p_s, tau_ap_s = tau_c_s / share, tau_c_s / (1.0 - share)
        flips = span_s / (tau_p_s + tau_ap_s)
        error = 1.0 / math.sqrt(max(flips, 0.25))
        ohms = [ohm_of_share(level / bias_v, junction.series_ohm) for level in (p_v, ap_v)]
        yield Look(
            table.cell(row),
            run_id,
            bias_v,
            "telegraph",
            span_s,
            v_p_v=p_v,
            v_ap_v=ap_v,
            r_p_ohm=Estimate.positive(ohms[0], _LEVEL_ERROR),
            r_ap_ohm=Estimate.positive(ohms[1], _LEVEL_ERROR),
            tau_p_s=Estimate.positive(tau_p_s, error),
            tau_ap_s=Estimate.positive(tau_ap_s, error),
            occupancy_ap=Estimate.normal(
                share, math.sqrt(2.0 * share * (1.0 - share) * tau_c_s / max(span_s, tau_c_s))
            ),
            sigma_v=_noise(run, table.number("node", row)),
            input=(junction.read.instrument, junction.read.range_v),
            per_volt=1.0 + ohms[0] / junction.series_ohm,
        )
    if untold:
        notes.append(
            f"run {run_id[:8]}: {untold} junctions showed no two levels or no dwell times in "
            f"{span_s:g} s; an array_map says what they are"
        )


def _noise(run: RunReader, node: float) -> Estimate:
    """About the levels of the trace of a node."""
    none = Estimate.none("no trace of this junction", low=0.0)
    interval_s = run.results.get("trace_interval_s")
    if not (node >= 0.0 and interval_s and run.committed.get("trace", 0) > node):
        return none
    volts = run.stream("trace", int(node), int(node) + 1)[0].astype(np.float64)
    volts = volts[np.isfinite(volts)]
    try:
        return analyse_trace(volts, float(interval_s)).sigma_v
    except ValueError:
        return none
