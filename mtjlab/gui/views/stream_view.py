"""Any stream of any protocol: one column against another, and the newest rows."""

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtWidgets

from mtjlab.analysis.thinning import extremes
from mtjlab.core.quantity_names import unit_of
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live.table import Table
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.heat_map import HeatMap
from mtjlab.gui.views.panel import Panel, Series
from mtjlab.gui.views.panel_plot import PanelPlot
from mtjlab.gui.views.stream_rows import StreamRows
from mtjlab.gui.views.view import View

ROW, ELEMENT, NEWEST = "row number", "element", "newest row"
# Rows with more numbered values than these are drawn whole, not value by value.
_MOST_VALUES = 64


class StreamView(View):
    """The last tab of every run, and the only one of protocols without a view of their own."""

    title = "Streams"

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """See `View`."""
        super().__init__(run, theme, parent)
        self.stream, self.across, self.up = (QtWidgets.QComboBox() for _ in range(3))
        self.log = QtWidgets.QCheckBox("&Logarithmic y")
        self.plot = PanelPlot(theme)
        self.image = HeatMap(theme)
        self.image.set_axes(("column", ""), ("row", ""))
        self._model = StreamRows(self)
        self.rows = QtWidgets.QTableView()
        self.rows.setModel(self._model)
        self.rows.setAccessibleName("Newest rows")
        self._stack = QtWidgets.QStackedWidget()
        self._stack.addWidget(self.plot)
        self._stack.addWidget(self.image)
        self._drawn: tuple[object, ...] = ()
        top = QtWidgets.QHBoxLayout()
        top.setContentsMargins(6, 6, 6, 0)
        for words, box in (("&Stream", self.stream), ("&x", self.across), ("&y", self.up)):
            label = QtWidgets.QLabel(words)
            label.setBuddy(box)
            box.setAccessibleName(words.replace("&", ""))
            box.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToContents)
            top.addWidget(label)
            top.addWidget(box)
        top.addWidget(self.log)
        top.addStretch(1)
        split = QtWidgets.QSplitter()
        split.addWidget(self._stack)
        split.addWidget(self.rows)
        split.setSizes([600, 400])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(split, 1)
        self.stream.addItems(list(run.tables))
        self.stream.currentIndexChanged.connect(lambda _index: self._offer())
        for box in (self.across, self.up):
            box.currentIndexChanged.connect(lambda _index: self.redraw())
        self.log.toggled.connect(lambda _on: self.redraw())
        self._offer()

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Every run with a stream."""
        return bool(run.tables)

    @property
    def table(self) -> Table | None:
        """Of the chosen stream."""
        return self.run.tables.get(self.stream.currentText())

    def _offer(self) -> None:
        table = self.table
        for box in (self.across, self.up):
            box.blockSignals(True)
            box.clear()
        if table is not None:
            if len(table.columns) > _MOST_VALUES:
                self.across.addItem(ELEMENT)
                self.up.addItem(NEWEST)
            else:
                self.across.addItems([ROW, *table.columns])
                self.up.addItems(list(table.columns))
                self._usual(table)
        for box in (self.across, self.up):
            box.blockSignals(False)
        self._drawn = ()
        self.redraw()

    def _usual(self, table: Table) -> None:
        """Of a table of junctions or points not the place, but the first thing measured."""
        places = (
            "row",
            "column",
            "reads",
            "t_s",
            "bias_v",
            "field_t",
            "verdict",
            "reason",
            "members",
        )
        first = next((c for c in table.columns if c not in places), table.columns[0])
        self.up.setCurrentText(first)
        for name in ("reads", "t_s"):
            if name in table.columns:
                self.across.setCurrentText(name)

    def redraw(self) -> None:
        """Only if the chosen stream has new rows."""
        table = self.table
        choice = [box.currentText() for box in (self.stream, self.across, self.up)]
        now = (*choice, self.log.isChecked(), table.version if table else 0, self.run.status)
        if now == self._drawn:
            return
        self._drawn = now
        self._model.show_table(table)
        if table is None or not len(table):
            self._stack.setCurrentWidget(self.plot)
            self.plot.show_panel(Panel(choice[0], empty=self._nothing(choice[0])))
        elif len(table.stream.shape) >= 2:
            self._stack.setCurrentWidget(self.image)
            newest = table.rows[-1]
            self.image.getPlotItem().setTitle(
                f"{choice[0]}: newest of {table.first + len(table)} rows", color=self.theme.ink
            )
            self.image.show_values(
                np.asarray(newest.reshape(newest.shape[0], -1), dtype=np.float64),
                name=choice[0],
                unit=table.stream.unit.replace("ohm", "Ω"),
            )
        else:
            self._stack.setCurrentWidget(self.plot)
            self.plot.show_panel(self._panel(table))

    def _nothing(self, stream: str) -> str:
        if self.run.status in ("running", "waiting"):
            return f"waiting for the first row of {stream}"
        return f"{stream}: no row was recorded"

    def _panel(self, table: Table) -> Panel:
        x_name, y_name = self.across.currentText(), self.up.currentText()
        unit = table.stream.unit
        if y_name == NEWEST:
            y = np.asarray(table.rows[-1], dtype=np.float64)
            x, title = np.arange(len(y), dtype=np.float64), f"newest of {len(table)} rows"
        else:
            y = np.asarray(table.column(y_name), dtype=np.float64)
            title = f"{y_name} against {x_name}"
            x = (
                np.arange(table.first, table.first + len(y), dtype=np.float64)
                if x_name == ROW
                else np.asarray(table.column(x_name), dtype=np.float64)
            )
        rising = len(x) < 2 or bool((np.diff(x) >= 0).all())
        if rising:
            at, y = extremes(y)
            x = x[at.astype(np.int64)]
        few = len(x) <= 200
        axes = [(name, (unit or unit_of(name)).replace("ohm", "Ω")) for name in (x_name, y_name)]
        if x_name in (ROW, ELEMENT):
            axes[0] = (x_name, "")
        known = np.isfinite(x) & (np.isfinite(y) | rising)
        series = Series(
            "",
            x[known],
            y[known],
            symbol="o" if few or not rising else "",
            line="solid" if rising else "none",
        )
        log = (False, self.log.isChecked())
        return Panel(f"{self.stream.currentText()}: {title}", axes[0], axes[1], (series,), log=log)

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """All rows of the chosen stream that are kept."""
        table = self.table
        if table is None:
            return [], np.empty((0, 0))
        rows = np.asarray(table.rows.reshape(-1, len(table.columns)), dtype=np.float64)
        return list(table.columns), rows
