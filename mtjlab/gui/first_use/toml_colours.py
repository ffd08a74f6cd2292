"""TOML in colours: tables, keys, texts and comments."""

import re

from PyQt5 import QtGui

from mtjlab.gui.theme import Theme

_PIECES = (
    ("table", re.compile(r"^\s*\[.*?\](?=\s*(?:#|$))")),
    ("key", re.compile(r"^\s*[A-Za-z0-9_.\"-]+(?=\s*=)")),
    ("text", re.compile(r"\"(?:[^\"\\]|\\.)*\"")),
    ("comment", re.compile(r"^(?:[^\"#]|\"(?:[^\"\\]|\\.)*\")*(#.*)$")),
)


class TomlColours(QtGui.QSyntaxHighlighter):
    """Line by line; texts over several lines, which a bench file needs not, stay plain."""

    def __init__(self, document: QtGui.QTextDocument, theme: Theme) -> None:
        """Colours of the theme."""
        super().__init__(document)
        self._forms: dict[str, QtGui.QTextCharFormat] = {}
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """In other colours."""
        colours = {
            "table": theme.accent,
            "key": theme.ink,
            "text": theme.ok,
            "comment": theme.grey,
        }
        for piece, colour in colours.items():
            form = QtGui.QTextCharFormat()
            form.setForeground(QtGui.QColor(colour))
            if piece == "table":
                form.setFontWeight(QtGui.QFont.Weight.Bold)
            form.setFontItalic(piece == "comment")
            self._forms[piece] = form
        self.rehighlight()

    def highlightBlock(self, text: str | None) -> None:
        """One line."""
        for piece, pattern in _PIECES:
            for match in pattern.finditer(text or ""):
                group = match.lastindex or 0
                first, last = match.span(group)
                self.setFormat(first, last - first, self._forms[piece])
