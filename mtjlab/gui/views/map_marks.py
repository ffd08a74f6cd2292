"""What lies over a map: crosses on cells that cannot be used, symbols of verdicts, the cursor."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from mtjlab.gui.theme import Theme

# More marks than these in view would hide the map, and take long to draw.
MOST_MARKS = 4096
SYMBOLS = ("", "s", "o", "x", "t", "d", "+", "star", "t1", "p")
WORDS = ("", "■", "●", "✕", "▼", "◆", "✚", "★", "▲", "⬟")


class Marks:
    """Marks on one map; too many to tell apart are not drawn."""

    def __init__(self, plot: pg.PlotWidget, theme: Theme) -> None:
        """Adds its items to `plot`."""
        self._theme = theme
        self.crosses = pg.PlotDataItem(pen=pg.mkPen("#ffffff", width=1.2))
        self._shadow = pg.PlotDataItem(pen=pg.mkPen("#000000", width=3))
        self.symbols = pg.ScatterPlotItem(pxMode=True)
        self.cursor = pg.PlotDataItem(pen=pg.mkPen(theme.danger, width=3))
        for item in (self._shadow, self.crosses, self.symbols, self.cursor):
            plot.addItem(item, ignoreBounds=True)

    def cross(self, cells: NDArray[np.int64]) -> None:
        """Cross out these cells, (k, 2)."""
        shown = cells if len(cells) <= MOST_MARKS else cells[:0]
        row, column = shown[:, 0:1].astype(np.float64), shown[:, 1:2].astype(np.float64)
        # Two strokes for each cell.
        x = (column + np.array([[-0.36, 0.36, -0.36, 0.36]])).ravel()
        y = (row + np.array([[-0.36, 0.36, 0.36, -0.36]])).ravel()
        for item in (self._shadow, self.crosses):
            item.setData(x, y, connect="pairs")

    def words(self, cells: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
        """Put the symbol of its word on each cell."""
        if len(cells) > MOST_MARKS:
            cells, codes = cells[:0], codes[:0]
        self.symbols.setData(
            x=cells[:, 1],
            y=cells[:, 0],
            symbol=[SYMBOLS[code % len(SYMBOLS)] or "o" for code in codes],
            size=9,
            pen=pg.mkPen("#000000", width=1),
            brush=pg.mkBrush("#ffffff"),
        )

    def frame(self, cell: tuple[int, int] | None) -> None:
        """Frame the cell that is chosen."""
        if cell is None:
            self.cursor.setData([], [])
            return
        half = 0.5
        self.cursor.setData(
            cell[1] + half * np.array([-1, 1, 1, -1, -1]),
            cell[0] + half * np.array([-1, -1, 1, 1, -1]),
        )
