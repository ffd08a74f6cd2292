"""Names and values to read and to copy."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets


class FactTable(QtWidgets.QTableWidget):
    """Two columns, read only."""

    def __init__(self, name: str, parent: QtWidgets.QWidget | None = None) -> None:
        """`name` is what a screen reader says."""
        super().__init__(0, 2, parent)
        self.setAccessibleName(name)
        self.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        vertical, across = self.verticalHeader(), self.horizontalHeader()
        assert vertical is not None
        assert across is not None
        vertical.hide()
        across.hide()
        across.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.Stretch)
        across.sectionResized.connect(lambda *_sizes: self.resizeRowsToContents())

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Replace all rows."""
        self.setRowCount(len(facts))
        for row, pair in enumerate(facts):
            for column, words in enumerate(pair):
                item = QtWidgets.QTableWidgetItem(words)
                item.setToolTip(words)
                item.setTextAlignment(
                    QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignTop
                )
                self.setItem(row, column, item)
        self.resizeRowsToContents()
