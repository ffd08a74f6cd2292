"""Correlation of all pairs, what chance would give, and the conductances of cells."""

from collections.abc import Sequence

import numpy as np

from mtjlab.analysis.cell_grid import pair_matrix
from mtjlab.analysis.model_curves import expected_counts, in_standard_errors
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    Columns,
    Panel,
    Series,
    cell_ticks,
    cell_words,
    columns_of,
    curve,
    nothing,
    points,
    where,
)
from mtjlab.gui.views.sweep_view import SweepView

_BINS = 60
_MOST_LABELS = 4


class CrosstalkView(SweepView):
    """Of `crosstalk`."""

    title = "Crosstalk"
    protocol = "crosstalk"
    main = "pairs"
    has_cells = False

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Matrix; distribution; conductances where an array was measured."""
        pairs, cells = columns_of(self.run, "pairs"), columns_of(self.run, "cells")
        return [_matrix(self.run, pairs), _distribution(self.run, pairs), _cells(self.run, cells)]


def _matrix(run: Collected, pairs: Columns) -> Panel:
    title = "Correlation of pairs recorded together"
    if not pairs:
        return Panel(title, empty=nothing(run, "pair of single junctions"))
    one = np.column_stack([pairs["row"], pairs["column"]])
    other = np.column_stack([pairs["other_row"], pairs["other_column"]])
    places, image = pair_matrix(one, other, pairs["correlation"])
    names = tuple(cell_words((int(row), int(column))) for row, column in places)
    step = -(-len(names) // _MOST_LABELS)
    ticks = tuple((float(i), names[i]) for i in range(0, len(names), step))
    axis = ("junction (row, column)", "")
    return Panel(title, axis, axis, ticks_x=ticks, ticks_y=ticks, image=image, names=names)


def _distribution(run: Collected, pairs: Columns) -> Panel:
    title = "Correlation in its standard errors"
    known = np.isfinite(pairs["correlation"]) if pairs else np.empty(0, dtype=bool)
    if not known.any():
        return Panel(title, empty=nothing(run, "pair with a correlation"))
    z = in_standard_errors(pairs["correlation"], pairs["effective"])[known]
    reach = max(4.5, float(np.abs(z).max()) * 1.05)
    counts, edges = np.histogram(z, bins=_BINS, range=(-reach, reach))
    at = np.linspace(-reach, reach, 300)
    stairs = np.concatenate([[0.0], np.repeat(counts.astype(np.float64), 2), [0.0]])
    normal = expected_counts(at, len(z), float(edges[1] - edges[0]))
    drawn = [
        curve(f"{len(z)} pairs", np.repeat(edges, 2), stairs),
        curve("independent", at, normal, colour=1, line="dash"),
    ]
    quiet = np.abs(pairs["quiet_correlation"][known])
    if np.isfinite(quiet).any():
        title += f"; at 0 V at most {np.nanmax(quiet):.2g}"
    return Panel(title, ("standard errors", ""), ("pairs", ""), tuple(drawn))


def _cells(run: Collected, cells: Columns) -> Panel:
    title = "Conductance of each cell"
    if not cells:
        return Panel(title, empty=nothing(run, "cell of an array"))
    drawn: list[Series] = []
    for floating, symbol, label in ((0, "o", "others at ground"), (1, "x", "others floating")):
        part = where(cells, cells["floating"] == floating)
        if len(part["row"]):
            at = np.arange(len(part["row"]), dtype=np.float64)
            drawn.append(
                points(part, at, "conductance_s", label=label, colour=floating, symbol=symbol)
            )
    ticks = cell_ticks(where(cells, cells["floating"] == cells["floating"].min()))
    return Panel(
        title,
        ("junction (row, column)", ""),
        ("conductance", "S"),
        tuple(drawn),
        ticks_x=ticks,
    )
