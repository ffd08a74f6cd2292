"""P-values by test, their distribution, share of ones of each junction, memory of the bits."""

from collections.abc import Sequence

import numpy as np

from mtjlab.gui.views.junction_list import Cell
from mtjlab.gui.views.panel import (
    Panel,
    Series,
    cell_ticks,
    columns_of,
    curve,
    level,
    points,
    where,
    words_in,
)
from mtjlab.gui.views.sweep_view import SweepView

_LEVEL, _LOWEST = 0.01, 1e-6
_EDGES = np.linspace(0.0, 1.0, 11)


class RandomnessView(SweepView):
    """Of `randomness`."""

    title = "Random bits"
    protocol = "randomness"
    main = "p_values"
    has_cells = False
    # A line for each of the tests has to be read.
    heights = (5, 3)

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """As on paper."""
        return [self._tests(), self._distribution(), self._junctions(), self._lags()]

    def _waiting(self) -> str:
        ended = self.run.status not in ("running", "waiting")
        return "no test was run" if ended else "waiting for the first test: bits are being read"

    def _tests(self) -> Panel:
        title = "p-values; verdict (sequences)"
        found, tests = columns_of(self.run, "p_values"), columns_of(self.run, "tests")
        if not found or not np.isfinite(found["p"]).any():
            return Panel(title, empty=self._waiting())
        names, verdicts = words_in(self.run, "test_names"), words_in(self.run, "verdicts")
        said = {
            int(test): f": {verdicts[int(verdict)]} ({count:.0f})"
            for test, verdict, count in zip(
                tests["test"], tests["verdict"], tests["sequences"], strict=True
            )
        }
        known = where(found, np.isfinite(found["p"]))
        scatter = 0.3 * np.sin(12.9898 * np.arange(len(known["p"])))
        p = np.maximum(known["p"], _LOWEST)
        ends = np.array([-0.6, len(names) - 0.4])
        return Panel(
            title,
            ("p", ""),
            ("", ""),
            (
                Series("", p, -(known["test"] + scatter), symbol="o"),
                curve(f"{_LEVEL:g}", np.full(2, _LEVEL), -ends, colour=1, line="dash"),
            ),
            log=(True, False),
            ticks_y=tuple((float(-i), name + said.get(i, "")) for i, name in enumerate(names)),
        )

    def _distribution(self) -> Panel:
        found = columns_of(self.run, "p_values")
        p = found["p"][np.isfinite(found["p"])] if found else np.empty(0)
        if not len(p):
            return Panel("All p-values", empty=self._waiting())
        counts, _ = np.histogram(p, _EDGES)
        stairs = np.concatenate([[0.0], np.repeat(counts.astype(np.float64), 2), [0.0]])
        return Panel(
            f"All {len(p)} p-values",
            ("p", ""),
            ("how many", ""),
            (
                curve("measured", np.repeat(_EDGES, 2), stairs),
                level("all alike", [0.0, 1.0], len(p) / 10),
            ),
        )

    def _junctions(self) -> Panel:
        title = "Raw bits: share of ones"
        table = columns_of(self.run, "junctions")
        used = where(table, table["used"] > 0) if table else {}
        if not used or not np.isfinite(used["ones"]).any():
            return Panel(title, empty="known when the bits are complete")
        at = np.arange(len(used["row"]), dtype=np.float64)
        return Panel(
            title,
            ("junction (row, column)", ""),
            ("ones (%)", ""),
            (
                points(used, at, "ones", factor=100.0),
                level("balanced", [0.0, max(1.0, len(at) - 1.0)], 50.0),
            ),
            ticks_x=cell_ticks(used),
        )

    def _lags(self) -> Panel:
        title = "Correlation of the tested bits"
        lags = columns_of(self.run, "lags")
        if not lags:
            return Panel(title, empty="known when the bits are complete")
        ends = [float(lags["lag"].min()), float(lags["lag"].max())]
        drawn = (points(lags, lags["lag"], "correlation"), level("none", ends, 0.0))
        return Panel(title, ("lag (bits)", ""), ("correlation", ""), drawn)
