"""Levels, occupancy, correlation time and bias over time."""

from collections.abc import Sequence

import numpy as np

from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    MOST_NAMED,
    Columns,
    Panel,
    Series,
    cell_words,
    columns_of,
    curve,
    level,
    nothing,
    only,
    points,
)
from mtjlab.gui.views.sweep_view import SweepView

_SYMBOLS = "ostd+x"
_PANELS = (
    ("high_v", "Upper level (lower one dashed)", ("voltage", "V")),
    ("occupancy_high", "Share of time at the upper level", ("share of time", "")),
    ("tau_c_s", "Correlation time", ("correlation time", "s")),
    ("bias_v", "Bias behind the divider", ("bias", "V")),
)


class DriftView(SweepView):
    """Of `drift`."""

    title = "Drift"
    protocol = "drift"
    main = "junctions"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Each quantity over time."""
        table = columns_of(self.run, "junctions")
        return [self._panel(table, chosen, *what) for what in _PANELS]

    def _panel(
        self,
        table: Columns,
        chosen: Sequence[Cell],
        name: str,
        title: str,
        y: tuple[str, str],
    ) -> Panel:
        if not table:
            return Panel(title, empty=nothing(self.run, "look"))
        if not np.isfinite(table[name]).any():
            return Panel(title, empty=f"{title}: not known of any junction")
        long = table["t_s"].max() > 3600.0
        drawn: list[Series] = []
        named = len(chosen) <= MOST_NAMED
        for index, cell in enumerate(chosen):
            mine = only(table, cell)
            colour, label = (index, cell_words(cell)) if named else (0, "")
            at = mine["t_s"] / 3600.0 if long else mine["t_s"]
            symbol = _SYMBOLS[index % len(_SYMBOLS)]
            drawn.append(
                points(mine, at, name, label=label, colour=colour, symbol=symbol, line="solid")
            )
            if name == "high_v":
                drawn.append(curve("", at, mine["low_v"], colour=colour, line="dash"))
        wanted = self.run.parameters.get("duty_cycle")
        if name == "occupancy_high" and wanted is not None:
            ends = table["t_s"] / 3600.0 if long else table["t_s"]
            drawn.append(level("wanted", [float(ends.min()), float(ends.max())], float(wanted)))
        x = ("time (h)", "") if long else ("time", "s")
        # A bias that nobody moved is a line, not the noise of its last digit.
        middle = float(np.nanmedian(table[name]))
        still = np.nanmax(np.abs(table[name] - middle)) < 1e-6 * abs(middle)
        fixed = (0.8 * middle, 1.2 * middle) if still and middle > 0 else None
        log = (False, name == "tau_c_s")
        return Panel(title, x, y, tuple(drawn), log=log, y_range=fixed)
