"""Everything that reads files for the runs dock, in one thread beside the window."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from PyQt5 import QtCore

from mtjlab.core.errors import MtjlabError
from mtjlab.store import Catalogue, Query, RunReader, add_note, export, repair, set_tag
from mtjlab.store.glance import glance
from mtjlab.store.other_formats import Format


class Reading(QtCore.QObject):
    """Asks the catalogue; the newest question of a kind wins.

    Attributes:
        listed: list of `Entry`, for the newest query.
        looked: `Glance` of the newest run asked for.
        progress: files read, files to read, of a long first look.
        said: what came of something, in words.
        failed: the same, where it went wrong.
    """

    listed = QtCore.pyqtSignal(object)
    looked = QtCore.pyqtSignal(object)
    progress = QtCore.pyqtSignal(int, int)
    said = QtCore.pyqtSignal(str)
    failed = QtCore.pyqtSignal(str)

    def __init__(self, runs_dir: Path, parent: QtCore.QObject | None = None) -> None:
        """The thread ends with `close`."""
        super().__init__(parent)
        self.runs_dir = runs_dir
        self._query = Query()
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._newest: dict[str, int] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="mtjlab runs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give up what is asked for and end."""
        self._closed.set()
        self._work.put(None)
        self._thread.join()

    def list_runs(self, query: Query, *, refresh: bool) -> None:
        """Have the runs told that match; `refresh` looks at new and changed files first."""
        self._query = query
        if refresh:
            self._ask("refresh", self._refresh)
        self._ask("list", self._list)

    def look_at(self, name: str) -> None:
        """Have one run told; `name` as in `Entry.path`."""
        self._ask("look", lambda: self.looked.emit(glance(self.runs_dir, name)))

    def note(self, path: Path, text: str) -> None:
        """Keep a note beside a run."""
        self._do(lambda: add_note(path, text, now=datetime.now(UTC)), path)

    def tag(self, path: Path, word: str, *, on: bool) -> None:
        """Give or take a tag."""
        self._do(lambda: set_tag(path, word, on=on, now=datetime.now(UTC)), path)

    def mend(self, path: Path) -> None:
        """As `mtjlab repair`."""

        def act() -> None:
            done = repair(path)
            words = "opens with any HDF5 program now" if done else "there is nothing to repair"
            self.said.emit(f"{path.name}: {words}")

        self._do(act, path)

    def export(self, path: Path, form: Format) -> None:
        """As `mtjlab export` without `--out`: beside the run file."""

        def act() -> None:
            out = path.with_name(path.stem + (".nc" if form == "netcdf" else f"-{form}"))
            with RunReader.open(path) as run:
                export(run, out, form)
            self.said.emit(f"written: {out}")

        self._do(act, path)

    def _do(self, act: Callable[[], None], path: Path) -> None:
        self._work.put(act)
        self._ask("refresh", self._refresh)
        self._ask("list", self._list)
        self.look_at(str(path.relative_to(self.runs_dir)))

    def _ask(self, kind: str, act: Callable[[], None]) -> None:
        number = self._newest[kind] = self._newest.get(kind, 0) + 1
        self._work.put(lambda: act() if self._newest[kind] == number else None)

    def _loop(self) -> None:
        while (act := self._work.get()) is not None:
            try:
                act()
            except _Closed:
                return
            except MtjlabError as error:
                self._tell(str(error))
            except Exception as error:
                self._tell(f"{type(error).__name__}: {error}")

    def _tell(self, words: str) -> None:
        if not self._closed.is_set():
            self.failed.emit(words)

    def _refresh(self) -> None:
        with Catalogue(self.runs_dir) as catalogue:
            catalogue.refresh(self._progress)

    def _progress(self, done: int, total: int) -> None:
        if self._closed.is_set():
            raise _Closed
        self.progress.emit(done, total)

    def _list(self) -> None:
        with Catalogue(self.runs_dir) as catalogue:
            self.listed.emit(catalogue.find(self._query))


class _Closed(Exception):
    """The window has gone."""
