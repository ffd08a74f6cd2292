"""What crosstalk there is, in numbers with intervals and in words."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.slope import line_of
from mtjlab.core.protocol import Results
from mtjlab.core.wiring import ArrayWiring
from protocols.crosstalk.conductance import against_position, leaks
from protocols.crosstalk.groups import Group
from protocols.crosstalk.pairs import PAIRS

_R, _CHANCE, _QUIET = (PAIRS.index(name) for name in ("correlation", "chance", "quiet_correlation"))
_MOST_NAMED = 50


def results_of(
    groups: Sequence[Group],
    pairs: NDArray[np.float64],
    cells: NDArray[np.float64],
    sums: NDArray[np.float64],
    left_out: Sequence[str],
) -> Results:
    """Of all pairs and cells."""
    notes = [f"left out: {words}" for words in left_out]
    found = _correlation(pairs, notes)
    for array in dict.fromkeys(group.array for group in groups if group.array is not None):
        mine = np.array([(int(r), int(c)) in _cells(array) for r, c in cells[:, :2]], dtype=bool)
        table = cells[mine]
        if array.selector is not None:
            found |= _sneak(table, notes)
        else:
            found |= _wires(array, table, sums, notes)
    return found | {"notes": notes}


def _cells(array: ArrayWiring) -> set[tuple[int, int]]:
    return {(cell.row, cell.column) for cell in array.cells}


def _correlation(pairs: NDArray[np.float64], notes: list[str]) -> dict[str, Any]:
    known = pairs[np.isfinite(pairs[:, _R])]
    if len(known) < len(pairs):
        notes.append(
            f"{len(pairs) - len(known)} pairs without a correlation: a channel that does not vary"
        )
    if not len(known):
        return {"pairs": len(pairs), "largest_correlation": None, "correlated": []}
    order = np.argsort(-np.abs(known[:, _R]))
    strong = [known[i] for i in order if abs(known[i, _R]) > known[i, _CHANCE]]
    pickup = [row for row in strong if abs(row[_QUIET]) > 3.0 * (row[_QUIET + 2] - row[_QUIET]) / 2]
    if pickup:
        notes.append(
            f"{len(pickup)} of {len(strong)} correlated pairs are correlated at 0 V as well: the "
            "instrument (pickup, charge left by a multiplexer) rather than the junctions"
        )
    top = known[order[0]]
    return {
        "pairs": len(pairs),
        "largest_correlation": float(top[_R]),
        "largest_correlation_low": float(top[_R + 1]),
        "largest_correlation_high": float(top[_R + 2]),
        "largest_pair": [[int(top[0]), int(top[1])], [int(top[2]), int(top[3])]],
        "largest_by_chance": float(top[_CHANCE]),
        "correlated": [
            [[int(a), int(b)], [int(c), int(d)], float(r)]
            for a, b, c, d, r in (row[:5] for row in strong[:_MOST_NAMED])
        ],
        "correlated_pairs": len(strong),
    }


def _wires(
    array: ArrayWiring, table: NDArray[np.float64], sums: NDArray[np.float64], notes: list[str]
) -> dict[str, Any]:
    leak = leaks(array, table)
    segment, shared = _undo_feedback(table, *line_of(sums))
    along, down = against_position(array, table)
    notes.append(
        "row_shared_ohm and row_wire_ohm are from the correlation within rows: what a flip takes "
        "from its neighbours; wire_by_position_ohm is from mean resistance against position, whose "
        "noise is the spread of the junctions"
    )
    notes.append("leak is computed from the wires of the bench file and the conductances found")
    if shared.known and not shared.covers(array.series_ohm):
        notes.append(
            f"row_shared_ohm ({shared.low:.3g} .. {shared.high:.3g}) does not hold the series = "
            f"{array.series_ohm:g} ohm of the bench file: look at the row drivers (a twin with "
            "solver = 'linearised' has no coupling between columns)"
        )
    for name, one in (("row_wire_ohm", segment), ("wire_by_position_ohm", along)):
        if not one.known:
            notes.append(f"{name}: {one.reason}")
    return {
        "row_shared_ohm": shared.as_json(),
        "row_wire_ohm": segment.as_json(),
        "row_wire_by_position_ohm": along.as_json(),
        "column_wire_by_position_ohm": down.as_json(),
        "bench_row_series_ohm": array.series_ohm,
        "bench_row_wire_ohm": array.row_wire_ohm,
        "bench_column_wire_ohm": array.column_wire_ohm,
        "median_leak": float(np.median(leak)) if len(leak) else None,
        "largest_leak": float(leak.max()) if len(leak) else None,
    }


def _undo_feedback(
    table: NDArray[np.float64], segment: Estimate, shared: Estimate
) -> tuple[Estimate, Estimate]:
    """All neighbours answer a flip together and so share it: q = R / (1 + R G) of the others."""
    if not (segment.known and shared.known):
        return segment, shared
    rows = np.unique(table[:, 0])
    whole_s = float(np.mean([table[table[:, 0] == row, 4].sum() for row in rows]))
    others_s = whole_s * (1.0 - 1.0 / max(1.0, len(table) / len(rows)))
    # At the mean of the fit a segment adds little to what is shared.
    factor = 1.0 / max(0.1, 1.0 - max(shared.value, 0.0) * others_s)
    return segment.times(factor), shared.times(factor)


def _sneak(table: NDArray[np.float64], notes: list[str]) -> dict[str, Any]:
    """Conductance around each cell with floating lines: that with them less that without."""
    found = []
    for row, column in np.unique(table[:, :2], axis=0):
        mine = table[(table[:, 0] == row) & (table[:, 1] == column)]
        alone, floating = mine[mine[:, 2] == 0], mine[mine[:, 2] == 1]
        if len(alone) and len(floating):
            value = float(floating[0, 4] - alone[0, 4])
            half = math.hypot(floating[0, 6] - floating[0, 4], alone[0, 6] - alone[0, 4])
            found.append([int(row), int(column), value, value - half, value + half])
    notes.append(
        "sneak_s: [row, column, S, low, high]: conductance of all paths around a junction while "
        "the other lines float"
    )
    return {"sneak_s": found}
