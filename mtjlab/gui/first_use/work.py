"""What takes long, in a thread of its own: the window never waits for an instrument."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from PyQt5 import QtCore


class Work(QtCore.QObject):
    """One piece of work at a time; a new one waits for the rest of the old one.

    Attributes:
        came: each thing that the work gave, in the window's thread.
        ended: what went wrong, in words; empty: nothing, or it was stopped.
    """

    came = QtCore.pyqtSignal(object)
    ended = QtCore.pyqtSignal(str)
    _crossed = QtCore.pyqtSignal(int, object)
    _crossed_last = QtCore.pyqtSignal(int, str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Nothing to do yet."""
        super().__init__(parent)
        self._number = 0
        self._on = False
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        # Sent from another thread, these wait in the queue of the window's.
        self._crossed.connect(self._came)
        self._crossed_last.connect(self._ended)

    @property
    def on(self) -> bool:
        """Whether something is being worked at."""
        return self._on

    def start(self, work: Callable[[], Iterator[Any]]) -> None:
        """Begin; `work` runs in the thread, and a stop is noticed between what it gives."""
        self.stop()
        self._number += 1
        self._stop = threading.Event()
        self._on = True
        threading.Thread(
            target=self._run, args=(work, self._number, self._stop), daemon=True
        ).start()

    def stop(self) -> None:
        """Want no more of it. Returns at once; nothing comes of it any more."""
        self._stop.set()
        if self._on:
            self._number += 1
            self._on = False
            self.ended.emit("")

    def _run(self, work: Callable[[], Iterator[Any]], number: int, stop: threading.Event) -> None:
        reason = ""
        # The window may be gone by the time an instrument has answered.
        with suppress(RuntimeError):
            try:
                with self._one_at_a_time:
                    if not stop.is_set():
                        for item in work():
                            self._crossed.emit(number, item)
                            if stop.is_set():
                                break
            except Exception as error:
                reason = str(error) or type(error).__name__
            self._crossed_last.emit(number, reason)

    def _came(self, number: int, item: object) -> None:
        if number == self._number:
            self.came.emit(item)

    def _ended(self, number: int, reason: str) -> None:
        if number == self._number:
            self._on = False
            self.ended.emit(reason)
