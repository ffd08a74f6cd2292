"""The window: where each panel stands. What they say to each other is in `routes`."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.badges import BORDER_PX, OutputsBadge, RedBorder, TwinBadge
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.stop import StopButton
from mtjlab.gui.theme import STOP_RED
from mtjlab.gui.views.deck import Deck

_LEFT = QtCore.Qt.DockWidgetArea.LeftDockWidgetArea
_BOTTOM = QtCore.Qt.DockWidgetArea.BottomDockWidgetArea
SMALLEST = QtCore.QSize(960, 600)
COMFORTABLE = QtCore.QSize(1500, 900)
# What a window manager puts around a window.
_FRAME = QtCore.QSize(8, 40)
# Lower than this, bench and protocol take turns in one place.
_TALL_PX = 820


@dataclass(frozen=True)
class Panels:
    """What stands in the docks."""

    bench: QtWidgets.QWidget
    protocol: QtWidgets.QWidget
    queue: QtWidgets.QWidget
    runs: QtWidgets.QWidget
    log: QtWidgets.QWidget


class Window(QtWidgets.QMainWindow):
    """The main window.

    Attributes:
        deck: live views of the run that is shown.
        shown: in words, which run that is.
        twin, outputs, border: what must not be overlooked.
        strip: one sentence with buttons, above the views; never a dialog.
        menus: by name, for whoever adds actions.
        leaving: asked before it closes; False keeps it open.
    """

    def __init__(
        self,
        panels: Panels,
        deck: Deck,
        stop: Callable[[], None],
        remembered: Remembered,
    ) -> None:
        """`stop` returns at once and may be called at any time."""
        super().__init__()
        self.setWindowTitle("mtjlab")
        self.setMinimumSize(SMALLEST)
        self.setDockNestingEnabled(True)
        self.deck = deck
        self.leaving: Callable[[], bool] = lambda: True
        self._remembered = remembered
        self.menus = {name: self._menu(name) for name in ("&Session", "&Runs", "&View", "&Help")}
        self._bar(stop)
        self.shown = QtWidgets.QLabel("no run yet")
        self.shown.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.shown.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Preferred
        )
        self.follow = QtWidgets.QPushButton("&Follow the live run")
        self.follow.hide()
        self.strip = Strip()
        self.setCentralWidget(self._centre())
        self.docks = self._docks(panels)
        # The red border has a place of its own and covers nothing.
        self.setContentsMargins(BORDER_PX, BORDER_PX, BORDER_PX, BORDER_PX)
        self.border = RedBorder(self, STOP_RED)
        self.resize(self._room())
        if not remembered.restore_layout(self):
            self.lay_out()

    def _menu(self, name: str) -> QtWidgets.QMenu:
        bar = self.menuBar()
        assert bar is not None
        menu = bar.addMenu(name)
        assert menu is not None
        return menu

    def _bar(self, stop: Callable[[], None]) -> None:
        bar = QtWidgets.QToolBar("Stop")
        bar.setObjectName("bar")
        bar.setMovable(False)
        bar.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.PreventContextMenu)
        # No way to hide STOP.
        toggle = bar.toggleViewAction()
        assert toggle is not None
        toggle.setEnabled(False)
        toggle.setVisible(False)
        self.twin, self.outputs = TwinBadge(), OutputsBadge()
        self.state = QtWidgets.QLabel("")
        self.state.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.progress = QtWidgets.QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setFixedWidth(220)
        self.progress.setTextVisible(True)
        gap = QtWidgets.QWidget()
        gap.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Preferred
        )
        self.stop = StopButton(stop)
        for part in (self.twin, self.outputs):
            bar.addWidget(part)
        self._progress = bar.addWidget(self.progress)
        self.show_progress(None, "")
        for part in (self.state, gap, self.stop):
            bar.addWidget(part)
        self.addToolBar(QtCore.Qt.ToolBarArea.TopToolBarArea, bar)

    def show_progress(self, fraction: float | None, what: str) -> None:
        """How far a run is; None: none is on."""
        assert self._progress is not None
        self._progress.setVisible(fraction is not None)
        if fraction is not None:
            self.progress.setValue(round(1000 * fraction))
            self.progress.setFormat(f"{what} %p %")

    def _centre(self) -> QtWidgets.QWidget:
        centre = QtWidgets.QWidget()
        head = QtWidgets.QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.addWidget(self.shown, 1)
        head.addWidget(self.follow)
        layout = QtWidgets.QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip)
        layout.addLayout(head)
        layout.addWidget(self.deck, 1)
        return centre

    def _docks(self, panels: Panels) -> dict[str, QtWidgets.QDockWidget]:
        self.setCorner(QtCore.Qt.Corner.BottomLeftCorner, _LEFT)
        docks: dict[str, QtWidgets.QDockWidget] = {}
        for name, title, area, key in (
            ("bench", "Bench", _LEFT, "Ctrl+1"),
            ("protocol", "Protocol", _LEFT, "Ctrl+2"),
            ("queue", "Queue", _BOTTOM, "Ctrl+3"),
            ("runs", "Runs", _BOTTOM, "Ctrl+4"),
            ("log", "Log", _BOTTOM, "Ctrl+5"),
        ):
            dock = QtWidgets.QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(getattr(panels, name))
            self.addDockWidget(area, dock)
            docks[name] = dock
            shown = dock.toggleViewAction()
            assert shown is not None
            self.menus["&View"].addAction(shown)
            jump = QtWidgets.QShortcut(QtGui.QKeySequence(key), self)
            jump.activated.connect(lambda dock=dock: _to_front(dock))
        return docks

    def _room(self) -> QtCore.QSize:
        """As large as is comfortable, and never larger than the screen."""
        screen = QtWidgets.QApplication.primaryScreen()
        if screen is None:
            return COMFORTABLE
        return COMFORTABLE.boundedTo(screen.availableSize() - _FRAME)

    def lay_out(self) -> None:
        """The docks as they were the first time."""
        for dock in self.docks.values():
            dock.setFloating(False)
            dock.show()
        for name in ("bench", "protocol"):
            self.addDockWidget(_LEFT, self.docks[name])
        for name in ("queue", "runs", "log"):
            self.addDockWidget(_BOTTOM, self.docks[name])
        left = self.docks["bench"], self.docks["protocol"]
        if self.height() < _TALL_PX:
            self.tabifyDockWidget(*left)
            left[1].raise_()
        else:
            self.splitDockWidget(*left, QtCore.Qt.Orientation.Vertical)
        self.tabifyDockWidget(self.docks["queue"], self.docks["runs"])
        self.tabifyDockWidget(self.docks["runs"], self.docks["log"])
        self.docks["queue"].raise_()
        self.resizeDocks(left, [2, 3], QtCore.Qt.Orientation.Vertical)
        self.resizeDocks(left[:1], [400], QtCore.Qt.Orientation.Horizontal)
        low = self.height() < _TALL_PX
        self.resizeDocks(
            [self.docks["queue"]], [200 if low else 270], QtCore.Qt.Orientation.Vertical
        )

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Only when the bench is known to be safe; see `leaving`."""
        assert event is not None
        if not self.leaving():
            event.ignore()
            return
        self._remembered.keep_layout(self)
        event.accept()


