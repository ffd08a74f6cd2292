"""The catalogue as a table for Qt: ten thousand rows, of which only the visible ones are asked."""

from collections.abc import Sequence
from typing import Any

from PyQt5 import QtCore, QtGui

from mtjlab.gui.runs.thumbnails import Thumbnails
from mtjlab.gui.theme import Theme
from mtjlab.store import Entry

COLUMNS = ("run", "protocol", "bench", "seed", "status", "results", "tags", "notes", "chip")
MARKS = {
    "finished": "●",
    "running": "▶",
    "aborted": "■",
    "failed": "✖",
    "died": "✝",
    "unreadable": "?",
}
_Role = QtCore.Qt.ItemDataRole
_TOP = QtCore.QModelIndex()


class RunsModel(QtCore.QAbstractTableModel):
    """Entries of the catalogue, sorted by a column.

    Attributes:
        entries: as they are shown.
        thumbnails: of the runs, in the first column; None shows none.
    """

    def __init__(self, theme: Theme, parent: QtCore.QObject | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.thumbnails: Thumbnails | None = None
        self._sorted: tuple[int, bool] = (0, True)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        bad, quiet = QtGui.QBrush(QtGui.QColor(theme.danger)), QtGui.QColor(theme.grey)
        self._brushes = {
            "failed": bad,
            "died": bad,
            "unreadable": bad,
            "aborted": QtGui.QBrush(quiet),
            "running": QtGui.QBrush(QtGui.QColor(theme.accent)),
        }

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """These instead; nothing happens where they are the same."""
        ordered = self._ordered(entries)
        if ordered == self.entries:
            return
        if [e.path for e in ordered] == [e.path for e in self.entries]:
            self.entries = ordered
            last = self.index(len(ordered) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.entries = ordered
        self.endResetModel()

    def row_of(self, path: str) -> int:
        """Where a run is; -1 if it is not shown."""
        return next((i for i, entry in enumerate(self.entries) if entry.path == path), -1)

    def rowCount(self, parent: QtCore.QModelIndex = _TOP) -> int:
        """Of runs."""
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: QtCore.QModelIndex = _TOP) -> int:
        """Of `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: QtCore.Qt.Orientation, role: int = _Role.DisplayRole
    ) -> Any:
        """Their names."""
        if orientation == QtCore.Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: QtCore.QModelIndex, role: int = _Role.DisplayRole) -> Any:
        """Words, and for what went wrong also a colour."""
        if role == _Role.DisplayRole:
            return _text(self.entries[index.row()], index.column())
        if role == _Role.ForegroundRole and index.column() == 4:
            return self._brushes.get(self.entries[index.row()].status)
        if role == _Role.DecorationRole and index.column() == 0 and self.thumbnails is not None:
            return self.thumbnails.of(self.entries[index.row()].path)
        if role == _Role.ToolTipRole:
            entry = self.entries[index.row()]
            return entry.error or _text(entry, index.column())
        return None

    def sort(
        self, column: int, order: QtCore.Qt.SortOrder = QtCore.Qt.SortOrder.AscendingOrder
    ) -> None:
        """By a column; the newest first within equals."""
        self._sorted = (column, order == QtCore.Qt.SortOrder.DescendingOrder)
        ordered = self._ordered(self.entries)
        self.layoutAboutToBeChanged.emit()
        old = [self.entries[index.row()].path for index in self.persistentIndexList()]
        self.entries = ordered
        rows = {entry.path: row for row, entry in enumerate(ordered)}
        for index, path in zip(self.persistentIndexList(), old, strict=True):
            self.changePersistentIndex(index, self.index(rows[path], index.column()))
        self.layoutChanged.emit()

    def _ordered(self, entries: Sequence[Entry]) -> list[Entry]:
        column, descending = self._sorted
        newest = sorted(entries, key=lambda e: (e.day, e.number), reverse=True)
        if column == 0:
            return newest if descending else newest[::-1]
        return sorted(newest, key=lambda entry: _rank(entry, column), reverse=descending)


def _rank(entry: Entry, column: int) -> tuple[int, str]:
    """Numbers by their size, words by their letters."""
    text = entry.status if COLUMNS[column] == "status" else _text(entry, column).lower()
    return (int(text), "") if text.isdigit() else (-1, text)


def _text(entry: Entry, column: int) -> str:
    match COLUMNS[column]:
        case "run":
            return f"{entry.day}/{entry.number:03d}" if entry.day else entry.path
        case "bench":
            return f"{entry.bench} SIM" if entry.twin else entry.bench
        case "status":
            return f"{MARKS.get(entry.status, '?')} {entry.status}"
        case "results":
            return entry.headline or (entry.error or "")[:80]
        case "tags":
            return " ".join(f"#{tag}" for tag in entry.tags)
        case "notes":
            return entry.notes.partition("\n")[0]
        case name:
            return str(getattr(entry, name))
