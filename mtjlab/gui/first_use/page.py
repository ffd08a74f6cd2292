"""What the pages have in common: a title, a sentence, and mistakes in words below the fields."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.bench.drafted import Wrong
from mtjlab.bench.mistakes import spell


class Page(QtWidgets.QWidget):
    """One page. What it asks for is read by the dialog, never kept elsewhere.

    Attributes:
        title: of the page, also in the list of steps.
        keys: the tables of the bench file that it asks for.
        changed: an answer has changed.
        tried: the user wanted to go on; only then are empty answers mistakes.
    """

    title = ""
    keys: tuple[str, ...] = ()
    changed = QtCore.pyqtSignal()

    def __init__(self, sentence: str, parent: QtWidgets.QWidget | None = None) -> None:
        """Lay out `self.column`; the page adds to it, and `self.told` last."""
        super().__init__(parent)
        self.tried = False
        self._wrong: tuple[Wrong, ...] = ()
        heading = QtWidgets.QLabel(self.title)
        heading.setAccessibleName("Page")
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.4)
        font.setBold(True)
        heading.setFont(font)
        self.column = QtWidgets.QVBoxLayout(self)
        self.column.setSpacing(8)
        self.column.addWidget(heading)
        self.column.addWidget(words(sentence))
        self.told = words("", role="danger")
        self.told.setAccessibleName("Mistakes")
        self.told.hide()

    def owns(self, wrong: Wrong) -> bool:
        """Whether this page asks for what is wrong."""
        return bool(wrong.key) and wrong.key[0] in self.keys

    def judge(self, wrong: Sequence[Wrong]) -> None:
        """Take everything that is wrong with all answers, and show what belongs here."""
        self._wrong = tuple(one for one in wrong if self.owns(one))
        self.show_wrong(self.visible_wrong())

    def visible_wrong(self) -> tuple[Wrong, ...]:
        """What to say now: nothing of an answer that is still to come."""
        return tuple(
            one for one in self._wrong if self.tried or not one.sentence.startswith("missing")
        )

    def try_to_leave(self) -> bool:
        """The user wants to go on. False: something is missing or wrong, and now says so."""
        self.tried = True
        self.show_wrong(self.visible_wrong())
        return not any(self.holds(one) for one in self._wrong)

    def holds(self, wrong: Wrong) -> bool:
        """Whether it must be mended here; what only the text of the file can mend is shown."""
        return True

    def show_wrong(self, wrong: Sequence[Wrong]) -> None:
        """Say it; a page with fields marks them, too."""
        lines = [f"✖ {self.place(one)}: {one.sentence}" for one in wrong]
        self.told.setText("\n".join(lines))
        self.told.setVisible(bool(lines))

    def place(self, wrong: Wrong) -> str:
        """Where, for people."""
        return spell(wrong.key) or "the file"


def words(text: str, *, role: str = "") -> QtWidgets.QLabel:
    """A label with plain text that wraps and can be selected."""
    label = QtWidgets.QLabel(text)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        label.setProperty("role", role)
    return label


def fixed_font() -> QtGui.QFont:
    """Letters of one width, for sketches and files."""
    font = QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont)
    if not QtGui.QFontInfo(font).fixedPitch():
        # The platform knows of none, but may have one.
        font = QtGui.QFont("monospace", QtWidgets.QApplication.font().pointSize())
        font.setStyleHint(QtGui.QFont.StyleHint.TypeWriter)
    return font


def set_role(label: QtWidgets.QWidget, role: str) -> None:
    """Another colour of the theme: ok, warn, danger, quiet."""
    if label.property("role") == role:
        return
    label.setProperty("role", role)
    style = label.style()
    assert style is not None
    style.unpolish(label)
    style.polish(label)
