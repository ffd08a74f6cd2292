"""The queue as a table for Qt: words and symbols for states, times in words."""

from collections.abc import Sequence
from typing import Any

from PyQt5 import QtCore, QtGui

from mtjlab.gui.theme import Theme
from mtjlab.runner.queue_item import QueueItem

COLUMNS = ("name", "protocol", "bench", "seed", "status", "progress", "time")
STATUS, PROGRESS = COLUMNS.index("status"), COLUMNS.index("progress")
MARKS = {
    "waiting": "○",
    "running": "▶",
    "paused": "‖",
    "finished": "●",
    "failed": "✖",
    "aborted": "■",
    "skipped": "↷",
}
# For the delegate that draws the bar: 0 to 1.
FRACTION = QtCore.Qt.ItemDataRole.UserRole
_Role = QtCore.Qt.ItemDataRole
_TOP = QtCore.QModelIndex()


class QueueModel(QtCore.QAbstractTableModel):
    """Items of a queue.

    Attributes:
        items: as they are shown.
    """

    def __init__(self, theme: Theme, parent: QtCore.QObject | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self.items: tuple[QueueItem, ...] = ()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self._brushes = {
            "failed": QtGui.QBrush(QtGui.QColor(theme.danger)),
            "skipped": QtGui.QBrush(QtGui.QColor(theme.warn)),
            "running": QtGui.QBrush(QtGui.QColor(theme.accent)),
        }

    def show_items(self, items: Sequence[QueueItem]) -> None:
        """These instead: rows change, move, come and go; the others stay selected and in place."""
        keys = {item.key for item in items}
        for row in reversed(range(len(self.items))):
            if self.items[row].key not in keys:
                self.beginRemoveRows(_TOP, row, row)
                self.items = (*self.items[:row], *self.items[row + 1 :])
                self.endRemoveRows()
        for row, item in enumerate(items):
            self._place(item, row)
        changed = [row for row, item in enumerate(items) if self.items[row] != item]
        self.items = tuple(items)
        for row in changed:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def _place(self, item: QueueItem, row: int) -> None:
        """Have it in this row; those above are in theirs."""
        now = self.row_of(item.key)
        if now < 0:
            self.beginInsertRows(_TOP, row, row)
            self.items = (*self.items[:row], item, *self.items[row:])
            self.endInsertRows()
        elif now != row:
            self.beginMoveRows(_TOP, now, now, _TOP, row)
            rest = (*self.items[:now], *self.items[now + 1 :])
            self.items = (*rest[:row], self.items[now], *rest[row:])
            self.endMoveRows()

    def row_of(self, key: int) -> int:
        """Where an item is; -1 if it is gone."""
        return next((row for row, item in enumerate(self.items) if item.key == key), -1)

    def rowCount(self, parent: QtCore.QModelIndex = _TOP) -> int:
        """Of items."""
        return 0 if parent.isValid() else len(self.items)

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
        """Words, a colour for what went wrong, a fraction for the bar."""
        item, column = self.items[index.row()], index.column()
        if role == _Role.DisplayRole:
            return _text(item, COLUMNS[column])
        if role == FRACTION and column == PROGRESS:
            return fraction(item)
        if role == _Role.ForegroundRole and column == STATUS:
            return self._brushes.get(item.status)
        if role == _Role.ToolTipRole:
            return item.error or _text(item, COLUMNS[column])
        return None


def fraction(item: QueueItem) -> float:
    """How much of it is done, 0 to 1."""
    return min(1.0, item.done / item.total) if item.total > 0 else 0.0


def time_words(item: QueueItem) -> str:
    """What is left, or was taken; "unknown" is said, not guessed."""
    if item.outcome is not None:
        return f"took {duration(item.outcome.wall_time_s)}"
    if item.ended:
        return ""
    if item.estimate_s is None:
        return "unknown"
    spent = duration(item.estimate_s)
    return f"about {spent}" if item.status == "waiting" else f"{spent} left"


def duration(seconds: float) -> str:
    """As people say it: 0.4 s, 12 s, 3 min, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _text(item: QueueItem, column: str) -> str:
    match column:
        case "protocol":
            return item.protocol if item.kind == "run" else f"{item.kind} {item.protocol}"
        case "status":
            return f"{MARKS[item.status]} {item.status}"
        case "progress":
            return f"{100 * fraction(item):.0f} %"
        case "time":
            return time_words(item)
        case name:
            return str(getattr(item, name))
