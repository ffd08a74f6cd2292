"""The views of one run as tabs, and the timer that redraws the one in sight."""

import time
from collections.abc import Callable
from pathlib import Path

from PyQt5 import QtCore, QtWidgets

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.export import choose, save_picture, save_table
from mtjlab.gui.views.registry import views_for
from mtjlab.gui.views.view import View

FRAME_MS = 32
NOTHING = (
    "Live views appear here with the first run.\n\n"
    "1. Connect a bench.   2. Choose a protocol.   3. Run now, or add it to the queue and Start."
    "\n\nEarlier runs open from the catalogue below: double click, or Enter."
)


class Deck(QtWidgets.QWidget):
    """Tabs of views. A view is made when its tab is first looked at.

    Redrawing takes no more than the view's `share` of a core: after a frame that took t the next
    one comes t / share later. Frames are dropped for that, data never.

    Attributes:
        said: a sentence for the status line.
        frames: redrawn so far.
    """

    said = QtCore.pyqtSignal(str)

    def __init__(
        self,
        theme: Theme,
        clock_s: Callable[[], float] = time.perf_counter,
        parent: QtWidgets.QWidget | None = None,
    ) -> None:
        """`clock_s` times the frames."""
        super().__init__(parent)
        self.theme = theme
        self.run = Collected()
        self.frames = 0
        self._clock_s = clock_s
        self._built_for = ""
        self._seen = -1
        self._due_s = 0.0
        self._junction: tuple[int, int] | None = None
        self._tabs = QtWidgets.QTabWidget()
        self._tabs.setDocumentMode(True)
        bar = self._tabs.tabBar()
        assert bar is not None
        bar.setDrawBase(False)
        self._tabs.currentChanged.connect(self._turned)
        self._pause = QtWidgets.QToolButton()
        self._pause.setText("&Pause view")
        self._pause.setCheckable(True)
        self._pause.setToolTip("Holds this picture; the run goes on and nothing is lost")
        self._pause.setShortcut("Ctrl+Space")
        self._pause.toggled.connect(self._paused)
        export = QtWidgets.QToolButton()
        export.setText("E&xport...")
        export.setToolTip("This view as pictures (PNG, SVG) or as a table (CSV)")
        export.setShortcut("Ctrl+E")
        export.clicked.connect(lambda _checked: self.export())
        corner = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(corner)
        row.setContentsMargins(0, 0, 4, 0)
        row.addWidget(self._pause)
        row.addWidget(export)
        self._tabs.setCornerWidget(corner)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tabs)
        self._nothing = QtWidgets.QLabel(NOTHING)
        self._nothing.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setProperty("role", "quiet")
        layout.addWidget(self._nothing)
        self._tabs.hide()
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        self._timer.start(FRAME_MS)

    # -- which run ----------------------------------------------------------------------------

    def show_run(self, run: Collected) -> None:
        """From now on this one; tabs come when its protocol is known."""
        self.run = run
        self._pause.setChecked(False)
        self._rebuild()

    def set_theme(self, theme: Theme) -> None:
        """Every view is made anew in these colours."""
        self.theme = theme
        self._rebuild()

    def _rebuild(self) -> None:
        title = self._tabs.tabText(self._tabs.currentIndex())
        self._built_for, self._seen = self.run.run_id, -1
        self._tabs.blockSignals(True)
        while self._tabs.count():
            page = self._tabs.widget(0)
            self._tabs.removeTab(0)
            assert page is not None
            page.deleteLater()
        for kind in views_for(self.run):
            self._tabs.addTab(_Page(kind), kind.title)
        self._tabs.blockSignals(False)
        self._tabs.setVisible(self._tabs.count() > 0)
        self._nothing.setVisible(self._tabs.count() == 0)
        titles = [self._tabs.tabText(index) for index in range(self._tabs.count())]
        self._tabs.setCurrentIndex(titles.index(title) if title in titles else 0)
        self._turned()

    # -- which view ---------------------------------------------------------------------------

    @property
    def view(self) -> View | None:
        """The one in sight."""
        page = self._tabs.currentWidget()
        return page.view if isinstance(page, _Page) else None

    def _turned(self, _index: int = 0) -> None:
        page = self._tabs.currentWidget()
        if isinstance(page, _Page) and page.view is None:
            view = page.fill(self.run, self.theme)
            view.junction_chosen.connect(self._chosen)
            view.said.connect(self.said)
            for plot in view.plots():
                plot.said.connect(self.said)
            if self._junction is not None:
                view.show_junction(*self._junction)
        self._seen, self._due_s = -1, 0.0

    def _chosen(self, row: int, column: int) -> None:
        self._junction = (row, column)
        for index in range(self._tabs.count()):
            page = self._tabs.widget(index)
            if isinstance(page, _Page) and page.view not in (None, self.sender()):
                assert page.view is not None
                page.view.show_junction(row, column)

    def _paused(self, on: bool) -> None:
        self._pause.setText("View &paused" if on else "&Pause view")
        self._seen = -1

    # -- frames -------------------------------------------------------------------------------

    def tick(self) -> None:
        """Redraw if there is something new, the view is in sight, and its share allows it."""
        if self._built_for != self.run.run_id:
            self._rebuild()
        view, version, now_s = self.view, self.run.version, self._clock_s()
        if view is None or version == self._seen or now_s < self._due_s:
            return
        if self._pause.isChecked() or not view.isVisible():
            return
        self._seen = version
        self.frames += 1
        view.redraw()
        # What was changed is painted before this comes: a frame is both.
        QtCore.QTimer.singleShot(0, lambda: self._painted(now_s, view.share))

    def _painted(self, began_s: float, share: float) -> None:
        now_s = self._clock_s()
        self._due_s = now_s + (now_s - began_s) * (1.0 / share - 1.0)

    # -- export -------------------------------------------------------------------------------

    def export(self) -> None:
        """Ask where to; a view with several plots writes one file for each."""
        if self.view is not None:
            choose(self, f"{self.run.protocol} {self.view.title}", self.save)

    def save(self, path: Path) -> None:
        """The view in sight as PNG, SVG or CSV, by the ending of `path`."""
        view = self.view
        if view is None:
            return
        if path.suffix.lower() == ".csv":
            header, rows = view.export_table()
            self.said.emit(
                save_table(header, rows, path) if header else "this view has no table to export"
            )
            return
        plots = [plot for plot in view.plots() if plot.isVisible()]
        if not plots:
            self.said.emit("this view has no plot to export; CSV has its table")
            return
        for number, plot in enumerate(plots, start=1):
            named = path if len(plots) == 1 else path.with_stem(f"{path.stem}_{number}")
            self.said.emit(save_picture(plot.getPlotItem(), named))


class _Page(QtWidgets.QWidget):
    """A tab whose view is made when it is needed."""

    def __init__(self, kind: type[View]) -> None:
        super().__init__()
        self.view: View | None = None
        self._kind = kind
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # A roomy view must not push the docks together.
        layout.setSizeConstraint(QtWidgets.QLayout.SizeConstraint.SetNoConstraint)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Small, whatever the view would like."""
        return QtCore.QSize(240, 160)

    def fill(self, run: Collected, theme: Theme) -> View:
        self.view = view = self._kind(run, theme, self)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(view)
        view.show()
        return view
