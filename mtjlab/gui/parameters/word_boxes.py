"""Three places for words below the form: help, what is wrong, and the command line."""

import html
import re
from collections.abc import Collection, Iterable

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.theme import Theme

# Of a command line; a longer one scrolls.
_LINES = 2


class HelpBox(QtWidgets.QLabel):
    """Words about the row that has the keyboard, in a place that never changes its size."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._texts: tuple[str, ...] = ()
        self.setWordWrap(True)
        self.setProperty("role", "quiet")
        self.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName("Help")

    def make_room(self, texts: Iterable[str]) -> None:
        """Tall enough for the longest of these."""
        self._texts = tuple(texts)
        self._fit()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Another width, another height."""
        super().resizeEvent(event)
        if event is not None and event.oldSize().width() != event.size().width():
            self._fit()

    def _fit(self) -> None:
        room = QtCore.QRect(0, 0, max(1, self.width()), 10_000)
        wrap = int(QtCore.Qt.TextFlag.TextWordWrap)
        metrics = self.fontMetrics()
        heights = [metrics.boundingRect(room, wrap, text).height() for text in self._texts]
        self.setFixedHeight(max([metrics.height(), *heights]) + 2)


class Strip(QtWidgets.QLabel):
    """What stands in the way, in words; each name in them leads to its row.

    Attributes:
        asked: a name was clicked, or chosen by keyboard.
    """

    asked = QtCore.pyqtSignal(str)

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """Hidden until there is something to say."""
        super().__init__(parent)
        self._theme = theme
        self.setWordWrap(True)
        self.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            QtCore.Qt.TextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextBrowserInteraction)
        )
        self.linkActivated.connect(self.asked)
        self.hide()

    def say(self, words: str, names: Collection[str] = (), *, wrong: bool = True) -> None:
        """Show words; names in them become links."""
        colour = self._theme.danger if wrong else self._theme.warn
        sign = "\u2717" if wrong else "\u26a0"
        safe = html.escape(words, quote=False).replace("\n", "<br>")
        if names:
            longest_first = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
            link = rf'<a style="color:{colour}" href="\1">\1</a>'
            safe = re.sub(rf"(?<![\w.])({longest_first})(?![\w.])", link, safe)
        self.setText(f'<span style="color:{colour}">{sign} {safe}</span>' if words else "")
        self.setAccessibleName(words)
        self.setVisible(bool(words))


class CommandBox(QtWidgets.QWidget):
    """The command line that does the same, to read and to copy."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self.line = QtWidgets.QPlainTextEdit()
        self.line.setReadOnly(True)
        self.line.setAccessibleName("Command line that does the same")
        self.line.setTabChangesFocus(True)
        self.line.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self.line.setWordWrapMode(QtGui.QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document = self.line.document()
        assert document is not None
        around = 2 * (int(document.documentMargin()) + self.line.frameWidth()) + 4
        self.line.setFixedHeight(_LINES * self.line.fontMetrics().lineSpacing() + around)
        copy = QtWidgets.QToolButton()
        copy.setText("Copy")
        copy.setToolTip("Copy the command line that does the same")
        copy.clicked.connect(self._copy)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(copy, 0, QtCore.Qt.AlignmentFlag.AlignTop)

    def say(self, text: str) -> None:
        """Show a command line; none while the parameters make no sense."""
        if text != self.line.toPlainText():
            self.line.setPlainText(text)
        self.setEnabled(bool(text))

    def _copy(self) -> None:
        clipboard = QtWidgets.QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self.line.toPlainText())
