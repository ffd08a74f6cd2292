"""Analyses a stretch of a trace beside the window's thread; the newest wish wins."""

import threading
import time
from collections.abc import Callable

from PyQt5 import QtCore

from mtjlab.gui.live.analysed import Analysed

# Of one core, in the long run.
SHARE = 0.04
LEAST_S = 1.0
# First the picture; and whoever still moves the window asks again.
WAIT_S = 0.15


class Analyst(QtCore.QObject):
    """One analysis at a time, in a thread that lives as long.

    Attributes:
        done: an `Analysed`.
    """

    done = QtCore.pyqtSignal(object)

    def __init__(
        self,
        clock_s: Callable[[], float] = time.monotonic,
        parent: QtCore.QObject | None = None,
    ) -> None:
        """`clock_s` paces analyses that nobody has asked for."""
        super().__init__(parent)
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._wish: Callable[[], Analysed] | None = None
        self._working = False
        self._due_s = 0.0

    @property
    def due(self) -> bool:
        """Whether another one may be made only because there are newer samples."""
        return not self._working and self._clock_s() >= self._due_s

    def ask(self, work: Callable[[], Analysed]) -> None:
        """Do this next."""
        with self._lock:
            self._wish = work
            if self._working:
                return
            self._working = True
        # Waited for at the end of the program: one that is cut off in the middle of compiled code
        # takes the program's exit code with it.
        threading.Thread(target=self._work, name="trace analysis").start()

    def _work(self) -> None:
        while True:
            time.sleep(WAIT_S)
            with self._lock:
                work, self._wish = self._wish, None
                if work is None:
                    self._working = False
                    return
            began_s, used_s = self._clock_s(), time.thread_time()
            found = work()
            used_s = time.thread_time() - used_s
            self._due_s = began_s + max(LEAST_S, used_s / SHARE)
            try:
                self.done.emit(found)
            except RuntimeError:  # the window was closed in the meantime
                return
