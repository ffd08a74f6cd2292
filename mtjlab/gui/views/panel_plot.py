"""Draws a `Panel`: curves are kept from frame to frame and only get new numbers."""

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.theme import Theme
from mtjlab.gui.views.key_line import entry, titled
from mtjlab.gui.views.panel import Panel, Series
from mtjlab.gui.views.plot import Plot

# More points of one series are drawn without their intervals: they would be a solid band.
MOST_BARS = 2000
_DASHES = {
    "none": QtCore.Qt.PenStyle.NoPen,
    "solid": QtCore.Qt.PenStyle.SolidLine,
    "dash": QtCore.Qt.PenStyle.DashLine,
    "dot": QtCore.Qt.PenStyle.DotLine,
}


class PanelPlot(Plot):
    """One plot of a sweep."""

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty until `show_panel`."""
        super().__init__(theme, "", parent)
        self._drawn: list[tuple[pg.PlotDataItem, pg.PlotDataItem, tuple[object, ...]]] = []
        self._image: pg.ImageItem | None = None
        self._dressed: tuple[object, ...] = ()
        self._keyed: tuple[object, ...] = ()

    def show_panel(self, panel: Panel) -> None:
        """Draw it."""
        dress = (panel.title, panel.x, panel.y, panel.log, panel.ticks_x, panel.ticks_y)
        if dress != self._dressed:
            self._dress(panel)
            self._dressed = dress
        self.empty(panel.empty)
        for index, series in enumerate(panel.series):
            self._draw(index, series, panel)
        for bars, line, _ in self._drawn[len(panel.series) :]:
            for item in (bars, line):
                self.removeItem(item)
        del self._drawn[len(panel.series) :]
        self._key(panel)
        self._scale(panel)
        self._draw_image(panel)

    def _dress(self, panel: Panel) -> None:
        self.title = panel.title
        item = self.getPlotItem()
        self.set_axes(panel.x, panel.y, log=panel.log)
        for side, ticks in (("bottom", panel.ticks_x), ("left", panel.ticks_y)):
            axis = item.getAxis(side)
            axis.setTicks([list(ticks)] if ticks else None)
            font = self.font()
            font.setPointSizeF(0.85 * font.pointSizeF())
            axis.setStyle(tickFont=font if ticks else None)
        if panel.ticks_x:
            item.setXRange(-0.6, max(at for at, _ in panel.ticks_x) + 0.6, padding=0)
        if panel.y_range is not None:
            item.setYRange(*panel.y_range, padding=0)

    def _key(self, panel: Panel) -> None:
        entries = tuple(
            entry(one.name, self._colour(one), one.symbol, one.line)
            for one in panel.series
            if one.name and len(one.x)
        )
        if (panel.title, entries) != self._keyed:
            self._keyed = (panel.title, entries)
            titled(self.getPlotItem(), self.theme, panel.title, entries)

    def _scale(self, panel: Panel) -> None:
        """No numbers beside an empty plot."""
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            item.getAxis(side).setStyle(showValues=not panel.empty)

    def _colour(self, series: Series) -> str:
        if series.colour < 0:
            return self.theme.grey
        return self.theme.cycle[series.colour % len(self.theme.cycle)]

    def _draw(self, index: int, series: Series, panel: Panel) -> None:
        looks = (series.name, series.colour, series.symbol, series.line)
        if index < len(self._drawn) and self._drawn[index][2] != looks:
            for bars, line, _ in self._drawn[index:]:
                self.removeItem(bars)
                self.removeItem(line)
            del self._drawn[index:]
        if index == len(self._drawn):
            self._drawn.append((*self._made(series), looks))
        bars, line, _ = self._drawn[index]
        line.setData(series.x, series.y)
        if series.low is None or series.high is None or len(series.x) > MOST_BARS:
            bars.setData([], [])
            return
        low = np.minimum(series.low, series.y)
        if panel.log[1]:
            low = np.where(low > 0, low, series.y)
        ends = np.column_stack([low, np.maximum(series.high, series.y)])
        bars.setData(np.repeat(series.x, 2), ends.ravel(), connect="pairs")

    def _made(self, series: Series) -> tuple[pg.PlotDataItem, pg.PlotDataItem]:
        colour = self._colour(series)
        bars = pg.PlotDataItem(pen=pg.mkPen(colour, width=1))
        pen = pg.mkPen(colour, width=1.5, style=_DASHES[series.line])
        line = pg.PlotDataItem(
            pen=None if series.line == "none" else pen,
            symbol=series.symbol or None,
            symbolSize=6,
            symbolPen=pg.mkPen(colour, width=1),
            symbolBrush=pg.mkBrush(QtGui.QColor(colour)),
            name=series.name or None,
        )
        self.addItem(bars)
        self.addItem(line)
        return bars, line

    def _draw_image(self, panel: Panel) -> None:
        if panel.image is None:
            return
        if self._image is None:
            self._image = pg.ImageItem(axisOrder="row-major")
            self.addItem(self._image)
            self.getPlotItem().invertY(True)
            self.getPlotItem().getViewBox().setAspectLocked(True)
            bar = pg.ColorBarItem(colorMap=self.theme.diverging, interactive=False, width=12)
            bar.setImageItem(self._image, insert_in=self.getPlotItem())
            # Room for a sign and three digits; it does not make room by itself.
            bar.getAxis("right").setWidth(58)
            for side in ("left", "right", "top", "bottom"):
                bar.getAxis(side).setTextPen(self.theme.ink)
                bar.getAxis(side).setPen(self.theme.grey)
            self._bar = bar
            self.words_at = self._value_at
        span = float(np.nanmax(np.abs(panel.image), initial=0.0)) or 1.0
        self._values = panel.image
        self._names = panel.names
        self._image.setImage(panel.image, autoLevels=False)
        self._image.setRect(QtCore.QRectF(-0.5, -0.5, *panel.image.shape[::-1]))
        self._bar.setLevels((-span, span))

    def _value_at(self, x: float, y: float) -> str:
        column, row = round(x), round(y)
        down, across = self._values.shape
        if not (0 <= row < down and 0 <= column < across):
            return ""
        pair = f"{self._names[row]} and {self._names[column]}"
        return f"{pair}: {self._values[row, column]:.3g}"
