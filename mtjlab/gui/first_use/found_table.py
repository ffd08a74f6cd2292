"""The table of instruments: which are on the bench, who they are, and what serves them."""

from collections.abc import Sequence
from dataclasses import replace

from PyQt5 import QtCore, QtWidgets

from mtjlab.bench.answers import InstrumentAnswer, instruments_of
from mtjlab.core.found import Found

_COLUMNS = ("on my bench", "who it is", "driver", "name")
RESOURCE, KNOWN, DRIVER, NAME = range(4)
_NO_DRIVER = "choose one"


class FoundTable(QtWidgets.QTableWidget):
    """One row for each instrument found or added.

    Attributes:
        changed: a tick, a driver or a name.
    """

    changed = QtCore.pyqtSignal()

    def __init__(
        self, drivers: Sequence[str] = (), parent: QtWidgets.QWidget | None = None
    ) -> None:
        """Args: `drivers`: names of those that are installed."""
        super().__init__(0, len(_COLUMNS), parent)
        self._drivers = tuple(drivers)
        self._found: list[Found] = []
        # Names that were proposed and not typed.
        self._proposed: dict[str, str] = {}
        self.setHorizontalHeaderLabels(_COLUMNS)
        self.setAccessibleName("Instruments")
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setWordWrap(True)
        self.setAlternatingRowColors(True)
        header, side = self.horizontalHeader(), self.verticalHeader()
        assert header is not None
        assert side is not None
        modes = QtWidgets.QHeaderView.ResizeMode
        for column in (RESOURCE, DRIVER, NAME):
            header.setSectionResizeMode(column, modes.ResizeToContents)
        header.setSectionResizeMode(KNOWN, modes.Stretch)
        side.setSectionResizeMode(modes.ResizeToContents)
        side.hide()
        self.itemChanged.connect(self._item_changed)

    @property
    def found(self) -> tuple[Found, ...]:
        """Every row."""
        return tuple(self._found)

    def ticked(self) -> list[Found]:
        """Those on the bench."""
        return [one for row, one in enumerate(self._found) if self._is_ticked(row)]

    def answers(self) -> tuple[InstrumentAnswer, ...]:
        """Those on the bench, as answers."""
        return tuple(
            InstrumentAnswer(
                self._text(row, NAME), self._driver(row), one.resource, one.answer or one.about
            )
            for row, one in enumerate(self._found)
            if self._is_ticked(row)
        )

    def show_found(self, found: Sequence[Found]) -> None:
        """Another search; what was ticked, named or asked stays."""
        listed = {one.resource for one in found}
        kept = {one.resource: one for one in self._found}
        gone = [one for one in self.ticked() if one.resource not in listed]
        for one in (*found, *gone):
            if one.resource not in kept:
                self.add(one)
        stay = {*listed, *(one.resource for one in gone)}
        for row in reversed(range(len(self._found))):
            if self._found[row].resource not in stay:
                del self._found[row]
                self.removeRow(row)
        if self._found and self.currentRow() < 0:
            self.setCurrentCell(0, RESOURCE)
        self.changed.emit()

    def forget(self) -> None:
        """Every row."""
        self._found.clear()
        self.setRowCount(0)
        self.changed.emit()

    def add(self, one: Found, *, ticked: bool = False) -> None:
        """One row below; one that is there already is only ticked."""
        known = [row for row, other in enumerate(self._found) if other.resource == one.resource]
        if known:
            self.tick(known[0], on=ticked or self._is_ticked(known[0]))
            return
        self.blockSignals(True)
        row = self.rowCount()
        self._found.append(one)
        self.insertRow(row)
        flags = QtCore.Qt.ItemFlag
        fixed = QtCore.Qt.ItemFlags(flags.ItemIsEnabled) | flags.ItemIsSelectable
        for column in (RESOURCE, KNOWN, NAME):
            item = QtWidgets.QTableWidgetItem()
            item.setFlags(fixed)
            self.setItem(row, column, item)
        self._item(row, RESOURCE).setFlags(fixed | flags.ItemIsUserCheckable)
        self._item(row, RESOURCE).setCheckState(QtCore.Qt.CheckState.Unchecked)
        self._item(row, RESOURCE).setText(one.resource)
        self._item(row, NAME).setFlags(fixed | flags.ItemIsEditable)
        self.setCellWidget(row, DRIVER, self._choice(one))
        self.blockSignals(False)
        self.show_answer(one)
        self.tick(row, on=ticked)
        if ticked:
            self.scrollToItem(self._item(row, RESOURCE))

    def show_answer(self, one: Found) -> None:
        """What is known of an instrument now."""
        for row, other in enumerate(self._found):
            if other.resource != one.resource:
                continue
            self._found[row] = one
            text = f"✖ {one.silent}" if one.silent else one.told
            self._item(row, KNOWN).setText(text)
            self._item(row, KNOWN).setToolTip(text)
            if one.drivers:
                self._box(row).setCurrentText(one.drivers[0])
            self._propose(row)
            self.changed.emit()

    def tick(self, row: int, *, on: bool = True) -> None:
        """Take it onto the bench, or off it."""
        state = QtCore.Qt.CheckState
        self._item(row, RESOURCE).setCheckState(state.Checked if on else state.Unchecked)

    def _choice(self, one: Found) -> QtWidgets.QComboBox:
        box = QtWidgets.QComboBox()
        box.addItems([_NO_DRIVER, *self._drivers])
        box.setAccessibleName(f"Driver of {one.resource}")
        box.currentIndexChanged.connect(lambda _index: self._driver_changed(one.resource))
        return box

    def _driver_changed(self, resource: str) -> None:
        for row, one in enumerate(self._found):
            if one.resource == resource and self.cellWidget(row, DRIVER) is not None:
                self._propose(row)
                self.changed.emit()

    def _item_changed(self, item: QtWidgets.QTableWidgetItem) -> None:
        if item.column() == RESOURCE:
            self._propose(item.row())
        if item.column() in (RESOURCE, NAME):
            self.changed.emit()

    def _propose(self, row: int) -> None:
        """A name that nobody has, for what is ticked and has a driver and no typed name."""
        one, name = self._found[row], self._text(row, NAME)
        if not self._is_ticked(row) or name != self._proposed.get(one.resource, ""):
            return
        driver = self._driver(row)
        taken = [self._text(r, NAME) for r in range(self.rowCount()) if r != row]
        [answer] = instruments_of(
            [replace(one, drivers=(driver,) if driver else ())], [t for t in taken if t]
        )
        self._proposed[one.resource] = answer.name
        self._item(row, NAME).setText(answer.name)

    def _driver(self, row: int) -> str:
        text = self._box(row).currentText()
        return "" if text == _NO_DRIVER else text

    def _box(self, row: int) -> QtWidgets.QComboBox:
        box = self.cellWidget(row, DRIVER)
        assert isinstance(box, QtWidgets.QComboBox)
        return box

    def _is_ticked(self, row: int) -> bool:
        return self._item(row, RESOURCE).checkState() == QtCore.Qt.CheckState.Checked

    def _text(self, row: int, column: int) -> str:
        return self._item(row, column).text().strip()

    def _item(self, row: int, column: int) -> QtWidgets.QTableWidgetItem:
        item = self.item(row, column)
        assert item is not None
        return item
