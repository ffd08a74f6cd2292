"""Which junctions a view draws: a list to pick from, and a way to pick the usual ones."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.views.panel import MOST_NAMED, cell_words

Cell = tuple[int, int]


class JunctionList(QtWidgets.QWidget):
    """Any number of junctions may be picked; the first few are, to begin with.

    Attributes:
        changed: the picked junctions are others.
    """

    changed = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Hidden until there are two junctions to choose from."""
        super().__init__(parent)
        self.cells: list[Cell] = []
        label = QtWidgets.QLabel("&Junctions")
        self._list = QtWidgets.QListWidget()
        self._list.setAccessibleName("Junctions to draw")
        self._list.setToolTip("Ctrl or Shift with a click picks several; Ctrl+A all")
        self._list.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setMaximumWidth(92)
        label.setBuddy(self._list)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 0, 4)
        layout.addWidget(label)
        layout.addWidget(self._list)
        self._list.itemSelectionChanged.connect(self.changed)
        self.hide()

    def offer(self, cells: Sequence[Cell]) -> None:
        """Add the junctions that are new."""
        known = set(self.cells)
        fresh = [cell for cell in cells if cell not in known]
        if not fresh:
            return
        self._list.blockSignals(True)
        for cell in fresh:
            self.cells.append(cell)
            item = QtWidgets.QListWidgetItem(cell_words(cell))
            self._list.addItem(item)
            item.setSelected(len(self.cells) <= MOST_NAMED)
        self._list.blockSignals(False)
        self.setVisible(len(self.cells) > 1)

    def picked(self) -> tuple[Cell, ...]:
        """In the order of the list; all of them where none is picked."""
        rows = sorted(index.row() for index in self._list.selectedIndexes())
        return tuple(self.cells[row] for row in rows) or tuple(self.cells)

    def pick(self, cell: Cell) -> None:
        """This one alone."""
        if cell in self.cells:
            self._list.setCurrentRow(
                self.cells.index(cell), QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
