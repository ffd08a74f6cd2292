"""The way from worker threads into the window: events wait in a mailbox, a timer hands them out."""

from collections.abc import Callable
from typing import Any

from PyQt5 import QtCore

from mtjlab.core.events import Event, Mailbox, Rows, StepDone
from mtjlab.gui.live.collected import Collected

POLL_MS = 33
# A burst of notices must not hold up the window; the rest comes with the next poll.
AT_ONCE = 200


class Post(QtCore.QObject):
    """Hands events to the window in its own thread.

    Attributes:
        came: every event but rows and steps, which views take from `Collected`.
    """

    came = QtCore.pyqtSignal(object)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        """Begins at once."""
        super().__init__(parent)
        self._mailbox = Mailbox()
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.hand_out)
        self._timer.start(POLL_MS)

    def put(self, event: Any) -> None:
        """For the listeners of desk and runs, in whatever thread; never blocks."""
        self._mailbox.put(event)

    def collector(self, collected: Collected) -> Callable[[Event], None]:
        """A listener for one run: rows into `collected`, the rest also to the window."""

        def listen(event: Event) -> None:
            collected(event)
            if not isinstance(event, Rows | StepDone):
                self.put(event)

        return listen

    def hand_out(self) -> None:
        """What has come since the last time."""
        for _ in range(AT_ONCE):
            event = self._mailbox.get(0.0)
            if event is None:
                return
            self.came.emit(event)
