"""STOP: a button that is always there, Esc twice, and two keys that work everywhere in mtjlab."""

import math
import time
from collections.abc import Callable

from PyQt5 import QtCore, QtGui, QtWidgets

TWICE_WITHIN_S = 0.8
# Nearer together it is one stroke on its way through the widgets; no finger is as quick.
SAME_KEY_S = 0.01
KEYS = (QtGui.QKeySequence("Ctrl+."), QtGui.QKeySequence(QtCore.Qt.Key.Key_Pause))
WORDS = "Esc twice, Ctrl+. or the Pause key"


class StopButton(QtWidgets.QPushButton):
    """Red, large, and never greyed out."""

    def __init__(self, stop: Callable[[], None], parent: QtWidgets.QWidget | None = None) -> None:
        """`stop` must return at once and may be called at any time."""
        super().__init__("STOP", parent)
        self.setObjectName("stop")
        self.setAccessibleName("Stop: every output to 0 V and off")
        self.setToolTip(f"Ends the run at once, every output to 0 V and off ({WORDS})")
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        # On the way down: whoever hits it must not have to let go over it.
        self.pressed.connect(stop)


class StopKeys(QtCore.QObject):
    """An event filter of the application: keys that stop, whatever has the focus."""

    def __init__(
        self,
        stop: Callable[[], None],
        clock_s: Callable[[], float] = time.monotonic,
        parent: QtCore.QObject | None = None,
    ) -> None:
        """`clock_s` tells how far apart two Esc are."""
        super().__init__(parent)
        self._stop = stop
        self._clock_s = clock_s
        self._escaped_s = -math.inf
        self._stamp_ms = 0

    def eventFilter(self, _target: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Sees every key before any widget does, whichever dialog is open; takes those that stop.

        One stroke comes by several times, at the window and at each widget that lets it pass.
        """
        if event is None or event.type() != QtCore.QEvent.Type.KeyPress:
            return False
        assert isinstance(event, QtGui.QKeyEvent)
        if event.isAutoRepeat():
            return False
        if event.key() == QtCore.Qt.Key.Key_Escape:
            return self._escape(event.timestamp())
        pressed = QtGui.QKeySequence(int(event.modifiers()) | event.key())
        if pressed in KEYS:
            self._stop()
            return True
        return False

    def _escape(self, stamp_ms: int) -> bool:
        same = stamp_ms != 0 and stamp_ms == self._stamp_ms
        since_s = self._clock_s() - self._escaped_s
        if same or since_s < SAME_KEY_S:
            return False
        self._stamp_ms = stamp_ms
        if since_s <= TWICE_WITHIN_S:
            self._escaped_s = -math.inf
            self._stop()
            return True
        self._escaped_s = self._clock_s()
        return False
