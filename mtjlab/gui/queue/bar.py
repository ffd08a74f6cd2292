"""Draws the progress of an item as a bar with its number."""

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.queue.model import FRACTION
from mtjlab.gui.theme import Theme


class ProgressBar(QtWidgets.QStyledItemDelegate):
    """A bar behind the words of its cell."""

    def __init__(self, theme: Theme, parent: QtCore.QObject | None = None) -> None:
        """In these colours."""
        super().__init__(parent)
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self._theme = theme

    def paint(
        self,
        painter: QtGui.QPainter | None,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        """The bar over the background, the number over the bar."""
        fraction = index.data(FRACTION)
        if painter is None or fraction is None:
            super().paint(painter, option, index)
            return
        painter.save()
        place = option.rect.adjusted(3, 4, -3, -4)
        painter.setPen(QtGui.QColor(self._theme.grey))
        painter.setBrush(QtGui.QColor(self._theme.paper))
        painter.drawRect(place)
        filled = QtCore.QRect(place)
        filled.setWidth(round(place.width() * fraction))
        painter.fillRect(filled, QtGui.QColor(self._theme.faint))
        painter.setPen(QtGui.QColor(self._theme.ink))
        words = str(index.data(QtCore.Qt.ItemDataRole.DisplayRole))
        painter.drawText(place, int(QtCore.Qt.AlignmentFlag.AlignCenter), words)
        painter.restore()
