"""Rows under a heading that folds them away."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.parameters.row import Row


class Section(QtWidgets.QWidget):
    """A heading and its rows; a filter opens it for what it finds."""

    def __init__(
        self,
        title: str,
        rows: Sequence[Row],
        *,
        folded: bool = False,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """Without a title there is no heading, and nothing folds."""
        super().__init__(parent)
        self.rows = tuple(rows)
        self._title = title
        self._filter: tuple[str, ...] = ()
        self.heading = QtWidgets.QToolButton()
        self._open = not folded
        self.heading.setAutoRaise(True)
        self.heading.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )
        self.heading.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.heading.clicked.connect(self._fold)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(self.heading)
        for row in rows:
            column.addWidget(row)
        self.count_changed()
        self._show()

    def narrow(self, words: tuple[str, ...]) -> None:
        """Show only rows that have every word in name or description."""
        self._filter = words
        self._show()

    def shown(self) -> list[Row]:
        """Rows that are neither folded away nor filtered out."""
        return [row for row in self.rows if row.isVisibleTo(self)]

    def unfold(self) -> None:
        """Open it, as a click on the heading does."""
        self._open = True
        self._show()

    def count_changed(self) -> None:
        """Say in the heading how many of the rows are not at their default."""
        changed = sum(row.changed for row in self.rows)
        said = f", {changed} changed" if changed else ""
        self.heading.setText(f"{self._title} ({len(self.rows)}{said})")

    def _fold(self) -> None:
        self._open = not self._open
        self._show()

    def _show(self) -> None:
        is_open = self._open
        self.heading.setArrowType(
            QtCore.Qt.ArrowType.DownArrow if is_open else QtCore.Qt.ArrowType.RightArrow
        )
        self.heading.setAccessibleDescription("open" if is_open else "folded")
        self.heading.setVisible(bool(self._title) and not self._filter)
        for row in self.rows:
            row.setVisible(self._found(row) if self._filter else is_open or not self._title)

    def _found(self, row: Row) -> bool:
        text = f"{row.field.name} {row.field.description}".lower()
        return all(word in text for word in self._filter)
