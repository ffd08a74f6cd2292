"""A matrix as colours, with a colour bar and the value under the cursor."""

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5 import QtCore, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.axes import UnitAxis, WholeAxis
from mtjlab.gui.views.plot import Plot


class HeatMap(Plot):
    """Rows run downwards; cell (i, j) is centred at y = i, x = j.

    Attributes:
        image: the picture item.
        values: what is shown, in SI units.
        origin: row and column of the first cell.
    """

    def __init__(
        self,
        theme: Theme,
        *,
        diverging: bool = False,
        square: bool = False,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """`diverging` is symmetric about zero; `square` keeps cells square."""
        super().__init__(theme, "", parent)
        self.values: NDArray[np.float64] = np.empty((0, 0))
        self.origin = (0, 0)
        self._unit, self._log, self._diverging = "", False, diverging
        item = self.getPlotItem()
        item.setAxisItems({side: WholeAxis(side) for side in ("left", "bottom")})
        for side in ("left", "bottom"):
            item.getAxis(side).setPen(theme.grey)
            item.getAxis(side).setTextPen(theme.ink)
        item.invertY(True)
        item.showGrid(x=False, y=False)
        item.getViewBox().setAspectLocked(square)
        # Shrinking a large image by averages hides single cells; nothing is averaged here.
        self.image = pg.ImageItem(axisOrder="row-major")
        self.addItem(self.image)
        self.bar = pg.ColorBarItem(
            colorMap=theme.diverging if diverging else theme.colour_map,
            interactive=False,
            width=14,
        )
        self.bar.setImageItem(self.image, insert_in=item)
        for side in ("left", "right", "top", "bottom"):
            self.bar.getAxis(side).setTextPen(theme.ink)
            self.bar.getAxis(side).setPen(theme.grey)
        # Room for a number and a name; it does not make room by itself.
        self.bar.getAxis("right").setWidth(58)
        self.words_at = self.value_at

    def show_values(
        self,
        values: NDArray[np.float64],
        *,
        name: str = "",
        unit: str = "",
        log: bool = False,
        origin: tuple[int, int] = (0, 0),
    ) -> None:
        """Show (n, m) values; what is not finite, or not positive on a logarithm, stays blank."""
        self.values, self.origin, self._unit, self._log = values, origin, unit, log
        with np.errstate(divide="ignore", invalid="ignore"):
            shown = np.log10(values) if log else values
        finite = shown[np.isfinite(shown)]
        if log:
            shown = np.where(np.isfinite(shown), shown, np.nan)
        self.image.setImage(shown.astype(np.float32), autoLevels=False)
        self.image.setRect(
            QtCore.QRectF(origin[1] - 0.5, origin[0] - 0.5, *map(float, shown.shape[::-1]))
        )
        for side, first, count in zip(("left", "bottom"), origin, values.shape, strict=True):
            axis = self.getPlotItem().getAxis(side)
            axis.first, axis.last = first, first + count - 1
        levels = self._levels(finite)
        axis = self.bar.getAxis("right")
        # A pure number has no prefix; pyqtgraph would scale small ones and not say so.
        scaled = None if unit and not log else ()
        axis.setLabel(
            name,
            units=None if log else unit or None,
            siPrefixEnableRanges=scaled,
            color=self.theme.ink,
        )
        axis.setTicks([self._ticks(levels, unit)] if log else None)
        axis.setWidth(78 if log else 58)
        self.bar.setLevels(levels)

    def _ticks(self, levels: tuple[float, float], unit: str) -> list[tuple[float, str]]:
        """Of a logarithm; the bar does not zoom, so that they stay."""
        axis = UnitAxis("right")
        axis.setLogMode(True)
        axis.unit = unit
        found = axis.logTickValues(*levels, max(100.0, 0.7 * self.height()), None)
        return [
            (place, words)
            for spacing, places in found
            for place, words in zip(places, axis.tickStrings(places, 1.0, spacing), strict=True)
            if words
        ]

    def _levels(self, finite: NDArray[np.float64]) -> tuple[float, float]:
        if not finite.size:
            return (0.0, 1.0)
        low, high = float(finite.min()), float(finite.max())
        if self._diverging:
            span = max(abs(low), abs(high)) or 1.0
            return (-span, span)
        return (
            (low, high)
            if high > low
            else (low - 0.5 * abs(low or 1.0), high + 0.5 * abs(high or 1.0))
        )

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column under a point of the axes; None beside the matrix."""
        row, column = math.floor(y + 0.5), math.floor(x + 0.5)
        down, across = self.values.shape
        inside = 0 <= row - self.origin[0] < down and 0 <= column - self.origin[1] < across
        return (row, column) if inside else None

    def value_at(self, x: float, y: float) -> str:
        """Place and value with its unit."""
        cell = self.cell_at(x, y)
        if cell is None:
            return ""
        value = float(self.values[cell[0] - self.origin[0], cell[1] - self.origin[1]])
        if math.isnan(value):
            return f"({cell[0]}, {cell[1]}): no value"
        words = si(value, self._unit) if self._unit else f"{value:.4g}"
        return f"({cell[0]}, {cell[1]}): {words}"
