"""Two runs in one plot, and what they differ in; a window of its own beside the main one."""

import threading
from pathlib import Path

import numpy as np
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.errors import MtjlabError
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.key_line import entry, titled
from mtjlab.gui.views.plot import Plot
from mtjlab.store import Comparison, RunReader, compare
from mtjlab.store.compare import word

_INDEX = "row"
_DASHED = QtCore.Qt.PenStyle.DashLine
# Streams that say most come first, where both runs have them.
_TELLING = ("evaluation", "step", "points", "junctions", "curve")


class CompareView(QtWidgets.QWidget):
    """Reads both files in a thread; then a stream and its columns can be chosen.

    Attributes:
        read: both runs and their `Comparison` are here.
        failed: words about a file that cannot be read.
    """

    read = QtCore.pyqtSignal(object, object, object)
    failed = QtCore.pyqtSignal(str)

    def __init__(
        self, one: Path, two: Path, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """Begins to read at once."""
        super().__init__(parent, QtCore.Qt.WindowType.Window)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"mtjlab: {one.stem} | {two.stem}")
        self.resize(1000, 680)
        self._theme = theme
        self._paths = one, two
        self._runs: tuple[Collected, Collected] | None = None
        self.words = QtWidgets.QLabel("reading both runs...")
        self.words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.stream, self.across, self.up = (QtWidgets.QComboBox() for _ in range(3))
        for box, name in ((self.stream, "Stream"), (self.across, "Across"), (self.up, "Up")):
            box.setAccessibleName(name)
        self.plot = Plot(theme, "two runs")
        self.table = QtWidgets.QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["what differs", one.stem, two.stem])
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        head, rows = self.table.horizontalHeader(), self.table.verticalHeader()
        assert head is not None
        assert rows is not None
        head.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Stretch)
        rows.hide()
        self._lay_out()
        self.stream.currentTextChanged.connect(lambda _name: self._columns())
        for box in (self.across, self.up):
            box.currentTextChanged.connect(lambda _name: self._draw())
        self.read.connect(self._show)
        self.failed.connect(self.words.setText)
        threading.Thread(target=self._read, name="mtjlab compare", daemon=True).start()

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout()
        for name, box in (("&Stream", self.stream), ("&Across", self.across), ("&Up", self.up)):
            label = QtWidgets.QLabel(name)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1)
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        split.addWidget(self.plot)
        split.addWidget(self.table)
        split.setSizes([430, 200])
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.words)
        layout.addLayout(row)
        layout.addWidget(split, 1)

    def _read(self) -> None:
        one, two = self._paths
        try:
            with RunReader.open(one) as first, RunReader.open(two) as second:
                found = compare(first, second)
            told = Collected.of_file(one), Collected.of_file(two), found
        except MtjlabError as error:
            self._emit(self.failed, str(error))
            return
        self._emit(self.read, *told)

    def _emit(self, signal: QtCore.pyqtBoundSignal, *values: object) -> None:
        try:
            signal.emit(*values)
        except RuntimeError:
            # The window was closed meanwhile.
            return

    def _show(self, one: Collected, two: Collected, found: Comparison) -> None:
        self._runs = one, two
        same = "every row is the same, byte for byte" if found.same_rows else "the rows differ"
        self.words.setText(f"{_named(one)}   |   {_named(two)}:   {same}")
        shared = [name for name in one.tables if name in two.tables and len(one.tables[name])]
        shared.sort(key=lambda name: _TELLING.index(name) if name in _TELLING else len(_TELLING))
        self._fill(found)
        self.stream.addItems(shared)
        if not shared:
            self.plot.empty("these runs have no stream with rows in common")

    def _fill(self, found: Comparison) -> None:
        parts = (("", found.parameters), ("result ", found.results), ("", found.header))
        rows = [(f"{kind}{d.name}", word(d.one), word(d.two)) for kind, p in parts for d in p]
        self.table.setRowCount(len(rows))
        for index, texts in enumerate(rows):
            for column, text in enumerate(texts):
                cell = QtWidgets.QTableWidgetItem(text)
                cell.setToolTip(text)
                self.table.setItem(index, column, cell)

    def _columns(self) -> None:
        if self._runs is None:
            return
        one, two = (run.tables.get(str(self.stream.currentText())) for run in self._runs)
        if one is None or two is None:
            return
        names = [name for name in one.columns if name in two.columns]
        for box in (self.across, self.up):
            box.blockSignals(True)
            box.clear()
        self.across.addItems([_INDEX, *names])
        self.up.addItems(names)
        across = next((n for n in names if n in ("reads", "bias_v", "field_t", "time_s")), _INDEX)
        self.across.setCurrentText(across)
        up = [name for name in names if name != across]
        wanted = next((n for n in up if "accuracy" in n or n == "loss"), up[-1] if up else across)
        self.up.setCurrentText(wanted)
        for box in (self.across, self.up):
            box.blockSignals(False)
        self._draw()

    def _draw(self) -> None:
        if self._runs is None or not self.up.currentText():
            return
        name, x, y = (str(box.currentText()) for box in (self.stream, self.across, self.up))
        self.plot.clear_curves()
        keys = []
        dashes = QtCore.Qt.PenStyle.SolidLine, _DASHED
        for index, (run, dash) in enumerate(zip(self._runs, dashes, strict=True)):
            table = run.tables[name]
            values = table.column(y)
            across = np.arange(len(values)) if x == _INDEX else table.column(x)
            pen = self._theme.pen(index, 1.5, dash)
            symbol = "ot"[index] if len(values) < 60 else ""
            line = ("solid", "dash")[index]
            keys.append(entry(_named(run), pen.color().name(), symbol, line))
            self.plot.plot(
                across,
                values,
                pen=pen,
                symbol=symbol or None,
                symbolSize=7,
                symbolPen=pen,
                symbolBrush=None,
                name=_named(run),
            )
        titled(self.plot.getPlotItem(), self._theme, f"{name}: {y}", keys)
        self.plot.set_axes((x, ""), (y, self._runs[0].tables[name].stream.unit))
        self.plot.reset_zoom()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """What was read goes with the window."""
        self._runs = None
        super().closeEvent(event)


def _named(run: Collected) -> str:
    number = run.run_file.stem.partition("-")[0] if run.run_file else ""
    return f"{number} {run.protocol}, seed {run.seed}"
