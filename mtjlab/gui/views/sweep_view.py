"""Base of the views of sweeps: a few plots, and a list of junctions beside them."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.junction_list import Cell, JunctionList
from mtjlab.gui.views.panel import Panel, cells_of, columns_of
from mtjlab.gui.views.panel_plot import PanelPlot
from mtjlab.gui.views.view import View


class SweepView(View):
    """What it shows is in `panels`, which knows no Qt.

    Attributes:
        protocol: whose runs it serves.
        main: stream with the points, of which the junctions are taken and the table exported.
        across: plots side by side.
        has_cells: whether junctions can be chosen.
        heights: of the rows of plots, relative to each other.
    """

    protocol: ClassVar[str] = ""
    main: ClassVar[str] = "points"
    across: ClassVar[int] = 2
    has_cells: ClassVar[bool] = True
    heights: ClassVar[tuple[int, ...]] = (1, 1, 1)

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """See `View`."""
        super().__init__(run, theme, parent)
        self.junctions = JunctionList()
        self.junctions.changed.connect(self._picked)
        self._plots: list[PanelPlot] = []
        self._drawn: tuple[object, ...] = ()
        self._grid = QtWidgets.QGridLayout()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.junctions)
        layout.addLayout(self._grid, 1)
        self.redraw()

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Runs of its protocol."""
        return run.protocol == cls.protocol and cls.main in run.tables

    def panels(self, chosen: Sequence[Cell]) -> list[Panel]:
        """What the plots show now, always as many."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Only what has new rows."""
        if self.has_cells:
            self.junctions.offer(cells_of(columns_of(self.run, self.main)))
        now = (
            self.junctions.picked(),
            self.run.status,
            *(table.version for table in self.run.tables.values()),
        )
        if now == self._drawn:
            return
        self._drawn = now
        for index, panel in enumerate(self.panels(self.junctions.picked())):
            if index == len(self._plots):
                plot = PanelPlot(self.theme)
                self._plots.append(plot)
                row, column = divmod(index, self.across)
                ignored = QtWidgets.QSizePolicy.Policy.Ignored
                plot.setSizePolicy(ignored, ignored)
                self._grid.addWidget(plot, row, column)
                self._grid.setRowStretch(row, self.heights[row])
                self._grid.setColumnStretch(column, 1)
            self._plots[index].show_panel(panel)

    def _picked(self) -> None:
        self.redraw()
        picked = self.junctions.picked()
        if len(picked) == 1:
            self.junction_chosen.emit(*picked[0])

    def show_junction(self, row: int, column: int) -> None:
        """That one alone, if it was measured here."""
        self.junctions.blockSignals(True)
        self.junctions.pick((row, column))
        self.junctions.blockSignals(False)
        self.redraw()

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Every row of the points, of all junctions."""
        table = columns_of(self.run, self.main)
        return list(table), np.column_stack(list(table.values())) if table else np.empty((0, 0))
