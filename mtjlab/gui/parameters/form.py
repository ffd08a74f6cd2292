"""All parameters of a protocol, one under the other: the important ones, the run, the rest."""

from collections.abc import Iterator, Mapping

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.parameter_sheet import ParameterSheet
from mtjlab.gui.parameters.row import Row
from mtjlab.gui.parameters.section import Section

# Of the width; a longer name is cut, and its tool tip has the whole.
_LABEL_SHARE = 0.46


class Form(QtWidgets.QScrollArea):
    """Rows of two sheets, of the protocol and of the run; the order is fixed when it is made.

    Attributes:
        entered: something else is in one of the sheets.
        focused: name of the row that has the keyboard.
        rows: by name, those of the run as `run.NAME`.
    """

    entered = QtCore.pyqtSignal()
    focused = QtCore.pyqtSignal(str)

    def __init__(
        self,
        sheet: ParameterSheet,
        run: ParameterSheet,
        supplied: Mapping[str, str],
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """What a sheet has changed by now comes first; what is supplied cannot be entered."""
        super().__init__(parent)
        self._sheet = sheet
        self._last = ""
        self.rows: dict[str, Row] = {name: Row(sheet, name) for name in sheet.fields}
        self.rows |= {f"run.{name}": Row(run, name) for name in run.fields}
        for name, source in supplied.items():
            if name in self.rows:
                self.rows[name].show_supplied(source)
        self.sections = self._sections()
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setWidget(self._body())
        for key, row in self.rows.items():
            row.entered.connect(self._tell)
            row.focused.connect(lambda _name, key=key: self._seen(key))

    def show_sheets(self) -> None:
        """Every row as the sheets have it now."""
        for row in self.rows.values():
            row.show_sheet()
        self._count()

    def show_resolved(self, texts: dict[str, str]) -> None:
        """Name -> what an unsaid parameter comes to; the others are not known."""
        for name in self._sheet.fields:
            self.rows[name].show_resolved(texts.get(name, ""))

    def stops(self) -> Iterator[QtWidgets.QWidget]:
        """Where the keyboard stops, in this order."""
        for section in self.sections:
            yield section.heading
            for row in section.rows:
                yield row.editor
                yield row.reset

    def narrow(self, text: str) -> None:
        """Show only rows that have all the words."""
        words = tuple(text.lower().split())
        for section in self.sections:
            section.narrow(words)

    def go_to(self, key: str) -> None:
        """The keyboard to a row, which is brought into sight."""
        row = self.rows[key]
        for section in self.sections:
            if row in section.rows and not row.isVisibleTo(section):
                section.unfold()
        row.take_focus()

    def go_to_first(self) -> None:
        """The keyboard to the first row that can be seen."""
        self._step_from("", 1)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Up and down, where an editor has no use for them, go to the next row."""
        steps = {QtCore.Qt.Key.Key_Up: -1, QtCore.Qt.Key.Key_Down: 1}
        if event is not None and event.key() in steps:
            self._step_from(self._last, steps[QtCore.Qt.Key(event.key())])
            return
        super().keyPressEvent(event)

    def _step_from(self, key: str, step: int) -> None:
        shown = [row for section in self.sections for row in section.shown()]
        here = self.rows.get(key)
        place = shown.index(here) + step if here in shown else 0
        if 0 <= place < len(shown):
            shown[place].take_focus()

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """All names as wide as the widest, as far as there is room."""
        super().resizeEvent(event)
        widest = max(row.name_width for row in self.rows.values())
        width = min(widest, int(_LABEL_SHARE * self.maximumViewportSize().width()))
        for row in self.rows.values():
            row.set_name_width(width)

    def _sections(self) -> tuple[Section, ...]:
        first = self._sheet.foremost()
        rest = [row for name, row in self.rows.items() if not name.startswith("run.")]
        front = [self.rows[name] for name in first]
        behind = [row for row in rest if row not in front]
        run = [row for key, row in self.rows.items() if key.startswith("run.")]
        made = [Section("", front)] if front else []
        made.append(Section("This run", run))
        if behind:
            made.append(Section("More parameters", behind, folded=bool(front)))
        return tuple(made)

    def _body(self) -> QtWidgets.QWidget:
        body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        return body

    def _tell(self) -> None:
        self._count()
        self.entered.emit()

    def _count(self) -> None:
        for section in self.sections:
            section.count_changed()

    def _seen(self, key: str) -> None:
        self._last = key
        # What was folded has no place yet.
        QtCore.QTimer.singleShot(0, self._into_sight)
        self.focused.emit(key)

    def _into_sight(self) -> None:
        row = self.rows[self._last]
        if row.isVisible():
            self.ensureWidgetVisible(row, 0, 24)
