"""What one value is entered with: a line, a list of choices, a tick. All speak text."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.parameter_fields import ParameterField


class LineEditor(QtWidgets.QLineEdit):
    """Numbers with SI prefixes, lists, tables, words; offers suggestions while typing."""

    entered = QtCore.pyqtSignal(str)

    def __init__(self, suggestions: Sequence[str], parent: QtWidgets.QWidget | None = None) -> None:
        """`suggestions` open with the Down key, or as something is typed."""
        super().__init__(parent)
        self._show: QtWidgets.QAction | None = None
        if suggestions:
            completer = QtWidgets.QCompleter(list(suggestions), self)
            completer.setCaseSensitivity(QtCore.Qt.CaseSensitivity.CaseInsensitive)
            completer.activated.connect(self.entered)
            self.setCompleter(completer)
            icon = _arrow()
            self._show = self.addAction(icon, QtWidgets.QLineEdit.ActionPosition.TrailingPosition)
            assert self._show is not None
            self._show.setToolTip("What is known (Down key)")
            self._show.triggered.connect(self._show_all)
        self.textEdited.connect(self.entered)

    def show_text(self, text: str) -> None:
        """Without telling `entered`; the beginning stays in sight."""
        if text != self.text():
            self.setText(text)
            self.setCursorPosition(0)

    def show_unsaid(self, text: str) -> None:
        """What an empty line stands for."""
        self.setPlaceholderText(text)

    def show_wrong(self, wrong: bool) -> None:
        """A frame that the theme colours."""
        if bool(self.property("wrong")) != wrong:
            self.setProperty("wrong", wrong)
            style = self.style()
            assert style is not None
            style.unpolish(self)
            style.polish(self)

    def changeEvent(self, event: QtCore.QEvent | None) -> None:
        """The arrow is a picture in the colours of the application."""
        super().changeEvent(event)
        if _coloured(event) and self._show is not None:
            self._show.setIcon(_arrow())

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Down in a line with suggestions shows them all."""
        down = event is not None and event.key() == QtCore.Qt.Key.Key_Down
        if self.completer() is not None and down:
            self._show_all()
            return
        super().keyPressEvent(event)

    def _show_all(self) -> None:
        completer = self.completer()
        assert completer is not None
        completer.setCompletionPrefix("")
        completer.complete()


def _coloured(event: QtCore.QEvent | None) -> bool:
    # Of a palette Qt tells only those who have none of their own; of a style everybody.
    return event is not None and event.type() == QtCore.QEvent.Type.StyleChange


def _arrow() -> QtGui.QIcon:
    return arrow_icon(QtWidgets.QApplication.palette().color(QtGui.QPalette.ColorRole.Text))


def arrow_icon(colour: QtGui.QColor) -> QtGui.QIcon:
    """A small triangle that points down, as combo boxes have it."""
    picture = QtGui.QPixmap(32, 32)
    picture.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(picture)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(
        QtGui.QPolygon([QtCore.QPoint(8, 12), QtCore.QPoint(24, 12), QtCore.QPoint(16, 21)])
    )
    painter.end()
    return QtGui.QIcon(picture)


class ChoiceEditor(QtWidgets.QComboBox):
    """One of a few words; with None the first entry says what that means."""

    entered = QtCore.pyqtSignal(str)

    def __init__(
        self, choices: Sequence[str], *, optional: bool, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """`choices` are what is entered, word for word."""
        super().__init__(parent)
        self._optional = optional
        if optional:
            self.addItem("", "")
        for choice in choices:
            self.addItem(choice, choice)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(6)
        self.activated.connect(lambda _index: self.entered.emit(self.currentData()))
        self.currentIndexChanged.connect(lambda _index: self._colour())
        self._colour()

    def show_text(self, text: str) -> None:
        """A text that is no choice, out of a file, is shown as it is."""
        index = self.findData(text)
        if index < 0:
            self.addItem(text, text)
            index = self.count() - 1
        self.setCurrentIndex(index)

    def show_unsaid(self, text: str) -> None:
        """What None stands for."""
        if self._optional:
            self.setItemText(0, text)
            self.setItemData(0, text, QtCore.Qt.ItemDataRole.ToolTipRole)

    def show_wrong(self, wrong: bool) -> None:
        """Said in words under the field."""

    def _colour(self) -> None:
        """What nobody said is as grey as in a line."""
        roles, quiet = QtGui.QPalette.ColorRole, self._optional and self.currentIndex() == 0
        of_all = QtWidgets.QApplication.palette()
        role = roles.PlaceholderText if quiet else roles.ButtonText
        mine = QtGui.QPalette(of_all)
        mine.setColor(roles.ButtonText, of_all.color(role))
        self.setPalette(mine)

    def changeEvent(self, event: QtCore.QEvent | None) -> None:
        """A palette of one's own does not follow that of the application."""
        super().changeEvent(event)
        if _coloured(event):
            self._colour()

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Scrolling the form must not change a value on the way."""
        if event is not None:
            event.ignore()


class FlagEditor(QtWidgets.QCheckBox):
    """On or off."""

    entered = QtCore.pyqtSignal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Off until it is told."""
        super().__init__("off", parent)
        self.toggled.connect(lambda on: self.setText("on" if on else "off"))
        self.clicked.connect(lambda on: self.entered.emit("true" if on else "false"))

    def show_text(self, text: str) -> None:
        """`true` or `false`."""
        self.setChecked(text == "true")

    def show_unsaid(self, text: str) -> None:
        """A tick has no place for it."""

    def show_wrong(self, wrong: bool) -> None:
        """Cannot be."""


Editor = LineEditor | ChoiceEditor | FlagEditor


def editor_for(field: ParameterField, parent: QtWidgets.QWidget | None = None) -> Editor:
    """The editor that suits a parameter; what is not understood is typed as TOML."""
    if field.kind == "flag" and not field.optional and not field.required:
        return FlagEditor(parent)
    if field.kind == "flag":
        return ChoiceEditor(("true", "false"), optional=True, parent=parent)
    if field.kind == "choice":
        words = [_word(choice) for choice in field.choices]
        return ChoiceEditor(words, optional=field.optional or field.required, parent=parent)
    return LineEditor(field.suggestions, parent)


def _word(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)
