"""The fifth page: the bench file as it will be written, and where."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5 import QtWidgets

from mtjlab.bench.drafted import Wrong, wrong_in
from mtjlab.gui.first_use.page import Page, fixed_font, words
from mtjlab.gui.first_use.toml_colours import TomlColours
from mtjlab.gui.theme import Theme


class Review(Page):
    """The text may be edited; then it is what counts, and no longer the answers.

    Attributes:
        editor: the text.
        path: where it will be.
        colours: of the text.
    """

    title = "Review"

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """No text yet."""
        super().__init__(
            "This is the bench file. You may edit it here; every key is in docs/bench-file.md. "
            "A file that exists is never overwritten.",
            parent,
        )
        self._drafted = ""
        self._written: tuple[Path, str] | None = None
        self.editor = QtWidgets.QPlainTextEdit()
        self.editor.setAccessibleName("Text of the bench file")
        self.editor.setTabChangesFocus(True)
        self.editor.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        self.editor.setFont(fixed_font())
        document = self.editor.document()
        assert document is not None
        self.colours = TomlColours(document, theme)
        self.editor.textChanged.connect(self.changed)
        self.state = words("", role="quiet")
        self.path = QtWidgets.QLineEdit(str(Path.cwd() / "rack.toml"))
        self.path.textChanged.connect(lambda _text: self.told.hide())
        self.copy = QtWidgets.QPushButton("&Copy the text")
        self.copy.clicked.connect(self._copy)
        self.again = QtWidgets.QPushButton("&Drop my edits")
        self.again.setToolTip("Write the text anew from the answers")
        self.again.clicked.connect(lambda _checked: self.editor.setPlainText(self._drafted))
        self._lay_out()

    @property
    def text(self) -> str:
        """As it stands there."""
        return str(self.editor.toPlainText())

    @property
    def edited(self) -> bool:
        """Whether somebody has changed what was drafted."""
        return self.text != self._drafted

    def show_draft(self, text: str) -> None:
        """Text from the answers; edits of an earlier one stay until they are dropped."""
        keep = self.edited and bool(self._drafted)
        self._drafted = text
        if not keep:
            self.editor.setPlainText(text)
        self.changed.emit()

    def look(self) -> None:
        """Judge the text as it stands; call it when it has not changed for a moment."""
        wrong = wrong_in(self.text)
        self.again.setEnabled(self.edited)
        edited = "You have edited the text; answers on other pages no longer change it. "
        found = f"{len(wrong)} mistake{'s' * (len(wrong) > 1)}." if wrong else "No mistakes."
        self.state.setText((edited if self.edited else "") + found)
        self.show_wrong(wrong)

    def judge(self, wrong: Sequence[Wrong]) -> None:
        """The text is judged instead of the answers."""

    def try_to_leave(self) -> bool:
        """Write the file. False: a mistake, or it cannot be written; the page says which."""
        self.look()
        if wrong_in(self.text):
            return False
        path = Path(self.path.text().strip()).expanduser()
        reason = self._write(path)
        self.told.setText(f"✖ {reason}")
        self.told.setVisible(bool(reason))
        return not reason

    @property
    def file(self) -> Path:
        """What was written last."""
        assert self._written is not None
        return self._written[0]

    def _write(self, path: Path) -> str:
        """Write, or say why not. What this page has written it may write again."""
        text = self.text
        if not self.path.text().strip() or path.is_dir():
            return "give the path of a file, such as rack.toml"
        try:
            own = self._written is not None and self._written[0] == path and path.exists()
            if own and self._written is not None:
                if path.read_text(encoding="utf-8") != self._written[1]:
                    return f"{path} was changed by somebody else; give another name"
                path.write_text(text, encoding="utf-8")
            else:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
        except FileExistsError:
            return f"{path} exists and is not overwritten; give another name"
        except OSError as error:
            return f"{path} cannot be written: {error.strerror or error}"
        self._written = (path, text)
        return ""

    def _copy(self) -> None:
        clipboard = QtWidgets.QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self.text)

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout()
        label = QtWidgets.QLabel("&Write to")
        label.setBuddy(self.path)
        row.addWidget(label)
        row.addWidget(self.path, 1)
        for button in (self.copy, self.again):
            button.setAutoDefault(False)
            row.addWidget(button)
        self.column.addWidget(self.editor, 1)
        self.column.addWidget(self.state)
        self.column.addWidget(self.told)
        self.column.addLayout(row)
