"""What a run came to, in words and numbers with units."""

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.result_rows import Row, rows_of
from mtjlab.gui.views.view import View


class ResultsView(View):
    """Of every run; complete when it has ended."""

    title = "Results"

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """See `View`."""
        super().__init__(run, theme, parent)
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setAccessibleName("Results, notes and parameters")
        self.tree.setHeaderLabels(["", "value (95 % interval)"])
        self.tree.setAlternatingRowColors(True)
        self.tree.setWordWrap(True)
        self.tree.setUniformRowHeights(False)
        self._rows: tuple[Row, ...] = ()
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tree)
        self.redraw()

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Every run that has an identity."""
        return bool(run.run_id)

    def redraw(self) -> None:
        """Anew if a word has changed; what was open stays open."""
        rows = rows_of(self.run)
        if rows == self._rows:
            return
        self._rows = rows
        closed = {
            item.text(0)
            for item in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount()))
            if item is not None and not item.isExpanded()
        }
        self.tree.clear()
        for row in rows:
            item = _item(row)
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
            self.tree.addTopLevelItem(item)
            item.setExpanded(row.name not in closed)
        self.tree.resizeColumnToContents(0)

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Words are no table of numbers; `mtjlab show --json` has them."""
        return [], np.empty((0, 0))


def _item(row: Row) -> QtWidgets.QTreeWidgetItem:
    item = QtWidgets.QTreeWidgetItem([row.name, row.words])
    item.setToolTip(1, row.words)
    item.addChildren([_item(below) for below in row.below])
    return item
