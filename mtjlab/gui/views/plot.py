"""One plot: axes with units, a crosshair that says its values, and its own export."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.axes import UnitAxis
from mtjlab.gui.views.export import choose, save_curves, save_picture

# Redrawn at most this often, 1/s, however fast the mouse moves.
CROSSHAIR_HZ = 30


class Plot(pg.PlotWidget):
    """A themed plot.

    Attributes:
        said: what became of the last export, in words.
    """

    said = QtCore.pyqtSignal(str)

    def __init__(self, theme: Theme, title: str = "", parent: QtWidgets.QWidget | None = None):
        """`title` stands above the axes and names exported files."""
        axes = {side: UnitAxis(side) for side in ("left", "bottom")}
        super().__init__(parent=parent, background=theme.paper, axisItems=axes)
        self.theme = theme
        self.title = title
        self.units = ("", "")
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.18)
        if title:
            item.setTitle(title, color=theme.ink, size="10pt")
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(theme.grey)
            axis.setTextPen(theme.ink)
        self._empty = pg.TextItem("", color=theme.grey, anchor=(0.5, 0.5))
        self._empty.setParentItem(item.getViewBox())
        self._empty.hide()
        self._lines = [
            pg.InfiniteLine(angle=angle, movable=False, pen=pg.mkPen(theme.grey, width=1))
            for angle in (90, 0)
        ]
        self._value = pg.TextItem("", color=theme.ink, anchor=(0, 0), fill=theme.panel)
        self._value.setParentItem(item.getViewBox())
        for part in (*self._lines, self._value):
            part.hide()
            part.setZValue(1000)
        for line in self._lines:
            item.addItem(line, ignoreBounds=True)
        self.crosshair = True
        # Words at a point, where a view knows better than the two axes: a map, a matrix.
        self.words_at: Callable[[float, float], str] | None = None
        # Where a view sets the axes by itself: how it sees everything again.
        self.reset: Callable[[], None] | None = None
        self._moved = pg.SignalProxy(
            self.scene().sigMouseMoved, rateLimit=CROSSHAIR_HZ, slot=self._follow
        )

    def set_axes(
        self,
        x: tuple[str, str] = ("", ""),
        y: tuple[str, str] = ("", ""),
        *,
        log: tuple[bool, bool] = (False, False),
    ) -> None:
        """Names and SI units (`""` for a pure number, which gets no prefix)."""
        self.units = (x[1], y[1])
        item = self.getPlotItem()
        for side, (name, unit), in_decades in (("bottom", x, log[0]), ("left", y, log[1])):
            axis = item.getAxis(side)
            # On a logarithm every number has its own prefix.
            axis.unit = unit
            of_axis = "" if in_decades else unit
            axis.setLabel(name, units=of_axis or None, color=self.theme.ink)
            axis.enableAutoSIPrefix(bool(of_axis))
        item.setLogMode(*log)

    def empty(self, words: str) -> None:
        """Say why there is nothing to see; "" when there is."""
        self._empty.setText(words)
        self._empty.setVisible(bool(words))
        if words:
            self._centre()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Words stay in the middle."""
        super().resizeEvent(event)
        if getattr(self, "_empty", None) is not None and self._empty.isVisible():
            self._centre()

    def _centre(self) -> None:
        box = self.getPlotItem().getViewBox().rect()
        self._empty.setTextWidth(max(120.0, box.width() * 0.8))
        self._empty.setPos(box.width() / 2, box.height() / 2)

    # -- crosshair ----------------------------------------------------------------------------

    def _follow(self, event: tuple[QtCore.QPointF]) -> None:
        box = self.getPlotItem().getViewBox()
        inside = self.crosshair and box.sceneBoundingRect().contains(event[0])
        for part in (*self._lines, self._value):
            part.setVisible(inside)
        if not inside:
            return
        point = box.mapSceneToView(event[0])
        self._lines[0].setPos(point.x())
        self._lines[1].setPos(point.y())
        self._value.setText(self.read_out(point.x(), point.y()))
        self._value.setPos(6, 4)

    def read_out(self, x: float, y: float) -> str:
        """Values at a point of the axes, with their units."""
        if self.words_at is not None:
            return self.words_at(x, y)
        logs = (
            self.getPlotItem().ctrl.logXCheck.isChecked(),
            self.getPlotItem().ctrl.logYCheck.isChecked(),
        )
        values = [10**v if log else v for v, log in zip((x, y), logs, strict=True)]
        return ", ".join(
            si(value, unit) if unit else f"{value:.4g}"
            for value, unit in zip(values, self.units, strict=True)
        )

    def leaveEvent(self, event: QtCore.QEvent | None) -> None:
        """No crosshair without a mouse."""
        super().leaveEvent(event)
        for part in (*self._lines, self._value):
            part.hide()

    # -- export and zoom ----------------------------------------------------------------------

    def contextMenuEvent(self, event: QtGui.QContextMenuEvent | None) -> None:
        """Reset, crosshair, export."""
        if event is None:
            return
        menu = QtWidgets.QMenu(self)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        reset = menu.addAction("&Reset zoom")
        cross = menu.addAction("&Crosshair")
        export = menu.addAction("&Export this plot...")
        assert reset is not None
        assert cross is not None
        assert export is not None
        cross.setCheckable(True)
        cross.setChecked(self.crosshair)
        reset.triggered.connect(self.reset_zoom)
        cross.toggled.connect(self.set_crosshair)
        export.triggered.connect(lambda _checked: self.export())
        menu.popup(event.globalPos())

    def reset_zoom(self) -> None:
        """Everything in view, and following again."""
        if self.reset is not None:
            self.reset()
        else:
            self.getPlotItem().getViewBox().enableAutoRange()

    def set_crosshair(self, on: bool) -> None:
        """Show or hide it."""
        self.crosshair = on
        if not on:
            for part in (*self._lines, self._value):
                part.hide()

    def export(self) -> None:
        """Ask where to, without holding anything up."""
        choose(self, self.title or "plot", self.save)

    def save(self, path: Path) -> None:
        """Write PNG, SVG or CSV, by the ending of `path`; `said` tells what became of it."""
        if path.suffix.lower() == ".csv":
            self.said.emit(save_curves(self.curves(), path))
        else:
            self.said.emit(save_picture(self.getPlotItem(), path))

    def clear_curves(self) -> None:
        """Take out the curves; crosshair, words and legend stay."""
        item = self.getPlotItem()
        for curve in list(item.listDataItems()):
            item.removeItem(curve)

    def curves(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Name, x and y of every curve, as shown (not as the axis scales it)."""
        found = []
        for index, item in enumerate(self.getPlotItem().listDataItems()):
            x, y = item.getOriginalDataset()
            if x is not None and y is not None:
                found.append((item.name() or f"curve {index + 1}", np.asarray(x), np.asarray(y)))
        return found
