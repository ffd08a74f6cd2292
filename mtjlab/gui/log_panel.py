"""Every notice of the session, newest below; errors with a mark, filtered by words or level."""

from datetime import datetime

from PyQt5 import QtGui, QtWidgets

from mtjlab.gui.theme import Theme

MARKS = {"info": "·", "warning": "▲ warning:", "error": "✖ error:"}
MOST_LINES = 5000


class LogPanel(QtWidgets.QWidget):
    """A read-only log; the run files have theirs whatever is shown here."""

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """Empty."""
        super().__init__(parent)
        self._lines: list[tuple[str, str, str]] = []
        self._text = QtWidgets.QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumBlockCount(MOST_LINES)
        self._text.setAccessibleName("Log")
        self._text.setPlaceholderText("Nothing has been said yet")
        self._words = QtWidgets.QLineEdit()
        self._words.setPlaceholderText("Only lines with these words")
        self._words.setClearButtonEnabled(True)
        self._words.textChanged.connect(lambda _text: self._again())
        self._level = QtWidgets.QComboBox()
        self._level.addItems(["Everything", "Warnings and errors", "Errors"])
        self._level.setAccessibleName("Least level shown")
        self._level.currentIndexChanged.connect(lambda _index: self._again())
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self._words, 1)
        row.addWidget(self._level)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(row)
        layout.addWidget(self._text, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self._colours = {"warning": theme.warn, "error": theme.danger}
        self._again()

    def say(self, level: str, text: str, now: datetime | None = None) -> None:
        """One notice; `now` is the local time, None: of the wall clock."""
        line = ((now or datetime.now()).strftime("%H:%M:%S"), level, text)
        self._lines.append(line)
        del self._lines[:-MOST_LINES]
        if self._wanted(line):
            self._show(line)

    def text(self) -> str:
        """What is shown."""
        return str(self._text.toPlainText())

    def _wanted(self, line: tuple[str, str, str]) -> bool:
        least = self._level.currentIndex()
        levels = list(MARKS)
        rank = levels.index(line[1]) if line[1] in levels else 0
        words = self._words.text().lower().split()
        return rank >= least and all(word in line[2].lower() for word in words)

    def _show(self, line: tuple[str, str, str]) -> None:
        form = QtGui.QTextCharFormat()
        if line[1] in self._colours:
            form.setForeground(QtGui.QColor(self._colours[line[1]]))
        bar = self._text.verticalScrollBar()
        assert bar is not None
        at_end = bar.value() >= bar.maximum() - 2
        self._text.setCurrentCharFormat(form)
        self._text.appendPlainText(f"{line[0]} {MARKS.get(line[1], '·')} {line[2]}")
        if at_end:
            bar.setValue(bar.maximum())

    def _again(self) -> None:
        self._text.clear()
        for line in self._lines:
            if self._wanted(line):
                self._show(line)
