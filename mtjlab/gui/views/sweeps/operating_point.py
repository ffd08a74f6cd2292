"""The way to the biases, and the junctions there."""

from collections.abc import Sequence

import numpy as np

from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    Columns,
    Panel,
    Series,
    cell_ticks,
    columns_of,
    level,
    nothing,
    only,
    points,
    where,
    words_in,
)
from mtjlab.gui.views.sweep_view import SweepView

_GOOD = ("reached", "compromise")


class OperatingPointView(SweepView):
    """Of `operating_point`."""

    title = "Operating points"
    protocol = "operating_point"
    main = "measured"

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """All measurements; duty cycle at the end; own biases; correlation times."""
        measured, table = columns_of(self.run, "measured"), columns_of(self.run, "junctions")
        duty = float(self.run.parameters.get("duty") or 0.5)
        way: list[Series] = []
        if measured:
            mine = [only(measured, cell) for cell in chosen]
            rows = {name: np.concatenate([one[name] for one in mine]) for name in measured}
            for first, colour, symbol, label in (
                (True, -1, "s", "first look"),
                (False, 0, "o", "search"),
            ):
                part = where(rows, (rows["round"] == 0) == first)
                way.append(
                    points(
                        part,
                        part["bias_v"],
                        "occupancy_ap",
                        label=label,
                        colour=colour,
                        symbol=symbol,
                    )
                )
            ends = [float(measured["bias_v"].min()), float(measured["bias_v"].max())]
            way.append(level(f"wanted, {duty:g}", ends, duty, colour=1))
        codes = [i for i, w in enumerate(words_in(self.run, "reasons")) if w in _GOOD]
        each = [
            self._each(table, codes, *what)
            for what in (
                ("occupancy_ap", "Duty cycle at the end", ("share of time in AP", ""), False),
                ("own_bias_v", f"Bias at which each alone is at {duty:g}", ("bias", "V"), False),
                ("tau_c_s", "Correlation time there", ("correlation time", "s"), True),
            )
        ]
        return [
            Panel(
                "All measurements",
                ("bias behind the divider", "V"),
                ("share of time in AP", ""),
                tuple(way),
                y_range=(-0.05, 1.05),
                empty="" if measured else nothing(self.run, "bias"),
            ),
            *each,
        ]

    def _each(
        self, table: Columns, good: list[int], name: str, title: str, y: tuple[str, str], log: bool
    ) -> Panel:
        if not table:
            ended = self.run.status not in ("running", "waiting")
            words = "the search did not come to an end" if ended else "known when the search ends"
            return Panel(title, empty=words)
        at = np.arange(len(table["row"]), dtype=np.float64)
        reached = np.isin(table["reason"].astype(int), good)
        drawn = [
            points(where(table, part), at[part], name, label=label, colour=colour, symbol=symbol)
            for part, colour, symbol, label in (
                (reached, 0, "o", "can be used"),
                (~reached, 1, "x", "cannot be used"),
            )
        ]
        if name == "own_bias_v":
            used = where(table, reached)
            drawn.append(Series("bias found", at[reached], used["bias_v"], colour=2, symbol="d"))
        return Panel(
            title,
            ("junction (row, column)", ""),
            y,
            tuple(drawn),
            log=(False, log),
            ticks_x=cell_ticks(table),
        )
