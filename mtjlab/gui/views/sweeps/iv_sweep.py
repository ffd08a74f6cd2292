"""Current and resistance against voltage, and the straight lines."""

from collections.abc import Sequence

import numpy as np

from mtjlab.analysis.model_curves import current_line, far_from_zero
from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    MOST_NAMED,
    Panel,
    Series,
    cell_words,
    columns_of,
    curve,
    nothing,
    only,
)
from mtjlab.gui.views.sweep_view import SweepView

_SYMBOLS = "ostd+x"
_VOLT = ("voltage across the junctions", "V")


class IvSweepView(SweepView):
    """Of `iv_sweep`."""

    title = "I-V curves"
    protocol = "iv_sweep"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Current; V / I off 0 V."""
        table, fits = columns_of(self.run, "points"), columns_of(self.run, "fits")
        waiting = "" if table else nothing(self.run, "sweep")
        currents: list[Series] = []
        ohms: list[Series] = []
        off = far_from_zero(table["voltage_v"]) if table else np.empty(0, dtype=bool)
        for index, cell in enumerate(chosen if table else ()):
            mine = (table["row"] == cell[0]) & (table["column"] == cell[1])
            v, i = table["voltage_v"][mine], table["current_a"][mine]
            members = int(table["members"][mine][0])
            label = cell_words(cell) + (f" and {members - 1} more" if members > 1 else "")
            colour, name = (index, label) if len(chosen) <= MOST_NAMED else (0, "")
            symbol = _SYMBOLS[index % len(_SYMBOLS)]
            currents.append(Series(name, v, i, colour=colour, symbol=symbol))
            far = off[mine] & (i != 0.0)
            ohms.append(Series(name, v[far], v[far] / i[far], colour=colour, symbol=symbol))
            fit = only(fits, cell) if fits else {}
            if fit and len(fit["reason"]) and fit["reason"][0] == 0:
                resistance, offset = fit["resistance_ohm"][0], fit["offset_a"][0]
                at = np.array([v.min(), v.max()])
                currents.append(curve("", at, current_line(at, resistance, offset), colour=colour))
                ohms.append(curve("", at, np.full(2, resistance), colour=colour))
        return [
            Panel("Current", _VOLT, ("current", "A"), tuple(currents), empty=waiting),
            Panel("Resistance, V / I", _VOLT, ("resistance", "Ω"), tuple(ohms), empty=waiting),
        ]
