"""What a bias sweep leaves: where each junction is balanced, how sharply, and what is missing."""

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Results
from mtjlab.fabric.flips import REASONS
from protocols.bias_sweep.parameters import BiasSweepParameters
from protocols.bias_sweep.tables import FIT_REASONS, FITS, POINTS

_MOST_NAMED = 6


def results_of(
    params: BiasSweepParameters, table: NDArray[np.float64], fits: NDArray[np.float64]
) -> Results:
    """Of all points and fits."""
    v50, width = fits[:, FITS.index("v50_v")], fits[:, FITS.index("width_v")]
    reached = table[:, POINTS.index("reason")] == 0
    return {
        "junctions": len({(r, c) for r, c in table[:, :2]}),
        "points": len(table),
        "points_at_wanted_error": int(reached.sum()),
        "flips": int(table[:, POINTS.index("flips")].sum()),
        "fitted": int((fits[:, -1] == 0).sum()),
        "v50": [
            {
                "cell": [int(row[0]), int(row[1])],
                "field_t": float(row[2]),
                "v50_v": _numbers(row, "v50_v"),
                "width_v": _numbers(row, "width_v"),
                "v50_junction_v": _numbers(row, "v50_junction_v"),
            }
            for row in fits
        ],
        "median_v50_v": _median(v50),
        "median_width_v": _median(width),
        "notes": _notes(params, table, fits),
    }


def _numbers(row: NDArray[np.float64], name: str) -> list[float | None]:
    """Value, low, high; None where there is none."""
    at = FITS.index(name)
    return [float(x) if np.isfinite(x) else None for x in row[at : at + 3]]


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _notes(
    params: BiasSweepParameters, table: NDArray[np.float64], fits: NDArray[np.float64]
) -> list[str]:
    notes = []
    reasons = table[:, POINTS.index("reason")].astype(int)
    for code, (name, words) in enumerate(REASONS.items()):
        where = table[reasons == code]
        if code and len(where):
            notes.append(f"{len(where)} of {len(table)} points {name}: {words}{_cells(where)}")
    if (reasons == list(REASONS).index("wide")).any():
        notes.append(
            f"the relative error of {params.relative_error:g} was not reached everywhere within "
            f"{params.max_block_s:g} s: raise max_block_s, or relative_error, or leave slow "
            "junctions out by cells"
        )
    for code, (name, words) in enumerate(FIT_REASONS.items()):
        where = fits[fits[:, -1] == code]
        if code and len(where):
            notes.append(f"{len(where)} of {len(fits)} fits {name}: {words}{_cells(where)}")
    poor = fits[fits[:, FITS.index("p_logistic")] < 0.01]
    if len(poor):
        notes.append(
            f"{len(poor)} junctions scatter about their logistic curve by more than their errors; "
            f"their intervals are stretched to it{_cells(poor)}"
        )
    notes.append(
        "v50_v and width_v are volts behind the divider; v50_junction_v and the lines of ln tau "
        "are against the voltage across the junction in each state; intervals are 95 %"
    )
    return notes


def _cells(rows: NDArray[np.float64]) -> str:
    cells = list(dict.fromkeys(f"({int(r)}, {int(c)})" for r, c in rows[:, :2]))
    shown = ", ".join(cells[:_MOST_NAMED])
    return f" ({shown}{', ...' if len(cells) > _MOST_NAMED else ''})"