class Strip(QtWidgets.QFrame):
    """A sentence and its buttons above the views: what elsewhere would be a dialog.

    Attributes:
        buttons: of the sentence that is shown.
    """

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Hidden until there is something to say."""
        super().__init__(parent)
        self.setObjectName("strip")
        self._words = QtWidgets.QLabel()
        self._words.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row = QtWidgets.QHBoxLayout(self)
        self._row.setContentsMargins(10, 6, 10, 6)
        self._row.addWidget(self._words, 1)
        self.buttons: list[QtWidgets.QPushButton] = []
        self.hide()

    def say(self, words: str, *answers: tuple[str, Callable[[], None]]) -> None:
        """Show it, with one button for each answer and one to put it away."""
        for button in self.buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        self._words.setText(words)
        for name, act in (*answers, ("&Dismiss", lambda: None)):
            button = QtWidgets.QPushButton(name)
            button.clicked.connect(lambda _checked, act=act: self._answered(act))
            self._row.addWidget(button)
            self.buttons.append(button)
        self.show()

    @property
    def words(self) -> str:
        """What it says; "" while hidden."""
        return str(self._words.text()) if self.isVisibleTo(self.parentWidget()) else ""

    def _answered(self, act: Callable[[], None]) -> None:
        self.hide()
        act()


def _to_front(dock: QtWidgets.QDockWidget) -> None:
    dock.show()
    dock.raise_()
    widget = dock.widget()
    if widget is not None:
        widget.setFocus(QtCore.Qt.FocusReason.ShortcutFocusReason)
        first = widget.nextInFocusChain()
        if widget.focusPolicy() == QtCore.Qt.FocusPolicy.NoFocus and first is not None:
            first.setFocus(QtCore.Qt.FocusReason.ShortcutFocusReason)
