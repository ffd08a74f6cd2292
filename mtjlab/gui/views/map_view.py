"""The chip from above: any quantity of a map, and the junction under the cursor in full."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.quantity_names import fact_rows, unit_of, words_of
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.fact_table import FactTable
from mtjlab.gui.views.heat_map import HeatMap
from mtjlab.gui.views.map_image import MapImage, shown_quantities
from mtjlab.gui.views.map_marks import MOST_MARKS, WORDS, Marks
from mtjlab.gui.views.panel import words_in
from mtjlab.gui.views.view import View

_STREAM = "junctions"
# Arrow key -> change of row and column.
_STEPS = {
    QtCore.Qt.Key.Key_Up: (-1, 0),
    QtCore.Qt.Key.Key_Down: (1, 0),
    QtCore.Qt.Key.Key_Left: (0, -1),
    QtCore.Qt.Key.Key_Right: (0, 1),
}
_ENTER = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
# Quantities that are codes of words, in a stream of that name with an s.
_WORDS_OF = ("verdict", "reason")
# Verdict words of junctions that may be used.
_USABLE = ("alive", "conducts")


class MapView(View):
    """Of `array_map`. Click a cell, or go there with the arrow keys and press Enter.

    Attributes:
        cell: the junction that is framed; None at first.
    """

    title = "Map"

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """See `View`."""
        super().__init__(run, theme, parent)
        self.cell: tuple[int, int] | None = None
        table = run.tables[_STREAM]
        self.image = MapImage(table)
        self._verdicts = words_in(run, "verdicts")
        self.quantity = QtWidgets.QComboBox()
        self.quantity.setAccessibleName("Quantity of the map")
        for name in shown_quantities(table):
            self.quantity.addItem(words_of(name), name)
        wanted = self.quantity.findData("resistance_ohm")
        self.quantity.setCurrentIndex(max(0, wanted))
        self.log = QtWidgets.QCheckBox("&Logarithmic colours")
        self.map = HeatMap(theme, square=True)
        self.map.set_axes(("column", ""), ("row", ""))
        self.map.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.map.setAccessibleName("Map: arrow keys move, Enter chooses a junction")
        self.map.words_at = self.words_at
        self.map.installEventFilter(self)
        self.marks = Marks(self.map, theme)
        self.read_out = QtWidgets.QLabel("")
        self.legend = QtWidgets.QLabel("")
        self.legend.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.facts = FactTable("All that is known of the chosen junction")
        self._counted = ""
        self._lay_out()
        self.quantity.currentIndexChanged.connect(lambda _index: self.redraw())
        self.log.toggled.connect(lambda _on: self._paint())
        self.map.scene().sigMouseClicked.connect(self._clicked)
        self._hovering = pg.SignalProxy(
            self.map.scene().sigMouseMoved, rateLimit=30, slot=self._hovered
        )
        self.map.getPlotItem().getViewBox().sigRangeChanged.connect(self._mark)
        self.redraw()

    def _lay_out(self) -> None:
        label = QtWidgets.QLabel("&Show")
        label.setBuddy(self.quantity)
        top = QtWidgets.QHBoxLayout()
        for part in (label, self.quantity, self.log):
            top.addWidget(part)
        top.addStretch(1)
        left = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(left)
        column.setContentsMargins(6, 6, 0, 6)
        column.addLayout(top)
        column.addWidget(self.map, 1)
        column.addWidget(self.legend)
        column.addWidget(self.read_out)
        right = QtWidgets.QWidget()
        side = QtWidgets.QVBoxLayout(right)
        side.setContentsMargins(0, 6, 6, 6)
        self._heading = QtWidgets.QLabel("Click a cell for its junction")
        self._heading.setWordWrap(True)
        side.addWidget(self._heading)
        side.addWidget(self.facts, 1)
        split = QtWidgets.QSplitter()
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([620, 360])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Maps, also those of other protocols that emit the same tables."""
        table = run.tables.get(_STREAM)
        return (
            table is not None
            and "verdicts" in run.tables
            and {"row", "column", "verdict", "members"} <= set(table.columns)
        )

    # -- drawing ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Column that is shown."""
        return str(self.quantity.currentData())

    def redraw(self) -> None:
        """Add the junctions that are new."""
        if not len(self.run.tables[_STREAM]):
            running = self.run.status in ("running", "waiting")
            self.map.empty("waiting for the first junctions" if running else "no junction was seen")
            return
        self.map.empty("")
        if self.image.update(self.name):
            self._paint()
            self._show_facts()

    def _paint(self) -> None:
        if not self.image.values.size:
            return
        words = self.name in _WORDS_OF
        self.log.setEnabled(not words)
        self.map.bar.setVisible(not words)
        log = self.log.isChecked() and not words
        self.map.show_values(
            self.image.values,
            name=words_of(self.name),
            unit=unit_of(self.name).replace("ohm", "Ω"),
            log=log,
            origin=self.image.origin,
        )
        if words:
            self._paint_words()
        else:
            self.map.image.setColorMap(self.theme.colour_map)
        # What is in sight is known before it is painted.
        self.map.getPlotItem().getViewBox().updateAutoRange()
        self._count()
        self._mark()

    def _paint_words(self) -> None:
        names = self._names()
        colours = [pg.mkColor(self._colour(code)).getRgb() for code in range(len(names))]
        self.map.image.setLookupTable(np.array(colours, dtype=np.uint8))
        self.map.image.setLevels((-0.5, len(names) - 0.5))

    def _colour(self, code: int) -> str:
        """Green is the word `alive`, first in the list; the others follow the cycle."""
        cycle = self.theme.cycle
        order = (2, 1, 5, 4, 3, 0)
        return cycle[order[code]] if code < len(order) else self.theme.grey

    def _unusable(self) -> tuple[int, ...]:
        return tuple(i for i, word in enumerate(self._verdicts) if word not in _USABLE)

    def _mark(self, *_changed: object) -> None:
        none = np.empty((0, 2), dtype=np.int64)
        if not self.image.values.size:
            return
        across, down = self.map.getPlotItem().getViewBox().viewRange()
        shown = self.name in _WORDS_OF
        table = self.image.values if shown else self.image.verdicts
        codes = tuple(range(1, len(self._names()))) if shown else self._unusable()
        cells, found = self.image.coded(table, codes, tuple(down), tuple(across))
        self.marks.cross(none if shown else cells)
        self.marks.words(cells if shown else none, found if shown else found[:0])
        crossed = "" if shown or not len(cells) else "; crossed out: cannot be used"
        if len(cells) > MOST_MARKS:
            crossed = "; too many signs to draw: zoom in"
        self.legend.setText(self._counted + crossed)

    def _names(self) -> tuple[str, ...]:
        """Words of what is shown, or of the verdicts beside a number."""
        return words_in(self.run, f"{self.name}s") if self.name in _WORDS_OF else self._verdicts

    def _count(self) -> None:
        shown = self.name in _WORDS_OF
        table, names = self.image.values if shown else self.image.verdicts, self._names()
        known = table[np.isfinite(table)].astype(np.int64)
        counts = np.bincount(known, minlength=len(names))
        parts = []
        for code, word in enumerate(names):
            if counts[code]:
                sign = WORDS[code % len(WORDS)] if shown else ""
                colour = self._colour(code)
                square = f'<span style="color:{colour}">&#9632;</span> {sign} ' if shown else ""
                # A sign and its word stay on one line.
                parts.append(
                    f"{square}{counts[code]} {word}".replace(" ", "&nbsp;").replace(
                        "<span&nbsp;", "<span "
                    )
                )
        self._counted = f"{len(known)} junctions: " + ", ".join(parts)

    # -- reading ------------------------------------------------------------------------------

    def words_at(self, x: float, y: float) -> str:
        """What the read-out line says of a point."""
        cell = self.map.cell_at(x, y)
        found = self.image.row_of(*cell) if cell else {}
        if not found:
            return "" if cell is None else f"({cell[0]}, {cell[1]}): no junction, or not yet seen"
        verdict = self._word("verdicts", found["verdict"])
        facts = dict(fact_rows({k: v for k, v in found.items() if k.startswith(self.name)}))
        value = next(iter(facts.values()), "") if self.name not in _WORDS_OF else ""
        if self.name == "reason":
            verdict = f"{verdict}, {self._word('reasons', found['reason'])}"
        what = f"{words_of(self.name)} {value}, " if value else ""
        return f"({found['row']:.0f}, {found['column']:.0f}): {what}{verdict}"

    def _word(self, stream: str, code: float) -> str:
        words = words_in(self.run, stream)
        return words[int(code)] if 0 <= code < len(words) else f"{code:g}"

    def _hovered(self, event: tuple[QtCore.QPointF]) -> None:
        box = self.map.getPlotItem().getViewBox()
        if box.sceneBoundingRect().contains(event[0]):
            at = box.mapSceneToView(event[0])
            self.read_out.setText(self.words_at(at.x(), at.y()))

    # -- choosing -----------------------------------------------------------------------------

    def _clicked(self, event: object) -> None:
        at = self.map.getPlotItem().getViewBox().mapSceneToView(event.scenePos())  # type: ignore[attr-defined]
        cell = self.map.cell_at(at.x(), at.y())
        if cell is not None:
            self.choose(*cell)

    def choose(self, row: int, column: int) -> None:
        """Show this junction, and tell the other views."""
        self.show_junction(row, column)
        if self.image.row_of(row, column):
            self.junction_chosen.emit(row, column)

    def show_junction(self, row: int, column: int) -> None:
        """Frame it and list what is known of it."""
        self.cell = (row, column)
        self.marks.frame(self.cell)
        self.read_out.setText(self.words_at(column, row))
        self._show_facts()

    def _show_facts(self) -> None:
        if self.cell is None:
            return
        found = self.image.row_of(*self.cell)
        self._heading.setText(
            f"Junction ({self.cell[0]}, {self.cell[1]})" + ("" if found else ": not seen")
        )
        facts = [
            (
                words,
                self._word(f"{words}s", found[words]) if words in _WORDS_OF else said,
            )
            for words, said in fact_rows(found)
            if words not in ("row", "column")
        ]
        self.facts.show_facts(facts)

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Arrow keys on the map move the frame; Enter chooses."""
        if watched is not self.map or not isinstance(event, QtGui.QKeyEvent):
            return super().eventFilter(watched, event)
        if event.type() != QtCore.QEvent.Type.KeyPress or not self.image.values.size:
            return False
        row, column = self.cell or (self.image.origin[0], self.image.origin[1])
        if event.key() in _ENTER:
            self.choose(row, column)
            return True
        if event.key() not in _STEPS:
            return False
        if self.cell is not None:
            down, across = _STEPS[QtCore.Qt.Key(event.key())]
            last = np.array(self.image.origin) + self.image.values.shape - 1
            row = int(np.clip(row + down, self.image.origin[0], last[0]))
            column = int(np.clip(column + across, self.image.origin[1], last[1]))
        self.show_junction(row, column)
        return True

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Every junction with all its columns."""
        table = self.run.tables[_STREAM]
        return list(table.columns), np.asarray(table.rows, dtype=np.float64)
