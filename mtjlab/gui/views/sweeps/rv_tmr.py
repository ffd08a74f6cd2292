"""Resistances of P and AP, TMR with its curve, and the values at 0 V."""

from collections.abc import Sequence

import numpy as np

from mtjlab.analysis.model_curves import tmr_curve
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
)
from mtjlab.gui.views.sweep_view import SweepView


class RvTmrView(SweepView):
    """Of `rv_tmr`; while it measures, the resistances of the levels seen so far."""

    title = "R and TMR"
    protocol = "rv_tmr"
    main = "states"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """Resistances; TMR; TMR and R_P at 0 V."""
        states, table = columns_of(self.run, "states"), columns_of(self.run, "points")
        fits = columns_of(self.run, "fits")
        ohms: list[Series] = []
        ratios: list[Series] = []
        named = len(chosen) <= MOST_NAMED
        for index, cell in enumerate(chosen if states else ()):
            mine = only(states, cell)
            colour, label = (index, cell_words(cell)) if named else (0, "")
            for number, symbol in ((0, "o"), (1, "t1")):
                part = {n: v[mine["level"] == number] for n, v in mine.items()}
                ohms.append(
                    points(
                        part,
                        part["voltage_v"],
                        "resistance_ohm",
                        label=label if number == 0 else "",
                        colour=colour,
                        symbol=symbol,
                    )
                )
            found = only(table, cell) if table else {}
            if found:
                at = found["voltage_ap_v"]
                ratios.append(points(found, at, "tmr", label=label, colour=colour, factor=100.0))
                ratios += _curve(found["voltage_ap_v"], found["tmr"], only(fits, cell), colour)
        waiting = "" if states else nothing(self.run, "bias")
        return [
            Panel(
                "Resistance (● first level or field, ▲ second)",
                ("voltage across the junction", "V"),
                ("resistance", "Ω"),
                tuple(ohms),
                empty=waiting,
            ),
            Panel(
                "TMR (line: fitted curve)",
                ("voltage across the junction in AP", "V"),
                ("TMR (%)", ""),
                tuple(ratios),
                empty="" if ratios else "TMR comes when all biases of a junction are measured",
            ),
            per_junction(fits, "tmr0", "TMR at 0 V", ("TMR (%)", ""), factor=100.0),
            per_junction(fits, "r_p0_ohm", "Resistance of P at 0 V", ("resistance", "Ω")),
        ]


def _curve(volts: np.ndarray, tmr: np.ndarray, fit: Columns, colour: int) -> list[Series]:
    known = np.isfinite(tmr)
    if not fit or not len(fit["tmr0"]) or not known.any() or not np.isfinite(fit["tmr0"][0]):
        return []
    far = volts[known][np.argmax(np.abs(volts[known]))]
    at = np.linspace(0.0, float(far), 100)
    share = tmr_curve(at, fit["tmr0"][0], fit["tmr_half_v"][0])
    return [curve("", at, 100.0 * share, colour=colour)]
