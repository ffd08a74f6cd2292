"""The dock of the queue: what waits, what is on, what has ended; and the command that does it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.errors import UsageError
from mtjlab.core.places import bench_name
from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.queue.asking import Asking
from mtjlab.gui.queue.bar import ProgressBar
from mtjlab.gui.queue.buttons import Buttons
from mtjlab.gui.queue.model import PROGRESS, QueueModel, duration
from mtjlab.gui.theme import Theme
from mtjlab.runner.command_line import command_of, session_command
from mtjlab.runner.queue import Queue
from mtjlab.runner.queue_item import QueueChanged, QueueItem
from mtjlab.runner.session_text import session_text

_SESSIONS = "Session files (*.toml)"


class QueuePanel(QtWidgets.QWidget):
    """Shows a queue and asks it for changes.

    Attributes:
        edit_asked: an item that somebody wants to change.
        item_selected: key of the selected item.
        run_opened: run file of an item that has ended.
        told: words that somebody should read.
    """

    edit_asked = QtCore.pyqtSignal(object)
    item_selected = QtCore.pyqtSignal(int)
    run_opened = QtCore.pyqtSignal(object)
    told = QtCore.pyqtSignal(str)

    def __init__(
        self,
        queue: Queue,
        theme: Theme,
        parent: QtWidgets.QWidget | None = None,
        *,
        usual_bench: Callable[[], str] = bench_name,
    ) -> None:
        """Shows `queue` whenever `show_queue` is called.

        Args:
            queue: to show and to ask.
            theme: its colours.
            parent: as in Qt.
            usual_bench: of session files that name none.
        """
        super().__init__(parent)
        self._queue, self._usual_bench = queue, usual_bench
        self.asking = Asking(queue, self)
        # Added, but not told yet by the queue.
        self._wished: int | None = None
        self.model = QueueModel(theme, self)
        self.table = QtWidgets.QTableView()
        self._bar = ProgressBar(theme, self.table)
        self.words = QtWidgets.QLabel()
        self.words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.command = QtWidgets.QLineEdit()
        self.command.setReadOnly(True)
        self.command.setAccessibleName("The command that does the same")
        self.copy = QtWidgets.QPushButton("Cop&y")
        self.copy.setToolTip("Copy the command that does the same")
        self.copy.clicked.connect(lambda _checked: self._copy())
        self._shown: int | None = None
        self._saved: tuple[str, str] | None = None
        self.buttons = Buttons(self)
        self._lay_out()
        self._connect()
        self.show_queue(QueueChanged(queue.items(), queue.held))

    def _lay_out(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setItemDelegateForColumn(PROGRESS, self._bar)
        table.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setAccessibleName("Queue")
        rows, heads = table.verticalHeader(), table.horizontalHeader()
        assert rows is not None
        assert heads is not None
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        heads.setStretchLastSection(True)
        em = self.fontMetrics().averageCharWidth()
        for column, letters in enumerate((17, 17, 11, 12, 13, 13, 14)):
            table.setColumnWidth(column, letters * em)
        below = QtWidgets.QHBoxLayout()
        below.addWidget(self.command, 1)
        below.addWidget(self.copy)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(3)
        layout.addWidget(self.buttons)
        layout.addWidget(table, 1)
        layout.addWidget(self.words)
        layout.addLayout(below)

    def _connect(self) -> None:
        chosen = self.table.selectionModel()
        assert chosen is not None
        chosen.selectionChanged.connect(lambda _now, _before: self._selected())
        self.table.activated.connect(lambda _index: self._open())
        self.asking.refused.connect(self._refused)
        self.asking.said.connect(self._say)
        self.asking.saved.connect(self._keep_saved)
        self.asking.added.connect(self._wish)
        queue, acts = self._queue, self.buttons.acts
        for name, act in (
            ("start", queue.start),
            ("hold", queue.hold),
            ("pause", queue.pause),
            ("resume", queue.resume),
            ("end", queue.stop_item),
            ("abort", queue.abort),
            ("up", lambda: self._move(-1)),
            ("down", lambda: self._move(1)),
            ("edit", self._edit),
            ("duplicate", self._duplicate),
            ("remove", self._remove),
            ("clear", queue.clear_done),
            ("load", self.ask_load),
            ("save", self.ask_save),
        ):
            acts[name].triggered.connect(lambda _checked, act=act: act())

    # -- what is told -------------------------------------------------------------------------

    def show_queue(self, changed: QueueChanged) -> None:
        """The queue as it is now; selection and place stay."""
        self.model.show_items(changed.items)
        self._select_wished()
        left = [i.estimate_s for i in changed.items if not i.ended]
        known = [s for s in left if s is not None]
        waits = f"{len(left)} to do" if left else "nothing waits"
        time = f", about {duration(sum(known))}" if known and len(known) == len(left) else ""
        why = f": {changed.why}" if changed.why else ""
        held = f"held{why}. Start goes on" if changed.held else "runs one after the other"
        self.buttons.say(f"{waits}{time}; {held}", alarming=bool(changed.why))
        self._held = changed.held
        self._selected()

    def _refused(self, words: str) -> None:
        self._say(f"▲ {words}")
        self.told.emit(words)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))

    # -- the selected item --------------------------------------------------------------------

    @property
    def selected(self) -> QueueItem | None:
        """The item that is selected."""
        selection = self.table.selectionModel()
        assert selection is not None
        rows = selection.selectedRows()
        row = rows[0].row() if rows else -1
        return self.model.items[row] if 0 <= row < len(self.model.items) else None

    def _select(self, key: int) -> None:
        row = self.model.row_of(key)
        if row >= 0:
            # A row that came just now has no place yet to scroll to.
            self.table.doItemsLayout()
            self.table.selectRow(row)

    def _wish(self, key: int) -> None:
        """Select it as soon as it is shown."""
        self._wished = key
        self._select_wished()

    def _select_wished(self) -> None:
        if self._wished is not None and self.model.row_of(self._wished) >= 0:
            self._select(self._wished)
            self._wished = None

    def _selected(self) -> None:
        item = self.selected
        key = None if item is None else item.key
        command, why_none = self._command(item)
        if command != self.command.text():
            self.command.setText(command)
            self.command.setCursorPosition(0)
        self.command.setPlaceholderText(why_none)
        self.copy.setEnabled(bool(command))
        if item is not None and item.error:
            self.words.setText(f"{item.name}: {item.error}")
        elif key != self._shown:
            self.words.clear()
        self.words.setVisible(bool(self.words.text()))
        self.buttons.allow(self.model.items, item, held=self._held)
        if item is not None and key != self._shown:
            self.item_selected.emit(item.key)
        self._shown = key

    def _command(self, item: QueueItem | None) -> tuple[str, str]:
        """Of the item, or of the whole queue if none is selected; else why there is none."""
        if item is not None and not item.uses:
            return command_of(item, self._queue.runs_dir), ""
        if item is not None:
            names = ", ".join(sorted({use.step for use in item.uses}))
            return "", f"needs results of {names}: save the queue, then mtjlab run FILE.toml"
        if self._saved is not None and self._is_saved(Path(self._saved[0]), self._saved[1]):
            return session_command(Path(self._saved[0]), out=self._queue.runs_dir), ""
        return "", "Select an item for its command; save the queue for the command of all"

    def _is_saved(self, path: Path, text: str) -> bool:
        try:
            return text == session_text(self.model.items, path.parent)
        except UsageError:
            return False

    def _keep_saved(self, path: str, text: str) -> None:
        self._saved = (path, text)
        self._selected()

    def _open(self) -> None:
        item = self.selected
        if item is None:
            return
        if item.run_file is not None:
            self.run_opened.emit(item.run_file)
        elif item.status == "waiting":
            self._edit()

    def _edit(self) -> None:
        if self.selected is not None:
            self.edit_asked.emit(self.selected)

    def _duplicate(self) -> None:
        item = self.selected
        if item is None:
            return
        self.asking.do(
            lambda: self._added(
                self._queue.add(
                    item.protocol,
                    item.bench,
                    parameters=item.parameters,
                    settings=item.settings,
                    uses=item.uses,
                    name=item.name,
                    on_failure=item.on_failure,
                )
            )
        )

    def _added(self, key: int) -> None:
        self.asking.added.emit(key)

    def _on_selected(self, act: Callable[[int], None]) -> None:
        item = self.selected
        if item is not None:
            self.asking.do(lambda: act(item.key))

    def _remove(self) -> None:
        self._on_selected(self._queue.remove)

    def _move(self, by: int) -> None:
        item = self.selected
        if item is not None:
            to = self.model.row_of(item.key) + by
            self.asking.do(lambda: self._queue.move(item.key, to))

    def _copy(self) -> None:
        board = QtWidgets.QApplication.clipboard()
        assert board is not None
        board.setText(self.command.text())

    # -- asked by the window ------------------------------------------------------------------

    def add(self, draft: Draft, *, first: bool = False, start: bool = False) -> None:
        """Add a run; refusals appear as words below the table, and as `told`."""
        self.words.clear()
        self.asking.add(draft, first=first, start=start)

    def replace(self, key: Any, draft: Draft) -> None:
        """Change an item that waits."""
        self.words.clear()
        self.asking.replace(key, draft)

    def add_again(self, path: Path, kind: Literal["resume", "replay"]) -> None:
        """Go on with a run file, or repeat it."""
        self.words.clear()
        self.asking.again(path, kind)

    def load(self, path: Path, *, start: bool = False, bench: str | None = None) -> None:
        """Add the steps of a session file, on this bench in place of the file's."""
        self.asking.load(path, start=start, bench=bench, usual_bench=self._usual_bench())

    def ask_load(self) -> None:
        """Ask which session file to load."""
        dialog = QtWidgets.QFileDialog(self, "Load a session file", "", _SESSIONS)
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.load(Path(chosen)))
        dialog.open()

    def ask_save(self) -> None:
        """Ask where to save the queue as a session file."""
        dialog = QtWidgets.QFileDialog(self, "Save the queue as a session file", "", _SESSIONS)
        dialog.setAcceptMode(QtWidgets.QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.fileSelected.connect(lambda chosen: self.asking.save(Path(chosen)))
        dialog.open()

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self.model.set_theme(theme)
        self._bar.set_theme(theme)

    def close_down(self) -> None:
        """End the thread; for whoever closes the window."""
        self.asking.close()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Closed by itself, it takes its thread along."""
        self.close_down()
        super().closeEvent(event)
