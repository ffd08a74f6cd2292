"""One parameter on one line: mark, name with unit, editor, reset; and words when it is wrong."""

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.parameter_fields import ParameterField
from mtjlab.core.parameter_sheet import ParameterSheet
from mtjlab.gui.parameters.editors import editor_for
from mtjlab.gui.parameters.help_text import help_text, unbroken, unsaid_text

_MARK = "\u2022"
_RESET = "\u21ba"
# Room for `100 mV`, however narrow the dock.
_EDITOR_PX = 70


class Row(QtWidgets.QWidget):
    """Shows one field of a sheet and enters what is typed.

    Attributes:
        entered: the sheet has another text for this field.
        focused: the editor has the keyboard.
    """

    entered = QtCore.pyqtSignal(str)
    focused = QtCore.pyqtSignal(str)

    def __init__(
        self, sheet: ParameterSheet, name: str, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """`sheet` is shown as it is now; see `show_sheet`."""
        super().__init__(parent)
        self._sheet = sheet
        self.field: ParameterField = sheet.fields[name]
        self.mark = QtWidgets.QLabel(_MARK)
        self.label = QtWidgets.QLabel(self._title())
        self.editor = editor_for(self.field, self)
        self.reset = QtWidgets.QToolButton()
        self.words = QtWidgets.QLabel()
        self._dress()
        self._lay_out()
        self.editor.entered.connect(self._enter)
        self.reset.clicked.connect(self._give_back)
        self.editor.installEventFilter(self)
        self.show_sheet()

    def show_sheet(self) -> None:
        """Text, mark and words as the sheet has them."""
        self.editor.show_text(self._sheet.text(self.field.name))
        self._show_state()

    def show_resolved(self, text: str) -> None:
        """What the protocol makes of a parameter that nobody gave; "" if that is not known."""
        if not self.editor.isEnabled():
            return
        self.editor.show_unsaid(unsaid_text(self.field, text))
        # What an empty line stands for does not fit beside a long name.
        self.setToolTip(help_text(self.field, text))

    def show_supplied(self, source: str) -> None:
        """Another item of the queue gives it; nothing can be entered here."""
        self.editor.setEnabled(False)
        self.editor.show_unsaid(f"from {source}")
        self.setToolTip(f"{self.field.name} is taken from {source} when that item has ended")

    @property
    def changed(self) -> bool:
        """Whether it is not at its default."""
        return self._sheet.changed(self.field.name)

    @property
    def name_width(self) -> int:
        """What the name needs, in bold, pixels."""
        return self._bold().horizontalAdvance(self._title()) + 4

    def set_name_width(self, width: int) -> None:
        """All names of a form take the same place; where there is none the unit goes first."""
        self.label.setFixedWidth(width)
        end = QtCore.Qt.TextElideMode.ElideRight
        fits = self.name_width <= width
        text = self._title() if fits else self._bold().elidedText(self.field.name, end, width)
        self.label.setText(text)

    def take_focus(self) -> None:
        """The keyboard goes to the editor, with the text selected."""
        self.editor.setFocus(QtCore.Qt.FocusReason.TabFocusReason)

    def eventFilter(self, target: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Tells when the editor is entered; words that have gone give their place back after."""
        if event is not None and event.type() == QtCore.QEvent.Type.FocusIn:
            self.focused.emit(self.field.name)
        if event is not None and event.type() == QtCore.QEvent.Type.FocusOut:
            self.words.setVisible(bool(self.words.text()))
        return super().eventFilter(target, event)

    def _enter(self, text: str) -> None:
        self._sheet.put(self.field.name, text)
        self._show_state()
        self.entered.emit(self.field.name)

    def _give_back(self) -> None:
        self._sheet.reset(self.field.name)
        self.show_sheet()
        self.take_focus()
        self.entered.emit(self.field.name)

    def _show_state(self) -> None:
        name = self.field.name
        changed, wrong = self._sheet.changed(name), self._sheet.mistake(name)
        font = self.label.font()
        font.setBold(changed)
        self.label.setFont(font)
        self.mark.setVisible(changed)
        self.reset.setVisible(changed)
        self.editor.show_wrong(bool(wrong))
        self.editor.setAccessibleDescription(wrong)
        self.words.setText(unbroken(wrong))
        # While somebody types the place stays, so that what is below does not jump.
        if wrong or not self.editor.hasFocus():
            self.words.setVisible(bool(wrong))

    def _bold(self) -> QtGui.QFontMetrics:
        font = QtGui.QFont(self.label.font())
        font.setBold(True)
        return QtGui.QFontMetrics(font)

    def _title(self) -> str:
        unit = self.field.shown_unit
        return f"{self.field.name} ({unit})" if unit else self.field.name

    def _dress(self) -> None:
        name = self.field.name
        self.label.setBuddy(self.editor)
        policy = QtWidgets.QSizePolicy.Policy
        self.editor.setMinimumWidth(_EDITOR_PX)
        self.editor.setSizePolicy(policy.Ignored, policy.Fixed)
        self.editor.setAccessibleName(self._title())
        self.mark.setToolTip("not the default")
        self.mark.setAccessibleName("changed")
        self.mark.setFixedWidth(9)
        self.reset.setText(_RESET)
        self.reset.setFixedWidth(20)
        self.reset.setAutoRaise(True)
        self.reset.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.reset.setToolTip(f"{name} back to its default")
        self.reset.setAccessibleName(f"Reset {name}")
        self.words.setProperty("role", "danger")
        self.words.setWordWrap(True)
        self.words.hide()
        for kept in (self.mark, self.reset):
            retained = kept.sizePolicy()
            retained.setRetainSizeWhenHidden(True)
            kept.setSizePolicy(retained)
        self.show_resolved("")

    def _lay_out(self) -> None:
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 1, 0, 1)
        grid.setHorizontalSpacing(3)
        grid.setVerticalSpacing(1)
        for column, part in enumerate((self.mark, self.label, self.editor, self.reset)):
            grid.addWidget(part, 0, column)
        grid.addWidget(self.words, 1, 1, 1, 3)
        grid.setColumnStretch(2, 1)
