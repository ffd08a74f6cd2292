"""A panel on the screen that is not there, and hands on its keyboard."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.parameters import Draft, ParameterPanel
from mtjlab.gui.theme import LIGHT

Key = QtCore.Qt.Key


class Desk:
    """Somebody at the panel."""

    def __init__(self, qtbot: QtBot, panel: ParameterPanel) -> None:
        self.bot = qtbot
        self.panel = panel
        self.added: list[Draft] = []
        self.run: list[Draft] = []
        self.edited: list[tuple[object, Draft]] = []
        panel.add_asked.connect(self.added.append)
        panel.run_asked.connect(self.run.append)
        panel.edited.connect(lambda key, draft: self.edited.append((key, draft)))

    def type(self, name: str, text: str) -> None:
        """In place of what is in a row."""
        editor = self.panel.form.rows[name].editor
        assert isinstance(editor, QtWidgets.QLineEdit)
        self.panel.form.go_to(name)
        editor.selectAll()
        self.bot.keyClick(editor, Key.Key_Delete)
        self.bot.keyClicks(editor, text)

    def press(self, name: str, key: QtCore.Qt.Key, modifier: object = None) -> None:
        """A key in a row."""
        held = QtCore.Qt.KeyboardModifier.NoModifier if modifier is None else modifier
        self.bot.keyClick(self.panel.form.rows[name].editor, key, held)

    def wait_added(self, count: int = 1) -> list[Draft]:
        """What was added, once it is so many."""
        self.bot.waitUntil(lambda: len(self.added) == count)
        return self.added

    def words(self, name: str) -> str:
        """Under a row, if they are shown."""
        row = self.panel.form.rows[name]
        return row.words.text().replace("\u00a0", " ") if row.words.isVisible() else ""

    def strip(self) -> str:
        """What stands in the way."""
        return self.panel.strip.accessibleName() if self.panel.strip.isVisible() else ""

    def command(self) -> str:
        """As it is shown."""
        return self.panel.command.line.toPlainText()

    def seen(self) -> list[str]:
        """Rows that are shown."""
        return [key for key, row in self.panel.form.rows.items() if row.isVisible()]


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Desk]:
    """`at("iv_sweep")`: somebody at the panel with that protocol."""
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path))

    def made(protocol: str, **given: object) -> Desk:
        panel = ParameterPanel(LIGHT, protocol=protocol, runs_dir=tmp_path, **given)
        qtbot.addWidget(panel)
        panel.resize(420, 760)
        with qtbot.waitExposed(panel):
            panel.show()
        return Desk(qtbot, panel)

    return made
