"""Resistance against field, up and down, and what was found of each loop."""

from collections.abc import Sequence

import numpy as np

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    MOST_NAMED,
    Columns,
    Panel,
    Series,
    cell_ticks,
    cell_words,
    columns_of,
    nothing,
    only,
    per_junction,
    points,
)
from mtjlab.gui.views.sweep_view import SweepView


class FieldSweepView(SweepView):
    """Of `field_sweep`."""

    title = "Field sweep"
    protocol = "field_sweep"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Loops; switching fields; loop shift; remanence."""
        table, loops = columns_of(self.run, "points"), columns_of(self.run, "loops")
        drawn: list[Series] = []
        named = len(chosen) <= MOST_NAMED
        for index, cell in enumerate(chosen if table else ()):
            mine = only(table, cell)
            colour, label = (index, cell_words(cell)) if named else (0, "")
            for number in np.unique(mine["loop"]):
                for direction, line in ((1.0, "solid"), (-1.0, "dash")):
                    part = (mine["loop"] == number) & (mine["direction"] == direction)
                    first = direction > 0 and number == mine["loop"][0]
                    drawn.append(
                        Series(
                            label if first else "",
                            mine["measured_t"][part],
                            mine["resistance_ohm"][part],
                            colour=colour,
                            symbol="",
                            line="solid" if line == "solid" else "dash",
                        )
                    )
        share = ("share of the loop", "")
        return [
            Panel(
                "Up (full line) and down (dashed)",
                ("field", "T"),
                ("resistance", "Ω"),
                tuple(drawn),
                empty="" if table else nothing(self.run, "field"),
            ),
            _switching(self.run, loops),
            per_junction(loops, "centre_t", "Loop shift, half-way between both", ("field", "T")),
            per_junction(loops, "remanence", "Remanence: how open the loop is at 0 T", share),
        ]


def _switching(run: Collected, loops: Columns) -> Panel:
    title = "Fields at which it switches"
    if not loops or not np.isfinite(loops["up_t"]).any():
        return Panel(title, empty=nothing(run, "whole loop"))
    at = np.arange(len(loops["row"]), dtype=np.float64)
    return Panel(
        title,
        ("junction (row, column)", ""),
        ("field", "T"),
        (
            points(loops, at, "up_t", label="field rises", symbol="t1"),
            points(loops, at, "down_t", label="field falls", colour=1, symbol="t"),
        ),
        ticks_x=cell_ticks(loops),
    )
