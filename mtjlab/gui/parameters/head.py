"""Above the form: which protocol, what it does, a filter, and where values come from or go to."""

from PyQt5 import QtCore, QtGui, QtWidgets


class FilterLine(QtWidgets.QLineEdit):
    """Type to find; Return goes to the first row found."""

    entered = QtCore.pyqtSignal()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Return must not add anything to the queue from here."""
        returns = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if event is not None and event.key() in returns:
            self.entered.emit()
            event.accept()
            return
        super().keyPressEvent(event)


class Head(QtWidgets.QWidget):
    """Chooser, sentence, filter and a menu.

    Attributes:
        found: text of the filter.
        entered: Return in the filter.
    """

    found = QtCore.pyqtSignal(str)
    entered = QtCore.pyqtSignal()
    load_run_asked = QtCore.pyqtSignal()
    load_file_asked = QtCore.pyqtSignal()
    save_file_asked = QtCore.pyqtSignal()
    reset_asked = QtCore.pyqtSignal()

    def __init__(self, chooser: QtWidgets.QWidget, parent: QtWidgets.QWidget | None = None) -> None:
        """`chooser` stands first."""
        super().__init__(parent)
        self.about = QtWidgets.QLabel()
        self.about.setWordWrap(True)
        self.about.setProperty("role", "quiet")
        self.filter = FilterLine()
        self.filter.setPlaceholderText("Find a parameter")
        self.filter.setAccessibleName("Find a parameter by name or description")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.found)
        self.filter.entered.connect(self.entered)
        self.menu = self._menu()
        reset = QtWidgets.QToolButton()
        reset.setText("Reset all")
        reset.setToolTip("Every parameter back to its default")
        reset.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        reset.clicked.connect(self.reset_asked)
        self.reset = reset
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(5)
        grid.addWidget(chooser, 0, 0)
        grid.addWidget(self.menu, 0, 1)
        grid.addWidget(self.about, 1, 0, 1, 2)
        grid.addWidget(self.filter, 2, 0)
        grid.addWidget(reset, 2, 1)
        grid.setColumnStretch(0, 1)

    def show_about(self, text: str) -> None:
        """One sentence about the protocol."""
        self.about.setText(text)

    def _menu(self) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton()
        button.setText("Load")
        button.setToolTip("Parameters from a past run or a file, or into a file")
        button.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        menu = QtWidgets.QMenu(button)
        for text, signal in (
            ("Load from &run...", self.load_run_asked),
            ("Load &file...", self.load_file_asked),
            ("&Save file...", self.save_file_asked),
        ):
            action = menu.addAction(text)
            assert action is not None
            action.triggered.connect(signal)
        button.setMenu(menu)
        return button
