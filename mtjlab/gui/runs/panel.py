"""The dock of the runs: search, list, look, and what can be done with a run."""

from pathlib import Path

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.errors import UsageError
from mtjlab.gui.runs.commands import commands
from mtjlab.gui.runs.completion import Completion
from mtjlab.gui.runs.details import Details
from mtjlab.gui.runs.model import RunsModel
from mtjlab.gui.runs.reading import Reading
from mtjlab.gui.runs.run_table import RunTable
from mtjlab.gui.runs.thumbnails import Thumbnails
from mtjlab.gui.theme import Theme
from mtjlab.store import FORMATS, query_of
from mtjlab.store.glance import Glance
from mtjlab.store.other_formats import Format
from mtjlab.store.query import STATUSES

# Files of other processes appear by themselves.
REFRESH_MS = 5000
SEARCH_AFTER_MS = 200
HINT = "protocol:telegraph status:died tag:good junction:3,14 since:2026-11 words"


class RunsPanel(QtWidgets.QWidget):
    """The catalogue. What is asked for goes out as signals with the path of a run file."""

    open_asked = QtCore.pyqtSignal(object)
    compare_asked = QtCore.pyqtSignal(object, object)
    resume_asked = QtCore.pyqtSignal(object)
    replay_asked = QtCore.pyqtSignal(object)
    parameters_asked = QtCore.pyqtSignal(object)

    def __init__(
        self, runs_dir: Path, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        """Begins to read at once, beside the window."""
        super().__init__(parent)
        self.runs_dir = runs_dir
        self.model = RunsModel(theme, self)
        self.reading = Reading(runs_dir, self)
        self.search = QtWidgets.QLineEdit()
        self.search.setPlaceholderText(HINT)
        self.search.setAccessibleName("Search runs")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(150)
        self._completion = Completion(self.search)
        self._status = QtWidgets.QComboBox()
        self._status.addItems(["any status", *STATUSES])
        self._status.setAccessibleName("Status of the runs shown")
        self.words = QtWidgets.QLabel()
        self.words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.words.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        # What came of an action stays readable while the list is read again.
        self.told = QtWidgets.QLabel()
        self.told.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.told.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.told.setWordWrap(True)
        self.table = RunTable(self.model)
        self.thumbnails = Thumbnails(runs_dir, self)
        self.details = Details()
        self.acts = self._acts()
        self._about: list[Path] = []
        self._lay_out()
        self._after = QtCore.QTimer(self)
        self._after.setSingleShot(True)
        self._after.setInterval(SEARCH_AFTER_MS)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._connect()
        self._timer.start()
        self.refresh()

    def _acts(self) -> dict[str, QtWidgets.QAction]:
        """By name; the tool tip is the command that does the same."""
        made = {}
        for name, text, key in (
            ("open", "&Open", ""),
            ("compare", "&Compare", ""),
            ("resume", "&Resume", ""),
            ("replay", "Re&play", ""),
            ("parameters", "&Parameters", ""),
            ("repair", "Repair", ""),
            ("copy", "Copy path", "Ctrl+Shift+C"),
        ):
            act = QtWidgets.QAction(text, self)
            if key:
                act.setShortcut(key)
                act.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
            act.triggered.connect(lambda _checked, name=name: self.act(name))
            self.addAction(act)
            made[name] = act
        return made

    def _lay_out(self) -> None:
        bar = QtWidgets.QHBoxLayout()
        bar.addWidget(self.search, 1)
        bar.addWidget(self._status)
        self.pictures = QtWidgets.QToolButton()
        self.pictures.setText("P&ictures")
        self.pictures.setCheckable(True)
        self.pictures.setToolTip("A picture in each row, where one has been drawn")
        bar.addWidget(self.pictures)
        for name in ("open", "compare", "resume", "replay", "parameters"):
            button = QtWidgets.QToolButton()
            button.setDefaultAction(self.acts[name])
            bar.addWidget(button)
        self._export = QtWidgets.QToolButton()
        self._export.setText("E&xport")
        self._export.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self._export.setMenu(self._export_menu())
        bar.addWidget(self._export)
        split = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        split.addWidget(self.table)
        split.addWidget(self.details)
        split.setSizes([620, 380])
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(bar)
        layout.addWidget(split, 1)
        layout.addWidget(self.told)
        layout.addWidget(self.words)
        self.told.hide()

    def _export_menu(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        for form in FORMATS:
            act = menu.addAction(f"{form}, beside the run file")
            assert act is not None
            act.setToolTip(f"mtjlab export RUN --to {form}")
            act.triggered.connect(lambda _checked, form=form: self._export_as(form))
        return menu

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._after.start())
        self.search.returnPressed.connect(self._ask)
        self._status.currentIndexChanged.connect(lambda _index: self._ask())
        self._after.timeout.connect(self._ask)
        self._timer.timeout.connect(self.refresh)
        self.table.activated.connect(lambda _index: self.act("open"))
        self.table.customContextMenuRequested.connect(self._menu)
        chosen = self.table.selectionModel()
        assert chosen is not None
        chosen.selectionChanged.connect(lambda _now, _before: self._selected())
        reading, details = self.reading, self.details
        reading.listed.connect(self._listed)
        reading.looked.connect(self._looked)
        reading.progress.connect(self._progressed)
        reading.said.connect(self._tell)
        reading.failed.connect(lambda words: self._tell(f"▲ {words}"))
        details.noted.connect(self._note)
        details.tagged.connect(self._tag)
        details.drawn.connect(self._drawn)
        self.pictures.toggled.connect(
            lambda on: self.table.show_pictures(self.thumbnails if on else None)
        )
        self.thumbnails.came.connect(self.table.came)
        details.said.connect(lambda words: self._tell(f"▲ {words}"))
        self._selected()

    def _tell(self, words: str) -> None:
        self._about = self.selected
        self.told.setText(words)
        self.told.setVisible(bool(words))

    def _export_as(self, form: Format) -> None:
        for path in self.selected:
            self.reading.export(path, form)

    def _note(self, text: str) -> None:
        for path in self.selected:
            self.reading.note(path, text)

    def _tag(self, word: str, on: bool) -> None:
        for path in self.selected:
            self.reading.tag(path, word, on=on)

    # -- asking -------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look for new and changed files."""
        self._ask(refresh=True)

    def _ask(self, *, refresh: bool = False) -> None:
        status = self._status.currentText()
        text = str(self.search.text())
        if self._status.currentIndex() > 0:
            text += f" status:{status}"
        try:
            query = query_of(text)
        except UsageError as error:
            self.words.setText(f"▲ {error}")
            return
        self.reading.list_runs(query, refresh=refresh)

    def _listed(self, entries: object) -> None:
        assert isinstance(entries, list)
        if self.table.show_entries(entries):
            self._selected()
            self._completion.learn(entries)
        self.words.setText(f"{len(entries)} runs below {self.runs_dir}")

    def _progressed(self, done: int, total: int) -> None:
        if total > 200:
            self.words.setText(f"reading run files: {done} of {total}")

    # -- one run, or two ----------------------------------------------------------------------

    @property
    def selected(self) -> list[Path]:
        """Run files, in the order shown."""
        return [self.runs_dir / entry.path for entry in self.table.chosen]

    def _selected(self) -> None:
        entries, paths = self.table.chosen, self.selected
        if paths != self._about:
            self._tell("")
        readable = all(entry.status != "unreadable" for entry in entries)
        one, two = len(entries) == 1, len(entries) == 2
        for name in ("open", "replay", "parameters"):
            self.acts[name].setEnabled(one and readable)
        self.acts["copy"].setEnabled(one)
        self.acts["compare"].setEnabled(two and readable)
        status = entries[0].status if one else ""
        self.acts["resume"].setEnabled(status in ("aborted", "failed", "died"))
        self.acts["repair"].setEnabled(status == "died")
        self._export.setEnabled(bool(entries) and readable)
        said = commands(paths)
        for name, needs in _NEEDS.items():
            act = self.acts[name]
            act.setToolTip(said.get(name, needs) if act.isEnabled() else needs)
        if one:
            self.reading.look_at(entries[0].path)
        else:
            self.details.show_glance(None)

    def _drawn(self) -> None:
        self.thumbnails.forget()
        self._selected()

    def _looked(self, glance: object) -> None:
        # What was asked for a moment ago may not be selected any more.
        if isinstance(glance, Glance) and [glance.path] == self.selected:
            self.details.show_glance(glance)

    def act(self, name: str) -> None:
        """What the button of that name does, if it can."""
        paths = self.selected
        if not self.acts[name].isEnabled() or not paths:
            return
        match name:
            case "compare":
                self.compare_asked.emit(*paths)
            case "repair":
                self.reading.mend(paths[0])
            case "copy":
                _copy(str(paths[0]))
            case _:
                getattr(self, f"{name}_asked").emit(paths[0])

    def _menu(self, place: QtCore.QPoint) -> None:
        menu = QtWidgets.QMenu(self)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(list(self.acts.values()))
        export = self._export_menu()
        export.setTitle("E&xport")
        menu.addMenu(export)
        menu.addMenu(self._command_menu(menu))
        port = self.table.viewport()
        assert port is not None
        menu.popup(port.mapToGlobal(place))

    def _command_menu(self, parent: QtWidgets.QMenu) -> QtWidgets.QMenu:
        """The commands that do the same, to be copied."""
        menu = QtWidgets.QMenu("Copy co&mmand", parent)
        for name, command in commands(self.selected).items():
            act = self.acts.get(name)
            # Verbs without a button take one run that can be read.
            if (act or self.acts["open"]).isEnabled():
                said = menu.addAction(command.replace("&", "&&"))
                assert said is not None
                said.triggered.connect(lambda _checked, command=command: _copy(command))
        menu.setEnabled(not menu.isEmpty())
        return menu

    def set_theme(self, theme: Theme) -> None:
        """In these colours."""
        self.model.set_theme(theme)

    def close_down(self) -> None:
        """End the reading threads; for whoever closes the window."""
        self._timer.stop()
        self.thumbnails.close()
        self.reading.close()

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Closed by itself, it takes its threads along."""
        self.close_down()
        super().closeEvent(event)


def _copy(text: str) -> None:
    board = QtWidgets.QApplication.clipboard()
    assert board is not None
    board.setText(text)


_NEEDS = {
    "open": "select one run that can be read",
    "parameters": "select one run: its parameters go into the form",
    "resume": "select a run that was aborted, failed or died",
    "replay": "select one run that can be read",
    "compare": "select two runs (Ctrl+click)",
    "repair": "select a run that died",
}
