"""What changes the queue and may take a moment: done beside the window, refusals told in words."""

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from PyQt5 import QtCore

from mtjlab.core.errors import MtjlabError, StoreError
from mtjlab.gui.parameters.draft import Draft
from mtjlab.runner.command_line import session_command
from mtjlab.runner.queue import Queue
from mtjlab.runner.session_check import check_session
from mtjlab.runner.session_file import read_session
from mtjlab.runner.session_text import session_text


class Asking(QtCore.QObject):
    """Asks the queue in a thread of its own, in the order in which it was asked.

    Attributes:
        refused: why, in words.
        said: what was done, in words.
        added: key of a new item.
        saved: path and text of a session file that was written.
    """

    refused = QtCore.pyqtSignal(str)
    said = QtCore.pyqtSignal(str)
    added = QtCore.pyqtSignal(int)
    saved = QtCore.pyqtSignal(str, str)

    def __init__(self, queue: Queue, parent: QtCore.QObject | None = None) -> None:
        """The thread ends with `close`."""
        super().__init__(parent)
        self._queue = queue
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="mtjlab asking", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Do what was asked for, then end."""
        self._work.put(None)
        self._thread.join()

    def add(self, draft: Draft, *, first: bool = False, start: bool = False) -> None:
        """Add a run; `first` before all that wait, `start` begin with it at once."""

        def act() -> None:
            key = self._queue.add(**_asked(draft), first=first)
            self.added.emit(key)
            if start:
                self._queue.start_only(key)

        self._work.put(act)

    def again(self, path: Path, kind: Literal["resume", "replay"]) -> None:
        """Add a run that goes on with, or repeats, a run file; it begins at once."""

        def act() -> None:
            key = self._queue.add_again(path, kind)
            self.added.emit(key)
            self._queue.start_only(key)

        self._work.put(act)

    def replace(self, key: int, draft: Draft) -> None:
        """Change an item that waits."""

        def act() -> None:
            asked = _asked(draft)
            if draft.seed is None:
                del asked["seed"]
            self._queue.edit(key, **asked, settings=())
            self.said.emit("changed")

        self._work.put(act)

    def load(
        self,
        path: Path,
        *,
        start: bool = False,
        bench: str | None = None,
        usual_bench: str | None = None,
    ) -> None:
        """Add all steps of a session file; the benches are as in `read_session`."""

        def act() -> None:
            session = read_session(path, bench=bench, usual_bench=usual_bench)
            check_session(path, session)
            keys = self._queue.add_session(session)
            self.said.emit(f"{len(keys)} steps of {path}")
            if start:
                self._queue.start()

        self._work.put(act)

    def save(self, path: Path) -> None:
        """Write the queue as a session file."""

        def act() -> None:
            text = session_text(self._queue.items(), path.parent)
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
            self.saved.emit(str(path), text)
            command = session_command(path, out=self._queue.runs_dir)
            self.said.emit(f"written; without a window: {command}")

        self._work.put(act)

    def do(self, act: Callable[[], None]) -> None:
        """Anything else that the queue may refuse."""
        self._work.put(act)

    def _loop(self) -> None:
        while (act := self._work.get()) is not None:
            try:
                act()
            except MtjlabError as error:
                self.refused.emit(str(error))
            except Exception as error:
                self.refused.emit(f"{type(error).__name__}: {error}")


def _asked(draft: Draft) -> dict[str, Any]:
    return {
        "protocol": draft.protocol,
        "bench": draft.bench,
        "parameters": draft.parameters,
        "seed": draft.seed,
        "name": draft.name,
        "on_failure": draft.on_failure,
        "pace": draft.pace,
    }
