"""A small table of texts: groups of junctions by row, keys of the bench file by column."""

from collections.abc import Mapping, Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.bench.following import following


class GroupTable(QtWidgets.QTableWidget):
    """Every cell is text as typed; an empty row is no group.

    Attributes:
        changed: a cell.
        keys: of the columns.
    """

    changed = QtCore.pyqtSignal()

    def __init__(
        self,
        columns: Mapping[str, tuple[str, str]],
        name: str,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """One empty row.

        Args:
            columns: key -> heading and example.
            name: for screen readers.
            parent: of the widget.
        """
        super().__init__(1, len(columns), parent)
        self.keys = tuple(columns)
        self._wrong: dict[tuple[int, int], str] = {}
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels([heading for heading, _ in columns.values()])
        self.setItemDelegate(_Hint([example for _, example in columns.values()], self))
        header = self.horizontalHeader()
        assert header is not None
        header.setMinimumSectionSize(40)
        self._weights = [
            max(2 + len(example), *(4 + len(line) for line in heading.split("\n")))
            for heading, example in columns.values()
        ]
        # Not by mere selection: several cells are selected to be filled.
        triggers = QtWidgets.QAbstractItemView.EditTrigger
        self.setEditTriggers(
            QtWidgets.QAbstractItemView.EditTriggers(triggers.DoubleClicked)
            | triggers.AnyKeyPressed
            | triggers.EditKeyPressed
        )
        self.itemChanged.connect(lambda _item: self.changed.emit())
        self.setCurrentCell(0, 0)

    def groups(self) -> list[dict[str, str]]:
        """Texts by key, of rows that are not empty."""
        return [self._texts(row) for row in self._used()]

    def put(self, row: int, key: str, text: str) -> None:
        """Write one cell; rows are added as needed."""
        while row >= self.rowCount():
            self.insertRow(self.rowCount())
        column = self.keys.index(key)
        item = self.item(row, column)
        if item is None:
            item = QtWidgets.QTableWidgetItem()
            self.setItem(row, column, item)
        item.setText(text)

    def add_row(self) -> None:
        """An empty one below, and go there."""
        self.insertRow(self.rowCount())
        self.setCurrentCell(self.rowCount() - 1, 0)
        self.setFocus()

    def remove_row(self) -> None:
        """The current one; the last one is only emptied."""
        if self.rowCount() > 1:
            self.removeRow(max(0, self.currentRow()))
        else:
            for column in range(len(self.keys)):
                self.takeItem(0, column)
        self.changed.emit()

    def fill_down(self) -> None:
        """Go on in the cells below: `daq/ai0:7` with `daq/ai8:15`, a resistor with itself.

        Several selected lines: from the first down to the last. One: into the line below it, the
        selected cells, or the whole line if that one is new or empty.
        """
        blocks = self.selectedRanges()
        if not blocks:
            return
        top = min(block.topRow() for block in blocks)
        bottom = max(block.bottomRow() for block in blocks)
        columns = sorted({c for b in blocks for c in range(b.leftColumn(), b.rightColumn() + 1)})
        one = top == bottom
        if one and (top + 1 >= self.rowCount() or not any(self._texts(top + 1).values())):
            columns = list(range(len(self.keys)))
        for row in range(top + 1, bottom + (2 if one else 1)):
            for column in columns:
                if above := self._text(row - 1, column):
                    self.put(row, self.keys[column], following(self.keys[column], above))
        if one and bottom + 1 < self.rowCount():
            self._select(bottom + 1, columns)

    def mark(self, wrong: Mapping[tuple[int, str], str]) -> None:
        """Mark cells that are wrong: (group, key) -> sentence; "" for no certain column."""
        used = self._used()
        self._wrong = {
            (used[group], self.keys.index(key)): sentence
            for (group, key), sentence in wrong.items()
            if group < len(used) and key in self.keys
        }
        view = self.viewport()
        assert view is not None
        view.update()

    def wrong_at(self, row: int, column: int) -> str:
        """What is wrong with a cell; empty: nothing."""
        return self._wrong.get((row, column), "")

    def row_of(self, group: int) -> int:
        """Row in the table of a group that is not empty, from 0."""
        used = self._used()
        return used[group] if group < len(used) else group

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Columns share the width by what stands in them."""
        super().resizeEvent(event)
        view = self.viewport()
        assert view is not None
        for column, weight in enumerate(self._weights):
            self.setColumnWidth(column, view.width() * weight // sum(self._weights))

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Delete empties cells; Tab leaves the table from its last cell."""
        assert event is not None
        if event.key() in (QtCore.Qt.Key.Key_Delete, QtCore.Qt.Key.Key_Backspace):
            for item in self.selectedItems():
                item.setText("")
            return
        super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes on to the next widget from the last cell, and back from the first."""
        ends = (self.rowCount() - 1, len(self.keys) - 1) if forward else (0, 0)
        if (self.currentRow(), self.currentColumn()) == ends:
            self.setTabKeyNavigation(False)
            moved = super().focusNextPrevChild(forward)
            self.setTabKeyNavigation(True)
            return moved
        return super().focusNextPrevChild(forward)

    def _select(self, row: int, columns: Sequence[int]) -> None:
        model, own = self.selectionModel(), self.model()
        assert model is not None
        assert own is not None
        # Not by setCurrentCell: with Ctrl held down it would only add to the selection.
        self.clearSelection()
        model.setCurrentIndex(
            own.index(row, columns[0]), QtCore.QItemSelectionModel.SelectionFlag.NoUpdate
        )
        for column in columns:
            place = QtWidgets.QTableWidgetSelectionRange(row, column, row, column)
            self.setRangeSelected(place, True)

    def _used(self) -> list[int]:
        return [row for row in range(self.rowCount()) if any(self._texts(row).values())]

    def _texts(self, row: int) -> dict[str, str]:
        return {key: self._text(row, column) for column, key in enumerate(self.keys)}

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return "" if item is None else item.text().strip()


class _Hint(QtWidgets.QStyledItemDelegate):
    """Empty cells say in grey what could stand there; wrong ones begin with a cross."""

    def __init__(self, examples: Sequence[str], table: GroupTable) -> None:
        super().__init__(table)
        self._examples, self._table = tuple(examples), table

    def initStyleOption(
        self, option: QtWidgets.QStyleOptionViewItem | None, index: QtCore.QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        assert option is not None
        roles = QtGui.QPalette.ColorRole
        if not option.text:
            option.text = self._examples[index.column()]
            option.font.setItalic(True)
            grey = option.palette.color(roles.PlaceholderText)
            option.palette.setColor(roles.Text, grey)
        if self._table.wrong_at(index.row(), index.column()):
            option.text = f"✖ {option.text}"
            option.font.setBold(True)
