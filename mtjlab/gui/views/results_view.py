"""What a run came to, in words and numbers with units."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.result_rows import Row, rows_of
from mtjlab.gui.views.view import View

_MARGIN_PX = 12


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
        self.tree.setItemDelegate(_Wrapped(self.tree))
        head = self.tree.header()
        assert head is not None
        head.sectionResized.connect(lambda *_sizes: self.tree.scheduleDelayedItemsLayout())
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

    def export_table(self) -> tuple[list[str], NDArray[np.str_]]:
        """As words; the numbers in full are in `mtjlab show --json`."""
        rows = [line for row in self._rows for line in _lines(row)]
        return ["what", "value"], np.array(rows, dtype=np.str_).reshape(-1, 2)


class _Wrapped(QtWidgets.QStyledItemDelegate):
    """Rows as high as their words need: a tree wraps them, but makes no room for them."""

    def __init__(self, tree: QtWidgets.QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(
        self, option: QtWidgets.QStyleOptionViewItem, index: QtCore.QModelIndex
    ) -> QtCore.QSize:
        size = super().sizeHint(option, index)
        width = self._tree.columnWidth(index.column()) - _MARGIN_PX
        if index.column() == 0 or width <= 0:
            return size
        flags = int(QtCore.Qt.TextFlag.TextWordWrap)
        words = str(index.data() or "")
        box = option.fontMetrics.boundingRect(QtCore.QRect(0, 0, width, 1 << 16), flags, words)
        return QtCore.QSize(size.width(), max(size.height(), box.height() + 4))


def _lines(row: Row, above: str = "") -> Iterator[tuple[str, str]]:
    name = f"{above}{row.name}"
    if row.words:
        yield name, row.words
    for below in row.below:
        yield from _lines(below, f"{name} / ")


def _item(row: Row) -> QtWidgets.QTreeWidgetItem:
    item = QtWidgets.QTreeWidgetItem([row.name, row.words])
    item.setToolTip(1, row.words)
    item.addChildren([_item(below) for below in row.below])
    return item
