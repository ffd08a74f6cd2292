"""What a map is for: who can be used, how many of each kind, and what must be known beside it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Results
from protocols.array_map.groups import Group
from protocols.array_map.judging import COLUMNS, REASONS, VERDICTS
from protocols.array_map.parameters import ArrayMapParameters

_ALIVE = VERDICTS.index("alive")


def results_of(
    params: ArrayMapParameters, groups: Sequence[Group], table: NDArray[np.float64]
) -> Results:
    """Of the finished table, (junctions, columns)."""
    verdicts = table[:, 2].astype(int)
    alive = verdicts == _ALIVE
    tau_c = table[alive, COLUMNS.index("tau_c_s")]
    known = tau_c[np.isfinite(tau_c)]
    return {
        "junctions": len(table),
        "counts": {name: int((verdicts == code).sum()) for code, name in enumerate(VERDICTS)},
        "usable_cells": _cells(table[alive]),
        "masked_cells": [
            [*cell, VERDICTS[verdict]]
            for cell, verdict in zip(_cells(table[~alive]), verdicts[~alive], strict=True)
        ],
        "median_tau_c_s": float(np.median(known)) if len(known) else None,
        "slowest_tau_c_s": float(known.max()) if len(known) else None,
        "notes": _notes(params, groups, table),
    }


def _cells(rows: NDArray[np.float64]) -> list[list[int]]:
    return [[int(row), int(column)] for row, column in rows[:, :2]]


def _notes(
    params: ArrayMapParameters, groups: Sequence[Group], table: NDArray[np.float64]
) -> list[str]:
    notes = []
    for why in dict.fromkeys(group.crowded for group in groups if group.crowded):
        cells = [seen.cell for group in groups if group.crowded == why for seen in group.seen]
        notes.append(
            f"{len(cells)} junctions from {cells[0]} on: network resistance ({why}), not that of "
            "each junction; no verdict beyond that it conducts"
        )
    reasons = table[:, 3].astype(int)
    for code, (name, words) in enumerate(REASONS.items()):
        count = int((reasons == code).sum())
        if count and name not in ("complete", "network"):
            notes.append(f"{count} x {name}: {words}")
    if any(seen.leak for group in groups for seen in group.seen):
        notes.append(
            "in the array, resistances are between a row and a column at virtual ground; their "
            "intervals reach down to what the other rows may have taken from the column"
        )
    notes.append(
        f"resistances include {params.accuracy:g} of relative error of the instruments; all other "
        "intervals (95 %) are of the scatter alone"
    )
    if not len(table[table[:, 2] == _ALIVE]):
        notes.append("no junction is alive at these levels: try others (bias_v)")
    return notes
