"""Where the outputs stand during a run: set-points, readings and compliance, now and over time."""

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.key_line import entry, titled
from mtjlab.gui.views.plot import Plot
from mtjlab.gui.views.view import View

COLUMNS = ("terminal", "set-point", "voltage", "current", "compliance")
# Ten minutes at the pace at which set-points are told.
KEPT = 6000
# More lines cannot be told apart; the table has all.
MOST_LINES = 6


class BenchView(View):
    """A table of terminals, and a strip chart of set-points and readings since the view is open."""

    title = "Bench"

    def __init__(
        self,
        run: Collected,
        theme: Theme,
        parent: QtWidgets.QWidget | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock_s`: of wall time."""
        super().__init__(run, theme, parent)
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._history: deque[tuple[float, dict[str, float], dict[str, float]]] = deque(maxlen=KEPT)
        self._named: list[str] = []
        self.words = QtWidgets.QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.table = QtWidgets.QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName("Terminals")
        rows, heads = self.table.verticalHeader(), self.table.horizontalHeader()
        assert rows is not None
        assert heads is not None
        rows.hide()
        heads.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Stretch)
        self.plot = Plot(theme, "Set-points and readings")
        self.plot.set_axes(("wall time", "s"), ("voltage", "V"))
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.plot)
        split.setSizes([170, 300])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.words)
        layout.addWidget(split, 1)

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """While a run is on: a run file does not keep what was only set and read in between."""
        return run.status == "running"

    def redraw(self) -> None:
        """What is known now, and a point of the strip chart."""
        run = self.run
        measured = {name: reading.voltage_v for name, reading in run.readings.items()}
        levels = {name: v for name, v in run.setpoints.items() if name not in run.currents}
        self._history.append((self._clock_s() - self._began_s, levels, measured))
        if run.energised:
            said = "⚡ outputs on"
        elif not run.proved_off:
            said = f"▲ not proved off: {run.error}"
        else:
            said = "○ every output at 0 V and off, as far as told"
        self.words.setText(said)
        self._fill()
        self._draw()

    def _fill(self) -> None:
        run = self.run
        names = list(dict.fromkeys([*run.setpoints, *run.readings]))
        self.table.setRowCount(len(names))
        for row, name in enumerate(names):
            reading = run.readings.get(name)
            texts = [
                name,
                _level(run, name),
                "-" if reading is None else si(reading.voltage_v, "V"),
                "-" if reading is None else si(reading.current_a, "A"),
                "-" if reading is None else _compliance(reading.in_compliance),
            ]
            for column, text in enumerate(texts):
                cell = self.table.item(row, column)
                if cell is None:
                    cell = QtWidgets.QTableWidgetItem()
                    self.table.setItem(row, column, cell)
                if cell.text() != text:
                    cell.setText(text)
            held = reading is not None and reading.in_compliance
            colour = self.theme.danger if held else self.theme.ink
            last = self.table.item(row, len(COLUMNS) - 1)
            assert last is not None
            last.setForeground(QtGui.QColor(colour))

    def _draw(self) -> None:
        self.plot.empty("" if self.run.setpoints else "nothing has been set yet")
        names = sorted({name for _t, levels, _m in self._history for name in levels})[:MOST_LINES]
        times = np.array([moment for moment, _l, _m in self._history])
        if names != self._named:
            self._named = names
            keys = [
                entry(name, self.theme.pen(index).color().name(), line="solid")
                for index, name in enumerate(names)
            ]
            title = "Set-points (lines) and readings (dotted)"
            titled(self.plot.getPlotItem(), self.theme, title, keys)
        known = {curve.name(): curve for curve in self.plot.getPlotItem().listDataItems()}
        for index, name in enumerate(names):
            set_v = [levels.get(name, np.nan) for _t, levels, _m in self._history]
            read_v = [measured.get(name, np.nan) for _t, _l, measured in self._history]
            for kind, dash, taken in (
                ("set", QtCore.Qt.PenStyle.SolidLine, set_v),
                ("read", QtCore.Qt.PenStyle.DotLine, read_v),
            ):
                values = np.array(taken)
                label = f"{name} {kind}"
                if label not in known and np.isnan(values).all():
                    continue
                if label not in known:
                    pen = self.theme.pen(index, 1.5, dash)
                    known[label] = self.plot.plot(pen=pen, name=label, connect="finite")
                known[label].setData(times, values)

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Wall time and the set-points over it."""
        names = sorted({name for _t, levels, _m in self._history for name in levels})
        rows = [[t, *(levels.get(n, np.nan) for n in names)] for t, levels, _m in self._history]
        return ["wall_time_s", *(f"{n}_v" for n in names)], np.array(rows, dtype=np.float64)


def _level(run: Collected, name: str) -> str:
    if name not in run.setpoints:
        return "-"
    return si(run.setpoints[name], "A" if name in run.currents else "V")


def _compliance(held: bool) -> str:
    return "▲ in compliance: held back" if held else "● free"
