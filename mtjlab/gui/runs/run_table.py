"""The list of runs, which stays where it was when new runs arrive."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.runs.model import RunsModel
from mtjlab.gui.runs.thumbnails import SIZE, Thumbnails
from mtjlab.store import Entry

# Of the columns, in letters of the usual width.
_LETTERS = (17, 17, 12, 12, 16, 42, 12, 24, 10)
_Flag = QtCore.QItemSelectionModel.SelectionFlag


class RunTable(QtWidgets.QTableView):
    """Rows of a `RunsModel`; one, two or more can be selected."""

    def __init__(self, model: RunsModel, parent: QtWidgets.QWidget | None = None) -> None:
        """`model` is shown and sorted, and stays its own."""
        super().__init__(parent)
        self.runs = model
        self.setModel(model)
        self.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, QtCore.Qt.SortOrder.DescendingOrder)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Runs")
        self.setIconSize(SIZE)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None
        assert heads is not None
        rows.hide()
        heads.setStretchLastSection(True)
        em = self.fontMetrics().averageCharWidth()
        for column, letters in enumerate(_LETTERS):
            self.setColumnWidth(column, letters * em)
        self.show_pictures(None)

    def show_pictures(self, thumbnails: Thumbnails | None) -> None:
        """Rows high enough for a picture each; None: as low as their words."""
        top = self.indexAt(QtCore.QPoint(1, 1))
        self.runs.thumbnails = thumbnails
        rows = self.verticalHeader()
        assert rows is not None
        low_px = self.fontMetrics().height() + 6
        rows.setDefaultSectionSize(low_px if thumbnails is None else SIZE.height() + 6)
        wide_px = _LETTERS[0] * self.fontMetrics().averageCharWidth()
        self.setColumnWidth(0, wide_px + (0 if thumbnails is None else SIZE.width()))
        if top.isValid():
            self.scrollTo(top, QtWidgets.QAbstractItemView.ScrollHint.PositionAtTop)

    def came(self, name: str) -> None:
        """The picture of a run can be shown."""
        if (row := self.runs.row_of(name)) >= 0:
            self.update(self.runs.index(row, 0))

    @property
    def chosen(self) -> list[Entry]:
        """The selected ones, in the order shown."""
        rows = sorted(index.row() for index in self._selection.selectedRows())
        return [self.runs.entries[row] for row in rows if row < len(self.runs.entries)]

    def choose(self, paths: Sequence[str]) -> None:
        """Select these, too; `paths` as in `Entry.path`. Those not shown are left out."""
        chosen = QtCore.QItemSelection()
        last = self.runs.columnCount() - 1
        for row in (self.runs.row_of(path) for path in paths):
            if row >= 0:
                chosen.select(self.runs.index(row, 0), self.runs.index(row, last))
        self._selection.select(chosen, _Flag.Select)

    def show_entries(self, entries: Sequence[Entry]) -> bool:
        """These instead. What was selected, had the focus or was in sight stays so, if it is there.

        Returns:
            Whether anything changed.
        """
        bar = self.verticalScrollBar()
        assert bar is not None
        chosen = [entry.path for entry in self.chosen]
        focus, top = self._path(self.currentIndex()), self._path(self.indexAt(QtCore.QPoint(1, 1)))
        begun = bar.value() > bar.minimum()
        before = self.runs.entries
        self.runs.show_entries(entries)
        if self.runs.entries is before:
            return False
        self.choose(chosen)
        if focus is not None and (row := self.runs.row_of(focus)) >= 0:
            self._selection.setCurrentIndex(self.runs.index(row, 0), _Flag.NoUpdate)
        # Whoever has not scrolled sees the newest arrive.
        place = self.runs.row_of(top) if begun and top is not None else 0
        if place >= 0:
            self.scrollTo(
                self.runs.index(place, 0), QtWidgets.QAbstractItemView.ScrollHint.PositionAtTop
            )
        return True

    def _path(self, index: QtCore.QModelIndex) -> str | None:
        return self.runs.entries[index.row()].path if index.isValid() else None

    @property
    def _selection(self) -> QtCore.QItemSelectionModel:
        found = self.selectionModel()
        assert found is not None
        return found
