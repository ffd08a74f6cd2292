"""What was found of each junction, and what the next protocol is told."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Results
from mtjlab.core.units import si
from mtjlab.core.wiring import SingleJunction
from protocols.operating_point.choosing import Search, compromise_v
from protocols.operating_point.curve import MEASURED, nearest
from protocols.operating_point.parameters import OperatingPointParameters

REASONS = {
    "reached": "the duty cycle is within the tolerance",
    "compromise": "it shares its source; the common bias is the best of all, not its own",
    "not_settled": "the rounds were used up before the bias settled within the tolerance",
    "out_of_window": "the bias for this duty cycle lies outside the window",
    "no_curve": "it flips, but its duty cycle hardly depends on the bias within the window",
    "no_flips": "no bias of the window made it flip between two states",
    "too_slow": "its correlation time at this duty cycle is above max_tau_c_s",
    "too_fast": "its correlation time at this duty cycle is below min_tau_c_s",
}
_NAMES = list(REASONS)
_GOOD = (_NAMES.index("reached"), _NAMES.index("compromise"))
JUNCTIONS = (
    "row",
    "column",
    "bias_v",
    "occupancy_ap",
    "occupancy_ap_low",
    "occupancy_ap_high",
    "tau_c_s",
    "tau_c_s_low",
    "tau_c_s_high",
    "own_bias_v",
    "own_bias_v_low",
    "own_bias_v_high",
    "width_v",
    "sharing",
    "reason",
)
_NEAREST = 4


def judged(
    junctions: Sequence[SingleJunction],
    params: OperatingPointParameters,
    table: NDArray[np.float64],
    search: Search,
) -> list[NDArray[np.float64]]:
    """A row for each junction; without a bias of its own, at the one nearest to the duty cycle."""
    rows = []
    sources = [junction.source for junction in junctions]
    for junction, curve, reachable, counted in zip(
        junctions, search.curves, search.reachable, search.counted, strict=True
    ):
        cell = junction.cell
        mine = table[(table[:, 0] == cell.row) & (table[:, 1] == cell.column)]
        at = mine[-1] if counted else nearest(mine, params.duty)
        own = curve.own_bias_v
        sharing = sources.count(junction.source)
        share = dict(zip(MEASURED, at, strict=True))
        off = abs(share["occupancy_ap"] - params.duty)
        if not reachable:
            seen = np.isfinite(share["occupancy_ap"])
            reason = "out_of_window" if own.known else "no_curve" if seen else "no_flips"
        elif not counted:
            reason = "too_fast" if curve.tau_c_s < params.min_tau_c_s else "too_slow"
        elif off <= params.tolerance:
            reason = "reached"
        elif sharing > 1 and np.isfinite(off):
            reason = "compromise"
        else:
            reason = "not_settled"
        rows.append(
            np.array(
                [
                    cell.row,
                    cell.column,
                    *(share[name] for name in JUNCTIONS[2:9]),
                    own.value,
                    own.low,
                    own.high,
                    curve.width_v,
                    sharing,
                    _NAMES.index(reason),
                ]
            )
        )
    return rows


def results_of(
    junctions: Sequence[SingleJunction],
    window_v: tuple[float, float],
    params: OperatingPointParameters,
    rows: NDArray[np.float64],
    search: Search,
) -> Results:
    """For the next protocol.

    Raises:
        BenchError: no junction can be brought to the duty cycle, with the nearest that was seen.
    """
    reasons = rows[:, -1].astype(int)
    good = np.isin(reasons, _GOOD)
    if not good.any():
        raise BenchError(_refusal(window_v, params, rows))
    curves = [curve for curve, one in zip(search.curves, good, strict=True) if one]
    terminals = {j.source for j, one in zip(junctions, good, strict=True) if one}
    common_v = (
        float(rows[good, 2][0])
        if len(terminals) == 1
        else compromise_v(curves, window_v, params.duty)
    )
    return {
        "duty": params.duty,
        "bias_v": common_v,
        "biases": [[int(r[0]), int(r[1]), float(r[2])] for r in rows[good]],
        "own_biases": [[int(r[0]), int(r[1]), float(r[9])] for r in rows[good]],
        "duty_cycles": [[int(r[0]), int(r[1]), float(r[3])] for r in rows[good]],
        "worst_deviation": float(np.abs(rows[good, 3] - params.duty).max()),
        "counts": {name: int((reasons == code).sum()) for name, code in _codes()},
        "refused_cells": [[int(r[0]), int(r[1]), _NAMES[int(r[-1])]] for r in rows[~good]],
        "notes": _notes(params, rows, len(terminals)),
    }


def _codes() -> list[tuple[str, int]]:
    return [(name, code) for code, name in enumerate(_NAMES)]


def _refusal(
    window_v: tuple[float, float], params: OperatingPointParameters, rows: NDArray[np.float64]
) -> str:
    seen = []
    for row in rows[:_NEAREST]:
        where = f"junction ({row[0]:.0f}, {row[1]:.0f}) is {_NAMES[int(row[-1])]}"
        if np.isfinite(row[3]):
            where += f", nearest {row[3]:.3g} at {si(float(row[2]), 'V')}"
        if np.isfinite(row[6]):
            where += f" with tau_c {si(float(row[6]), 's')}"
        seen.append(where)
    more = f"; and {len(rows) - _NEAREST} more" if len(rows) > _NEAREST else ""
    return (
        f"no junction can be brought to a duty cycle of {params.duty:g} between "
        f"{si(window_v[0], 'V')} and {si(window_v[1], 'V')}: {'; '.join(seen)}{more}. Ask for a "
        "duty cycle nearer to these, widen the window or the limits of tau_c, or take others"
    )


def _notes(params: OperatingPointParameters, rows: NDArray[np.float64], sources: int) -> list[str]:
    notes = []
    for name, code in _codes():
        where = rows[rows[:, -1] == code]
        if name == "reached" or not len(where):
            continue
        cells = ", ".join(f"({r[0]:.0f}, {r[1]:.0f})" for r in where[:6])
        more = ", ..." if len(where) > 6 else ""
        notes.append(f"{len(where)} x {name}: {REASONS[name]} ({cells}{more})")
    if (rows[:, 13] > 1).any():
        off = np.abs(rows[np.isin(rows[:, -1].astype(int), _GOOD), 3] - params.duty)
        notes.append(
            "junctions on one source have one bias: the one with the least sum of squared "
            f"deviations; the worst duty cycle there is off by {off.max():.3g}. `own_biases` has "
            "what each would need"
        )
    if sources > 1:
        notes.append(f"bias_v is the best single bias for all, from the curves; {sources} sources")
    return notes
