"""The last page: `mtjlab check` on the new file, in a thread."""

from collections.abc import Iterator
from pathlib import Path

from PyQt5 import QtGui, QtWidgets

from mtjlab.bench.checked import Checked, checked
from mtjlab.bench.file import load
from mtjlab.gui.first_use.page import Page, set_role, words
from mtjlab.gui.first_use.work import Work
from mtjlab.gui.theme import Theme

_MARKS = {"ok": "✔ ok", "warn": "▲ warn", "bad": "✖ bad"}
_COLUMNS = ("part", "item", "value", "verdict", "note")


class Checking(Page):
    """Opens the instruments, asks them, computes; energises nothing.

    Attributes:
        table: the rows of the report.
        state: in words.
        work: the check.
    """

    title = "Check"

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """No file yet."""
        super().__init__(
            "The instruments are opened and asked who they are, and the worst case at a junction "
            "is computed. Nothing is energised.",
            parent,
        )
        self._file: Path | None = None
        self.work = Work(self)
        self.work.came.connect(self._came)
        self.work.ended.connect(self._ended)
        self.table = QtWidgets.QTableWidget(0, len(_COLUMNS))
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.setAccessibleName("Report")
        self.table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTabKeyNavigation(False)
        self.table.setAlternatingRowColors(True)
        header, side = self.table.horizontalHeader(), self.table.verticalHeader()
        assert header is not None
        assert side is not None
        modes = QtWidgets.QHeaderView.ResizeMode
        for column in (0, 1, 3):
            header.setSectionResizeMode(column, modes.ResizeToContents)
        for column in (2, 4):
            header.setSectionResizeMode(column, modes.Stretch)
        side.setSectionResizeMode(modes.ResizeToContents)
        side.hide()
        self.state = words("")
        self.state.setAccessibleName("Outcome of the check")
        self.again = QtWidgets.QPushButton("Check a&gain")
        self.again.setAutoDefault(False)
        self.again.clicked.connect(lambda _checked: self._check())
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.state, 1)
        row.addWidget(self.again)
        self.column.addWidget(self.table, 1)
        self.column.addLayout(row)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Colours of verdicts, beside their words."""
        self._colours = {"ok": theme.ok, "warn": theme.warn, "bad": theme.danger}

    def check(self, file: Path) -> None:
        """Begin with this file."""
        self._file = file
        self._check()

    def _check(self) -> None:
        file = self._file
        assert file is not None

        def check() -> Iterator[Checked]:
            yield checked(load(file))

        self.table.setRowCount(0)
        self.again.setEnabled(False)
        self._say(f"checking {file} ...", "quiet")
        self.work.start(check)

    def _came(self, found: object) -> None:
        assert isinstance(found, Checked)
        self.table.setRowCount(len(found.rows))
        for index, row in enumerate(found.rows):
            verdict = _MARKS[row.verdict]
            texts = (row.section, row.item, row.value, verdict, row.note)
            for column, text in enumerate(texts):
                item = QtWidgets.QTableWidgetItem(text)
                item.setToolTip(text)
                if column == 3:
                    item.setForeground(QtGui.QColor(self._colours[row.verdict]))
                self.table.setItem(index, column, item)
        counted = f"{len(found.rows)} checks on {'the twin' if found.twin else 'the instruments'}"
        if found.bad:
            bad = ", ".join(dict.fromkeys(found.bad))
            self._say(
                f"✖ {len(found.bad)} of {counted} failed: {bad}. Mend the bench or the file before "
                "you run anything on it. Nothing was energised.",
                "danger",
            )
        else:
            self._say(f"✔ {counted}, none of them bad. Nothing was energised.", "ok")

    def _ended(self, reason: str) -> None:
        self.again.setEnabled(True)
        if reason:
            self._say(f"✖ {reason}", "danger")
        elif self.state.text().endswith("..."):
            self._say("stopped; nothing was energised", "quiet")

    def _say(self, text: str, role: str) -> None:
        self.state.setText(text)
        set_role(self.state, role)
