"""Closing the window: never while an output could be on, and never holding the window up."""

import threading
from collections.abc import Callable, Sequence

from PyQt5 import QtCore

from mtjlab.core.errors import NotSafeError
from mtjlab.gui.post import Post
from mtjlab.gui.window import Window
from mtjlab.runner.desk import Desk
from mtjlab.runner.queue_item import QueueChanged


class Leaving(QtCore.QObject):
    """Asks in the window while a run is on; then stops, waits for the safe state, and closes.

    Attributes:
        exit_code: as of `mtjlab run`: 0, of the item that went wrong, 6 where a bench was not
            proved safe.
        gone: the bench is safe, and the window closed.
    """

    gone = QtCore.pyqtSignal()
    _safe = QtCore.pyqtSignal()

    def __init__(self, window: Window, desk: Desk, also: Sequence[Callable[[], None]]) -> None:
        """`also`: called once, to end threads of panels."""
        super().__init__(window)
        self._window, self._desk, self._also = window, desk, also
        self._stage = "open"
        self.exit_code = 0
        window.leaving = self.may_close
        self._safe.connect(self._close)

    @property
    def begun(self) -> bool:
        """Nothing new may be begun."""
        return self._stage != "open"

    @property
    def closed(self) -> bool:
        """Everything is safe, and the window is gone."""
        return self._stage == "safe"

    def may_close(self) -> bool:
        """Whether the window may go now; else it is asked, or told, what is missing."""
        if self._stage == "open":
            if self._desk.queue.busy:
                self._window.strip.say(
                    "A run is on. Closing ends it at once; what was measured is kept, and the "
                    "bench is made safe first.",
                    ("&Stop the run and close", self.leave),
                )
            else:
                self.leave()
        return self.closed

    def leave(self) -> None:
        """Stop, make safe, close. Returns at once; from the window's thread, as often as wanted."""
        if self._stage != "open":
            return
        self._stage = "closing"
        self._window.strip.say("Making the bench safe; the window closes when it is.")
        threading.Thread(target=self._work, name="mtjlab leaving").start()

    def _work(self) -> None:
        self._desk.close()
        self._safe.emit()

    def _close(self) -> None:
        self._stage = "safe"
        if self._desk.unsafe:
            self.exit_code = NotSafeError.exit_code
        for end in self._also:
            end()
        self._window.close()
        self.gone.emit()

    def when_the_queue_has_ended(self, post: Post) -> None:
        """Close by itself once nothing waits and nothing is on."""
        post.came.connect(self._look)

    def _look(self, event: object) -> None:
        if not isinstance(event, QueueChanged) or not event.items:
            return
        waits = any(not item.ended for item in event.items)
        if waits and not (event.held and event.why):
            return
        if any(item.status in ("running", "paused") for item in event.items):
            return
        codes = [item.outcome.exit_code for item in event.items if item.outcome is not None]
        self.exit_code = max(codes, default=0) if NotSafeError.exit_code not in codes else 6
        self.leave()
