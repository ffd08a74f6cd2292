"""The instruments of a bench as a table: who is there, in what state, and what went wrong last."""

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.theme import Theme
from mtjlab.runner.bench_state import InstrumentState

COLUMNS = ("instrument", "state", "identity", "resource")


class Instruments(QtWidgets.QTreeWidget):
    """One row for each instrument or channel; the words of an error stand below its row."""

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._theme = theme
        self._shown: tuple[InstrumentState, ...] = ()
        self.setHeaderLabels(list(COLUMNS))
        self.setRootIsDecorated(False)
        self.setIndentation(12)
        self.setWordWrap(True)
        self.setUniformRowHeights(False)
        self.setAccessibleName("Instruments")
        header = self.header()
        assert header is not None
        header.setSectionResizeMode(QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self._theme = theme
        shown, self._shown = self._shown, ()
        self.show_instruments(shown)

    def show_instruments(self, found: tuple[InstrumentState, ...]) -> None:
        """As they are now; where nothing has changed nothing moves."""
        if found == self._shown:
            return
        same = [one.name for one in found] == [one.name for one in self._shown]
        errors = [bool(one.error) for one in found] == [bool(one.error) for one in self._shown]
        if not (same and errors):
            self.clear()
            for one in found:
                row = QtWidgets.QTreeWidgetItem(self)
                row.setExpanded(True)
                if one.error:
                    below = QtWidgets.QTreeWidgetItem(row)
                    below.setFirstColumnSpanned(True)
                    row.setExpanded(True)
                    self.setItemWidget(below, 0, _error_label())
        for index, one in enumerate(found):
            row_there = self.topLevelItem(index)
            assert row_there is not None
            self._fill(row_there, one)
        self._shown = found
        self._fit()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Errors are as wide as there is room."""
        super().resizeEvent(event)
        self._fit()

    def error_label(self, row: QtWidgets.QTreeWidgetItem | None) -> QtWidgets.QLabel | None:
        """The words below an instrument, where something went wrong with it."""
        below = None if row is None else row.child(0)
        label = None if below is None else self.itemWidget(below, 0)
        return label if isinstance(label, QtWidgets.QLabel) else None

    def _fit(self) -> None:
        viewport = self.viewport()
        assert viewport is not None
        width = max(80, viewport.width() - 2 * self.indentation())
        for index in range(self.topLevelItemCount()):
            row = self.topLevelItem(index)
            label = self.error_label(row)
            if row is None or label is None:
                continue
            height = label.heightForWidth(width)
            label.setFixedSize(width, height)
            below = row.child(0)
            assert below is not None
            below.setSizeHint(0, QtCore.QSize(width, height + 4))

    def _fill(self, row: QtWidgets.QTreeWidgetItem, one: InstrumentState) -> None:
        mark, colour = self._mark(one)
        texts = (one.name, f"{mark} {one.state}", one.identity or one.plugin, one.resource)
        for column, text in enumerate(texts):
            row.setText(column, text)
            row.setToolTip(column, f"{one.name}: {one.state}\n{one.identity}\n{one.resource}")
        row.setForeground(1, QtGui.QBrush(QtGui.QColor(colour)))
        label = self.error_label(row)
        if label is not None:
            label.setText(one.error)
            label.setAccessibleName(f"What is wrong with {one.name}")
            label.setStyleSheet(f"color: {self._theme.danger}")

    def _mark(self, one: InstrumentState) -> tuple[str, str]:
        if not one.answers:
            return "✖", self._theme.danger
        if one.output_on:
            return "⚡", self._theme.danger
        return "●", self._theme.ok

    def selected_text(self) -> str:
        """All that is known of the selected instrument, for the clipboard."""
        item = self.currentItem()
        if item is None:
            return ""
        item = item.parent() or item
        index = self.indexOfTopLevelItem(item)
        one = self._shown[index]
        return "\n".join(
            t for t in (one.name, one.state, one.identity, one.resource, one.error) if t
        )

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Ctrl+C copies what is known of the instrument."""
        if event is not None and event.matches(QtGui.QKeySequence.StandardKey.Copy):
            board = QtWidgets.QApplication.clipboard()
            assert board is not None
            board.setText(self.selected_text())
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QtCore.QSize:
        """Room for a few instruments."""
        return QtCore.QSize(360, 120)


def _error_label() -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
    return label
