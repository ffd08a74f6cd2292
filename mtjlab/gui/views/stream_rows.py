"""The newest rows of a stream as a table that asks for no more than is seen."""

from typing import Any

from PyQt5 import QtCore

from mtjlab.core.quantity_names import unit_of
from mtjlab.gui.live.table import Table

MOST_ROWS, MOST_COLUMNS = 200, 64


class StreamRows(QtCore.QAbstractTableModel):
    """Newest row first."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Empty until `show_table`."""
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self._unit = ""
        self._rows: Any = []
        self._last = 0

    def show_table(self, table: Table | None) -> None:
        """The newest rows of this stream as they are now."""
        self.beginResetModel()
        if table is None:
            self._columns, self._rows, self._last = (), [], 0
        else:
            rows = table.rows
            self._columns = table.columns[:MOST_COLUMNS]
            self._unit = table.stream.unit
            self._last = table.first + len(rows)
            self._rows = rows[-MOST_ROWS:].reshape(-1, len(table.columns))
        self.endResetModel()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Rows kept in sight."""
        return len(self._rows)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Values of a row, up to a number that can be read."""
        return len(self._columns)

    def data(
        self, index: QtCore.QModelIndex, role: int = QtCore.Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Six digits."""
        if role == QtCore.Qt.ItemDataRole.TextAlignmentRole:
            return QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
        if role != QtCore.Qt.ItemDataRole.DisplayRole:
            return None
        value = self._rows[len(self._rows) - 1 - index.row()][index.column()]
        return f"{value:.6g}" if value.dtype.kind in "fui" else str(value)

    def headerData(
        self,
        section: int,
        orientation: QtCore.Qt.Orientation,
        role: int = QtCore.Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Column with its unit; number of the row in the run."""
        if role != QtCore.Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == QtCore.Qt.Orientation.Vertical:
            return str(self._last - 1 - section)
        name = self._columns[section]
        unit = self._unit or unit_of(name)
        return f"{name} ({unit})" if unit else name
