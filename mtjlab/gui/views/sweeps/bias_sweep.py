"""Occupancy with its logistic curve, dwell times, V50 and width against bias."""

from collections.abc import Sequence

import numpy as np

from mtjlab.analysis.model_curves import occupancy_curve
from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    MOST_NAMED,
    Columns,
    Panel,
    Series,
    cell_words,
    columns_of,
    curve,
    nothing,
    only,
    per_junction,
    points,
    where,
)
from mtjlab.gui.views.sweep_view import SweepView

_SYMBOLS = "ostd+x"
_BIAS = ("bias behind the divider", "V")


class BiasSweepView(SweepView):
    """Of `bias_sweep`."""

    title = "Bias sweep"
    protocol = "bias_sweep"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Occupancies, dwell times, V50, width."""
        table, fits = columns_of(self.run, "points"), columns_of(self.run, "fits")
        waiting = "" if table else nothing(self.run, "bias")
        named = len(chosen) <= MOST_NAMED
        shares: list[Series] = []
        times: list[Series] = []
        for index, cell in enumerate(chosen if table else ()):
            mine = only(table, cell)
            colour = index if named else 0
            label = cell_words(cell) if named else ""
            shares += _shares(mine, only(fits, cell) if fits else {}, label, colour, index)
            times += _times(mine, colour, label)
        return [
            Panel(
                "Share of time in AP (line: logistic curve)",
                _BIAS,
                ("share of time in AP", ""),
                tuple(shares),
                y_range=(-0.05, 1.05),
                empty=waiting,
            ),
            Panel(
                "Dwell time (● in P, ▲ in AP)",
                _BIAS,
                ("dwell time", "s"),
                tuple(times),
                log=(False, True),
                empty=waiting,
            ),
            per_junction(fits, "v50_v", "Bias at which P and AP are equally likely", ("V50", "V")),
            per_junction(fits, "width_v", "Width of the logistic curve", ("width", "V")),
        ]


def _shares(mine: Columns, fit: Columns, label: str, colour: int, index: int) -> list[Series]:
    symbol = _SYMBOLS[index % len(_SYMBOLS)]
    found = []
    fields = np.unique(mine["field_t"])
    for field_t in fields:
        part = where(mine, mine["field_t"] == field_t)
        name = label + (f", {1e3 * field_t:g} mT" if len(fields) > 1 and label else "")
        found.append(
            points(part, part["bias_v"], "occupancy_ap", label=name, colour=colour, symbol=symbol)
        )
        fitted = where(fit, fit["field_t"] == field_t) if fit else {}
        if fitted and len(fitted["v50_v"]) and np.isfinite(fitted["width_v"][0]):
            at = np.linspace(part["bias_v"].min(), part["bias_v"].max(), 200)
            share = occupancy_curve(at, fitted["v50_v"][0], fitted["width_v"][0])
            found.append(curve("", at, share, colour=colour))
    return found


def _times(mine: Columns, colour: int, label: str) -> list[Series]:
    found = []
    for state, symbol in (("p", "o"), ("ap", "t1")):
        found.append(
            points(
                mine,
                mine["bias_v"],
                f"tau_{state}_s",
                label=label if state == "p" else "",
                colour=colour,
                symbol=symbol,
            )
        )
    return found
