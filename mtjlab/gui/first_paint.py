"""What can wait until the window is seen: somebody who sees it can begin."""

from collections.abc import Callable

from PyQt5 import QtCore, QtWidgets

# A window that begins hidden, or behind others, must not keep what waits for ever.
LATEST_MS = 1000


class AfterFirstPaint(QtCore.QObject):
    """Calls something once, when a widget has been painted or should have been."""

    def __init__(
        self, widget: QtWidgets.QWidget, then: Callable[[], None], latest_ms: int = LATEST_MS
    ) -> None:
        """`then` is called from the event loop; never, if `widget` is gone before."""
        super().__init__(widget)
        self._then: Callable[[], None] | None = then
        widget.installEventFilter(self)
        QtCore.QTimer.singleShot(latest_ms, self._begin)

    def eventFilter(self, target: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Takes nothing."""
        if event is not None and event.type() == QtCore.QEvent.Type.Paint:
            assert target is not None
            target.removeEventFilter(self)
            # Behind the paint events of all other widgets, which are sent together.
            QtCore.QTimer.singleShot(0, self._begin)
        return False

    def _begin(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
