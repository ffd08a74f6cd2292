"""The trace of one channel in a plot: a bar for each column of pixels, or a line where samples fit.

Bars are filled, not stroked: a line through the extremes of as many columns takes Qt 2.6 times as
long, and eight traces thirty times a second are most of what a rolling scope costs.
"""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5 import QtCore, QtGui, QtWidgets, sip

from mtjlab.gui.live.shown import Shown

_BYTES_PER_RECT = 4 * 8


class TraceItem(pg.GraphicsObject):
    """What is shown of a channel; the axes are the plot's and never follow it by themselves."""

    def __init__(self, name: str, pen: QtGui.QPen) -> None:
        super().__init__()
        self._name = name
        self._pen = pen
        self._shown: Shown | None = None
        self._channel = 0
        self._origin_s = 0.0
        self._path: QtGui.QPainterPath | None = None
        # Rectangles of Qt and, as (n, 4), the same memory: left, bottom, width and height.
        self._bars: Any = None
        self._values = np.empty((0, 4))
        self._least = 0.0

    def show_trace(self, shown: Shown, channel: int, origin_s: float) -> None:
        """Draw this, with the time `origin_s` at 0."""
        self._shown, self._channel, self._origin_s = shown, channel, origin_s
        self._path, self._least = None, -1.0
        self.update()

    # -- as plots ask of their curves ---------------------------------------------------------

    def implements(self, interface: str) -> bool:
        """A curve among others: legends and tables have it."""
        return interface == "plotData"

    def name(self) -> str:
        """Of the channel."""
        return self._name

    def getData(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """X and y of the line through all of it; nan where a gap breaks it."""
        if self._shown is None:
            return np.empty(0), np.empty(0)
        return self._shown.points(self._channel, self._origin_s)

    getOriginalDataset = getData

    def dataBounds(
        self, ax: int, frac: float = 1.0, orthoRange: object = None
    ) -> tuple[float | None, float | None]:
        """For whoever resets the zoom."""
        values = self.getData()[ax]
        some = values[np.isfinite(values)]
        return (float(some.min()), float(some.max())) if len(some) else (None, None)

    def boundingRect(self) -> QtCore.QRectF:
        """All that is in sight."""
        return QtCore.QRectF(self.viewRect())

    # -- painting -----------------------------------------------------------------------------

    def paint(
        self,
        painter: QtGui.QPainter,
        _option: QtWidgets.QStyleOptionGraphicsItem,
        _widget: QtWidgets.QWidget | None = None,
    ) -> None:
        """In the window's thread, by Qt."""
        shown = self._shown
        if shown is None or not len(shown.time_s):
            return
        if shown.single or not shown.narrow:
            self._paint_line(painter, shown)
        else:
            self._paint_bars(painter, shown)

    def _paint_line(self, painter: QtGui.QPainter, shown: Shown) -> None:
        if self._path is None:
            x, y = self.getData()
            connect = "finite" if shown.joins else "all"
            self._path = pg.arrayToQPath(x, y, connect=connect, finiteCheck=False)
        painter.setPen(self._pen)
        painter.drawPath(self._path)

    def _paint_bars(self, painter: QtGui.QPainter, shown: Shown) -> None:
        scale = abs(painter.worldTransform().m22())
        # A bar of no height would not be seen.
        least = 1.0 / scale if scale else 0.0
        if self._least != least:
            self._least = least
            self._fill(shown, least)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(self._pen.color())
        painter.drawRects(self._bars)

    def _fill(self, shown: Shown, least: float) -> None:
        low, high = shown.joined(self._channel)
        left = shown.time_s - self._origin_s
        some = np.isfinite(low + high)
        if not some.all():
            low, high, left = low[some], high[some], left[some]
        n = len(left)
        if self._bars is None or len(self._values) != n:
            # Its stub knows no arguments.
            self._bars = sip.array(QtCore.QRectF, n)  # type: ignore[call-arg]
            memory: Any = sip.voidptr(self._bars, n * _BYTES_PER_RECT)
            self._values = np.frombuffer(memory, dtype=np.float64).reshape(n, 4)
        height = np.maximum(high - low, least)
        self._values[:, 0] = left
        self._values[:, 1] = 0.5 * (low + high - height)
        self._values[:, 2] = shown.width_s
        self._values[:, 3] = height
