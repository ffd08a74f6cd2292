"""Which run the views show: the one that is on, or an earlier one that was opened."""

from pathlib import Path

from PyQt5 import QtCore

from mtjlab.core.errors import MtjlabError
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.window import Window


class LiveRun(QtCore.QObject):
    """Follows the run that is on until another is opened, and again when asked to.

    Attributes:
        live: the newest run of this window.
        following: whether the views show it.
        failed: words about a file that cannot be read.
    """

    opened = QtCore.pyqtSignal(object)
    failed = QtCore.pyqtSignal(str)

    def __init__(self, window: Window) -> None:
        """Nothing has run yet."""
        super().__init__(window)
        self._window = window
        self.live = Collected()
        self.following = True
        window.follow.clicked.connect(lambda _checked: self.follow())
        self.opened.connect(self._show)

    def began(self, run: Collected) -> None:
        """A run has begun; shown unless somebody looks at another."""
        self.live = run
        if self.following:
            self._window.deck.show_run(run)
        self.say()

    def follow(self) -> None:
        """Back to the run that is on."""
        self.following = True
        self._window.deck.show_run(self.live)
        self.say()

    def open(self, path: Path) -> None:
        """Read a run file in a thread of its own and show it; `failed` has words if it cannot."""
        pool = QtCore.QThreadPool.globalInstance()
        assert pool is not None
        pool.start(lambda: self._read(path))

    def _read(self, path: Path) -> None:
        try:
            self.opened.emit(Collected.of_file(path))
        except MtjlabError as error:
            self.failed.emit(str(error))

    def _show(self, run: Collected) -> None:
        if run.run_id == self.live.run_id:
            self.follow()
            return
        self.following = False
        self._window.deck.show_run(run)
        self.say()

    def say(self) -> None:
        """What is shown, in words, and how far the live run is."""
        shown = self._window.deck.run
        window, live = self._window, self.live
        window.shown.setText(words_of(shown))
        window.shown.setToolTip(words_of(shown))
        window.follow.setVisible(not self.following and live.run_id != "")
        on = live.status == "running"
        fraction = min(1.0, live.done / live.total) if live.total else 0.0
        window.show_progress(fraction if on else None, live.protocol)
        window.state.setText(state_words(live))


def words_of(run: Collected) -> str:
    """Protocol, bench, seed, status: the line above the views."""
    if not run.run_id:
        return "No run yet: choose a protocol on the left and press Run now"
    where = f"{run.bench} (simulated)" if run.twin else run.bench
    file = f", {run.run_file.name}" if run.run_file else ""
    why = f": {run.error}" if run.error and run.status not in ("finished", "running") else ""
    return f"{run.protocol} on {where}, seed {run.seed}{file}: {run.status}{why}"


def state_words(run: Collected) -> str:
    """What the run does now, and the values of its last step."""
    if run.status != "running":
        return ""
    shown = [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in list(run.values.items())[:3]
        if value is not None
    ]
    said = run.state if run.state != "running" else ""
    return "   ".join([*([said] if said else []), *shown])
