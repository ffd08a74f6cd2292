"""STOP: a button that is always there, Esc twice, and two keys that work everywhere in mtjlab."""

import math
import time
from collections.abc import Callable

from PyQt5 import QtCore, QtGui, QtWidgets

TWICE_WITHIN_S = 0.8
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
    """Keys that stop, whatever has the focus and whichever dialog is open.

    Every key of the keyboard reaches the window that has the focus before any of its widgets, so
    windows are where it is looked for. A filter of the whole application would see each event of
    each object, at the price of a call into Python, and Qt's own bookkeeping objects among them
    feed on that for ever.
    """

    def __init__(
        self,
        app: QtGui.QGuiApplication,
        stop: Callable[[], None],
        clock_s: Callable[[], float] = time.monotonic,
        parent: QtCore.QObject | None = None,
    ) -> None:
        """`clock_s` tells how far apart two Esc are."""
        super().__init__(parent)
        self._stop = stop
        self._clock_s = clock_s
        self._escaped_s = -math.inf
        app.focusWindowChanged.connect(self.watch)
        self.watch(app.focusWindow())

    def watch(self, window: QtGui.QWindow | None) -> None:
        """Look at the keys of this window, too; it has the focus now."""
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, _target: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Takes the keys that stop; the first Esc goes on to its widget."""
        if event is None or event.type() != QtCore.QEvent.Type.KeyPress:
            return False
        assert isinstance(event, QtGui.QKeyEvent)
        if event.isAutoRepeat():
            return False
        if event.key() == QtCore.Qt.Key.Key_Escape:
            return self._escape()
        pressed = QtGui.QKeySequence(int(event.modifiers()) | event.key())
        if pressed in KEYS:
            self._stop()
            return True
        return False

    def _escape(self) -> bool:
        now_s = self._clock_s()
        if now_s - self._escaped_s <= TWICE_WITHIN_S:
            self._escaped_s = -math.inf
            self._stop()
            return True
        self._escaped_s = now_s
        return False
