"""Traces under each other on one axis of time, two points to a pixel column."""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtCore, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.live.shown import Shown
from mtjlab.gui.live.timeline import Gap
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.plot import Plot
from mtjlab.gui.views.trace_item import TraceItem

LEFT_PX, RIGHT_PX, BOTTOM_PX, LEAST_PX = 70, 72, 40, 44
# A range of volts is kept until it is left, or twice too wide.
_MARGIN = 0.08


class ScopePlots(QtWidgets.QWidget):
    """A plot for each channel shown.

    Attributes:
        moved: begin and end that the mouse has made of the axis of time.
        chosen: the place of a plot that was clicked.
        resized: other columns are to be drawn.
        reset: everything is to be seen again.
    """

    moved = QtCore.pyqtSignal(float, float)
    chosen = QtCore.pyqtSignal(int)
    resized = QtCore.pyqtSignal()
    reset = QtCore.pyqtSignal()

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.plots: list[Plot] = []
        self._names: list[pg.TextItem] = []
        self.curves: list[TraceItem] = []
        self._volts: list[tuple[float, float]] = []
        self._gaps: list[list[pg.LinearRegionItem]] = []
        self._gap_words: list[pg.TextItem] = []
        self._axis: tuple[float, float] | None = None
        self._following: bool | None = None
        self._layout = QtWidgets.QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def show_channels(self, names: Sequence[str], unit: str) -> None:
        """Make a plot for each name."""
        for plot in self.plots:
            self._layout.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        self.plots, self.curves, self._volts, self._names = [], [], [], []
        self._gaps, self._gap_words, self._axis, self._following = [], [], None, None
        for index, name in enumerate(names):
            plot = Plot(self._theme)
            plot.title = name
            plot.reset = self.reset.emit
            plot.setAccessibleName(f"trace of {name}")
            plot.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
            plot.set_axes(("", "s"), ("", unit))
            item = plot.getPlotItem()
            item.layout.setContentsMargins(2, 0, RIGHT_PX, 0)
            item.showGrid(x=True, y=False, alpha=0.25)
            item.getAxis("left").setWidth(LEFT_PX)
            # Half a number at the border of two plots is none.
            item.getAxis("left").setStyle(hideOverlappingLabels=True)
            item.getAxis("left").setTickDensity(0.6)
            box = item.getViewBox()
            box.disableAutoRange()
            box.setMouseEnabled(x=True, y=False)
            box.sigRangeChangedManually.connect(
                lambda _mask, box=box: self.moved.emit(*box.viewRange()[0])
            )
            plot.scene().sigMouseClicked.connect(
                lambda event, index=index: self._clicked(event, index)
            )
            if index == len(names) - 1:
                item.getAxis("bottom").setHeight(BOTTOM_PX)
                # Milliseconds, but nobody says kiloseconds.
                item.getAxis("bottom").setSIPrefixEnableRanges(((0.0, 1.0),))
            else:
                # Eight axes that say the same would take longer to draw than the traces.
                item.showGrid(x=False, y=False)
                item.hideAxis("bottom")
            # Names tell traces apart: dashes would be no samples.
            pen = self._theme.pen(index % len(self._theme.cycle), width=1)
            curve = TraceItem(name, pen)
            plot.addItem(curve)
            self._layout.addWidget(plot)
            label = pg.TextItem("", anchor=(0, 0))
            label.setParentItem(item)
            self._names.append(label)
            self.plots.append(plot)
            self.curves.append(curve)
            self._volts.append((0.0, 0.0))
            self._gaps.append([])
        self._share_height()

    @property
    def columns(self) -> int:
        """Of pixels of the screen, of which a scaled window has more than it says; never fewer."""
        if not self.plots:
            return 100
        plot = self.plots[0]
        width: float = plot.getPlotItem().getViewBox().width() * plot.devicePixelRatioF()
        return max(100, 1 + math.ceil(width))

    def mark(self, place: int | None) -> None:
        """Which one is analysed."""
        for index, (plot, label) in enumerate(zip(self.plots, self._names, strict=True)):
            marked = index == place
            label.setColor(self._theme.ink if marked else self._theme.grey)
            label.setText(f"▸ {plot.title}" if marked else plot.title)

    def draw(
        self, shown: Shown, gaps: Sequence[Gap], from_s: float, to_s: float, *, following: bool
    ) -> None:
        """Everything between two times; where it follows, time is counted back from now."""
        # The right edge is that of a whole column, so that none moves by part of a pixel.
        origin_s = max(to_s, shown.end_s) if following else 0.0
        if following and shown.end_s > 0.0 and not shown.single:
            origin_s = shown.end_s
        span_s = to_s - from_s
        axis = (-span_s, 0.0) if following else (from_s, to_s)
        for index, curve in enumerate(self.curves):
            curve.show_trace(shown, index, origin_s)
            self._range_volts(index, shown.limits(index))
        if axis != self._axis:
            self._axis = axis
            for plot in self.plots:
                plot.getPlotItem().getViewBox().setRange(
                    xRange=axis, padding=0.0, update=True, disableAutoRange=False
                )
        self._name_time(following)
        for plot, label in zip(self.plots, self._names, strict=True):
            label.setPos(plot.getPlotItem().width() - RIGHT_PX, 0.0)
        self._draw_gaps(gaps, origin_s)

    def _name_time(self, following: bool) -> None:
        if following == self._following or not self.plots:
            return
        self._following = following
        words = "time before the newest sample" if following else "time since the trace began"
        self.plots[-1].getPlotItem().getAxis("bottom").setLabel(
            words, units="s", color=self._theme.ink
        )

    def _range_volts(self, index: int, limits: tuple[float, float] | None) -> None:
        if limits is None or not np.isfinite(limits).all():
            return
        low, high = limits
        now_low, now_high = self._volts[index]
        fits = now_low <= low and high <= now_high
        if fits and now_high - now_low < 2.0 * (1.0 + 2.0 * _MARGIN) * (high - low):
            return
        margin = _MARGIN * (high - low) or 0.05 * abs(high) or 1.0
        self._volts[index] = low - margin, high + margin
        box = self.plots[index].getPlotItem().getViewBox()
        box.setRange(yRange=self._volts[index], padding=0.0, disableAutoRange=False)

    def _draw_gaps(self, gaps: Sequence[Gap], origin_s: float) -> None:
        for regions, plot in zip(self._gaps, self.plots, strict=True):
            while len(regions) < len(gaps):
                region = pg.LinearRegionItem(
                    movable=False,
                    brush=pg.mkBrush(self._theme.faint),
                    pen=pg.mkPen(self._theme.grey, style=QtCore.Qt.PenStyle.DashLine),
                )
                region.setZValue(-5)
                plot.addItem(region, ignoreBounds=True)
                regions.append(region)
            for number, region in enumerate(regions):
                region.setVisible(number < len(gaps))
                if number < len(gaps):
                    gap = gaps[number]
                    region.setRegion((gap.at_s - origin_s, gap.end_s - origin_s))
        self._word_gaps(gaps, origin_s)

    def _word_gaps(self, gaps: Sequence[Gap], origin_s: float) -> None:
        while self.plots and len(self._gap_words) < len(gaps):
            words = pg.TextItem("", color=self._theme.ink, anchor=(0, 0))
            self.plots[0].addItem(words, ignoreBounds=True)
            self._gap_words.append(words)
        for number, words in enumerate(self._gap_words):
            words.setVisible(number < len(gaps))
            if number < len(gaps):
                gap = gaps[number]
                length = "of unknown length" if gap.length_s is None else si(gap.length_s, "s", 3)
                words.setText(f"gap {length}")
                words.setPos(gap.at_s - origin_s, self._volts[0][1])

    def _clicked(self, event: object, index: int) -> None:
        if getattr(event, "button", lambda: None)() == QtCore.Qt.MouseButton.LeftButton:
            self.chosen.emit(index)

    def resizeEvent(self, event: object) -> None:
        """All traces are as high as each other; the last one has the axis below it."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share_height()
        self.resized.emit()

    def _share_height(self) -> None:
        if not self.plots:
            return
        each = max(LEAST_PX, (self.height() - BOTTOM_PX) // len(self.plots))
        for plot in self.plots[:-1]:
            plot.setFixedHeight(each)
        self.plots[-1].setMinimumHeight(each + BOTTOM_PX)
        self.setMinimumHeight(LEAST_PX * len(self.plots) + BOTTOM_PX)
