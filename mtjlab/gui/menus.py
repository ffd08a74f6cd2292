"""What the menus offer; each entry asks somebody else."""

from collections.abc import Callable
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from mtjlab import __version__
from mtjlab.gui.bench.panel import BenchPanel
from mtjlab.gui.first_use.first_use import FirstUse
from mtjlab.gui.queue.panel import QueuePanel
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.routes import Routes
from mtjlab.gui.runs.panel import RunsPanel
from mtjlab.gui.stop import WORDS
from mtjlab.gui.theme import THEMES, Name, Theme, apply
from mtjlab.gui.window import Window

KEYS = (
    f"STOP: {WORDS}. Ctrl+Return adds to the queue; Ctrl+1 to Ctrl+5 go to bench, protocol, queue, "
    "runs and log; Ctrl+Space holds the picture while the run goes on; Ctrl+E exports it; Tab and "
    "the arrows reach everything else."
)


class Menus(QtCore.QObject):
    """Fills the menus of a window.

    Attributes:
        first_use: the pages that describe a bench, while they are open.
    """

    def __init__(
        self,
        window: Window,
        routes: Routes,
        bench: BenchPanel,
        queue: QueuePanel,
        runs: RunsPanel,
        remembered: Remembered,
        themed: list[Callable[[Theme], None]],
    ) -> None:
        """`themed`: told of other colours."""
        super().__init__(window)
        self._window, self._routes = window, routes
        self._bench, self._queue, self._runs = bench, queue, runs
        self._remembered, self._themed = remembered, themed
        self.first_use: FirstUse | None = None
        self._add("&Session", "Describe a &bench...", self.describe)
        self._add("&Session", "&Load a session file...", queue.ask_load)
        self._add("&Session", "&Save the queue as a session file...", queue.ask_save)
        self._add("&Session", "&Quit", self._quit, "Ctrl+Q")
        self._add("&Runs", "Open a run &file...", self._ask_run, "Ctrl+O")
        for act in runs.acts.values():
            window.menus["&Runs"].addAction(act)
        window.menus["&View"].addSeparator()
        self._add("&View", "&Lay out as at first", window.lay_out)
        self._add("&View", "&Dark colours", self.turn_colours, "Ctrl+Shift+D")
        self._add("&Help", "&Keys", lambda: window.strip.say(KEYS))
        self._add(
            "&Help",
            "&About",
            lambda: window.strip.say(
                f"mtjlab {__version__}. Everything in this window has a command: mtjlab --help"
            ),
        )

    def _add(self, menu: str, text: str, act: Callable[[], None], key: str = "") -> None:
        action = self._window.menus[menu].addAction(text)
        assert action is not None
        if key:
            action.setShortcut(key)
        action.triggered.connect(lambda _checked: act())

    def describe(self) -> None:
        """The pages of first use, beside the window."""
        if self.first_use is None:
            theme = THEMES[self._remembered.theme]
            self.first_use = FirstUse(
                theme, self._runs.runs_dir, self._window, in_use=self._resources_in_use
            )
            self.first_use.bench_made.connect(self._bench.choose)
            self.first_use.twin_chosen.connect(lambda: self._bench.choose("twin"))
            self.first_use.finished.connect(lambda _result: self._described())
        self.first_use.show()
        self.first_use.raise_()

    def _described(self) -> None:
        if self.first_use is not None:
            self.first_use.deleteLater()
            self.first_use = None

    def _resources_in_use(self) -> list[str]:
        return [one.resource for one in self._bench.state.instruments if one.resource]

    def _ask_run(self) -> None:
        folder = str(self._runs.runs_dir)
        dialog = QtWidgets.QFileDialog(self._window, "Run file", folder, "Run files (*.h5)")
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self._routes.shown.open(Path(chosen)))
        dialog.open()

    def turn_colours(self) -> None:
        """Light to dark and back."""
        name: Name = "light" if self._remembered.theme == "dark" else "dark"
        self._remembered.theme = name
        app = QtWidgets.QApplication.instance()
        assert isinstance(app, QtWidgets.QApplication)
        theme = THEMES[name]
        # Another style sheet lays everything out anew: the docks stay as they are.
        docks = self._window.saveState()
        apply(app, theme)
        for told in self._themed:
            told(theme)
        if self.first_use is not None:
            self.first_use.set_theme(theme)
        self._window.restoreState(docks)

    def _quit(self) -> None:
        self._window.close()
