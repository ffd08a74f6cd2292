"""What is done with a filled form: into the queue, at once, or back into the item it came from."""

from PyQt5 import QtCore, QtGui, QtWidgets


class Buttons(QtWidgets.QWidget):
    """Two buttons; while an item is edited they save or leave it.

    Attributes:
        submitted: the first button: add, or save the changes.
        run_asked: run now.
        cancelled: leave the item as it was.
    """

    submitted = QtCore.pyqtSignal()
    run_asked = QtCore.pyqtSignal()
    cancelled = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """The keys work wherever the keyboard is in `parent`."""
        super().__init__(parent)
        self.submit = QtWidgets.QPushButton()
        self.run = QtWidgets.QPushButton("&Run now")
        self.cancel = QtWidgets.QPushButton("&Cancel")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.submit, self.run, self.cancel):
            button.setAutoDefault(False)
            row.addWidget(button, 1)
        self.run.setToolTip(
            "Begin at once, before what waits; what is held stays held (Ctrl+Shift+Return)"
        )
        self.cancel.setToolTip("Leave the item of the queue as it is")
        self.submit.clicked.connect(self.submitted)
        self.run.clicked.connect(self.run_asked)
        self.cancel.clicked.connect(self.cancelled)
        self._key("Ctrl+Return", self.submit, parent)
        self._key("Ctrl+Shift+Return", self.run, parent)
        self.show_editing(False)

    def show_editing(self, editing: bool) -> None:
        """Save and cancel, or add and run."""
        self.submit.setText("&Save changes" if editing else "&Add to queue")
        self.submit.setToolTip(
            f"{'Back into the queue' if editing else 'At the end of the queue'} (Ctrl+Return)"
        )
        self.run.setVisible(not editing)
        self.cancel.setVisible(editing)

    def allow(self, allowed: bool) -> None:
        """Whether there is something that can be run."""
        self.submit.setEnabled(allowed)
        self.run.setEnabled(allowed)

    def _key(self, keys: str, button: QtWidgets.QPushButton, parent: QtWidgets.QWidget) -> None:
        shortcut = QtWidgets.QShortcut(QtGui.QKeySequence(keys), parent)
        shortcut.setContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(lambda: button.click() if button.isVisibleTo(self) else None)
