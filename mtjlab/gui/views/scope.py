"""The junction scope: raw samples rolling by or from a file, and what they tell of a junction."""

import re

import numpy as np
from numpy.typing import NDArray
from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.core.units import si
from mtjlab.gui.live.analysed import Analysed, analysed
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live.node_trace import has_trace, trace_of
from mtjlab.gui.live.scope_window import ScopeWindow
from mtjlab.gui.live.shown import Shown, shown_of
from mtjlab.gui.live.stored_trace import StoredTrace
from mtjlab.gui.live.trace import Trace
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.analysis_tabs import AnalysisTabs
from mtjlab.gui.views.analyst import Analyst
from mtjlab.gui.views.plot import Plot
from mtjlab.gui.views.scope_bar import MOST_SHOWN, ScopeBar
from mtjlab.gui.views.scope_plots import ScopePlots
from mtjlab.gui.views.view import View

FIRST_SPAN_S = 1.0
_LOOK_MS = 30
_WIDE_PX = 820
_WORDS_EVERY_S = 0.5
# Flips in a column beyond which nothing but a band is seen.
_MANY_FLIPS = 1.0
# Share of columns that are drawn from end to end.
_SOLID = 0.9
_CELL = re.compile(r"r(\d+)c(\d+)")


class ScopeView(View):
    """Traces of up to eight junctions; tabs of analysis for one of them."""

    title = "Scope"
    # A frame that takes more than half of its time must not cost every second one.
    share = 0.75

    def __init__(
        self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None
    ) -> None:
        super().__init__(run, theme, parent)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.trace: Trace | None = None
        self.sight = ScopeWindow(FIRST_SPAN_S)
        self.shown: Shown | None = None
        self.channels: list[int] = []
        self.channel = 0
        self.found: Analysed | None = None
        self._live = False
        self._asked = True
        self._seen = -1
        self._newest_s = 0.0
        self._told: Shown | None = None
        self._analysed_of: tuple[object, ...] = ()
        self._words_due = QtCore.QElapsedTimer()
        self.bar: ScopeBar | None = None
        self.traces = ScopePlots(theme)
        self.traces.moved.connect(self._moved)
        self.traces.reset.connect(self.follow)
        self.traces.resized.connect(self._ask_frame)
        self.traces.chosen.connect(lambda place: self._choose(self.channels[place], tell=True))
        self.analysis = AnalysisTabs(theme)
        self.analyst = Analyst(parent=self)
        self.analyst.done.connect(self._found)
        self._waiting = QtWidgets.QLabel("Waiting for the first samples")
        self._waiting.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._scroll = scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.traces)
        self.splitter = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        self.splitter.addWidget(scroll)
        self.splitter.addWidget(self.analysis)
        self.splitter.setStretchFactor(0, 5)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setChildrenCollapsible(False)
        self._layout = QtWidgets.QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self._waiting, 1)
        self._layout.addWidget(self.splitter, 1)
        self.splitter.hide()
        # What the mouse, the keys or a reading thread have changed, also while the deck rests.
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_MS)

    @classmethod
    def serves(cls, run: Collected) -> bool:
        """Where there are raw samples."""
        return has_trace(run)

    # -- drawing ------------------------------------------------------------------------------

    def redraw(self) -> None:
        """The window as it is now."""
        if self.trace is None and not self._begin():
            return
        trace = self.trace
        assert trace is not None
        self._asked, self._seen = False, trace.version
        self._newest_s = trace.timeline().end_s
        from_s, to_s = self.sight.ends(self._newest_s)
        chosen = np.array(self.channels, dtype=np.int64)
        self.shown = shown_of(trace, from_s, to_s, self.traces.columns, chosen)
        self.traces.draw(
            self.shown,
            trace.timeline().gaps_within(from_s, to_s),
            from_s,
            to_s,
            following=self.sight.end_s is None,
        )
        self._ask(from_s, to_s)
        self._tell_in_time()

    def _begin(self) -> bool:
        """Once there are samples."""
        trace = trace_of(self.run)
        if trace is None or not trace.count or not trace.timeline().pieces:
            words = "Waiting for the first samples"
            if self.run.status not in ("waiting", "running"):
                words = "This run has no samples of a trace"
            self._waiting.setText(words)
            return False
        self.trace = trace
        self._live = not isinstance(trace, StoredTrace) and self.run.status == "running"
        if not self._live:
            end_s = trace.timeline().end_s
            self.sight = ScopeWindow(end_s, end_s)
        self.bar = ScopeBar(trace.names, live=self._live)
        self.bar.span_chosen.connect(self.set_span)
        self.bar.zoomed.connect(self.zoom)
        self.bar.follow_asked.connect(self.follow)
        self.bar.channels_chosen.connect(self.show_channels)
        self.bar.analysis_toggled.connect(self._toggle_analysis)
        self._layout.insertWidget(0, self.bar)
        self._waiting.hide()
        self.splitter.show()
        self.splitter.setSizes([int(0.64 * self.width()), int(0.36 * self.width())])
        self.bar.analysis.setChecked(self.width() >= _WIDE_PX)
        self._arrange()
        self.show_channels(list(range(min(len(trace.names), MOST_SHOWN))))
        self._show_window()
        return True

    def _ask_frame(self) -> None:
        self._asked = True

    def _look(self) -> None:
        if not self.isVisible():
            return
        stored = self.trace is not None and not self._live and self.trace.version != self._seen
        if self._asked or stored or self.trace is None:
            self.redraw()
        elif self.shown is not self._told:
            self._tell_in_time()

    def _tell_in_time(self) -> None:
        if not self._words_due.isValid() or self._words_due.elapsed() > 1e3 * _WORDS_EVERY_S:
            self._words_due.start()
            self._tell()

    def _tell(self) -> None:
        shown, words = self.shown, []
        if shown is None or self.bar is None or self.trace is None:
            return
        self._told = shown
        if shown.single or shown.width_s < 1.5 * self.trace.timeline().interval_s:
            words.append("every sample is drawn")
        elif len(shown.time_s):
            # What to do comes first: the end is cut off where there is no room.
            flips = self.found.flips_hz * shown.width_s if self.found is not None else 0.0
            if flips > _MANY_FLIPS:
                count = f"{flips:.0f}" if flips >= 10.0 else f"{flips:.2g}"
                words.append(f"about {count} flips a pixel: choose a shorter window")
            elif shown.filled > _SOLID:
                words.append("every pixel has both levels: choose a shorter window")
            words.append(f"smallest and largest sample of each {si(shown.width_s, 's', 3)}")
        if shown.coarse:
            words.append(f"coarse: known for each {si(shown.known_s, 's', 3)} only")
        if isinstance(self.trace, StoredTrace) and self.trace.failure is not None:
            words.append(self.trace.failure)
        text = "; ".join(words)
        self.bar.words.setText(text)
        self.bar.words.setToolTip(text)

    # -- the window of time -------------------------------------------------------------------

    def set_span(self, span_s: float) -> None:
        """Make it so long."""
        self._set(self.sight.spanning(span_s, self._newest_s))

    def zoom(self, factor: float) -> None:
        """Make it so many times longer."""
        self.set_span(self.sight.span_s * factor)

    def follow(self) -> None:
        """Keep the newest sample in sight; all of it, in a file."""
        if self._live:
            self._set(ScopeWindow(self.sight.span_s))
        else:
            self._set(ScopeWindow(max(self._newest_s, 1e-5), self._newest_s))

    def _moved(self, left_s: float, right_s: float) -> None:
        if self.sight.end_s is None:
            left_s, right_s = left_s + self._newest_s, right_s + self._newest_s
        self._set(self.sight.between(left_s, right_s, self._newest_s, live=self._live))

    def _set(self, window: ScopeWindow) -> None:
        self.sight = window
        self._words_due.invalidate()
        self._show_window()
        self._asked = True

    def _show_window(self) -> None:
        if self.bar is not None:
            self.bar.show_window(self.sight.span_s, following=self.sight.end_s is None)

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:
        """Arrows and pages move, + and - zoom, Home and End go to the ends."""
        if event is None:
            return
        keys = QtCore.Qt.Key
        moves = {keys.Key_Left: -0.25, keys.Key_Right: 0.25}
        moves |= {keys.Key_PageUp: -1.0, keys.Key_PageDown: 1.0}
        zooms = {keys.Key_Plus: 0.5, keys.Key_Equal: 0.5, keys.Key_Minus: 2.0}
        zooms |= {keys.Key_Up: 0.5, keys.Key_Down: 2.0}
        key = event.key()
        if key in moves:
            self._set(self.sight.moved(moves[keys(key)], self._newest_s))
        elif key in zooms:
            self.zoom(zooms[keys(key)])
        elif key == keys.Key_Home:
            self._set(ScopeWindow(self.sight.span_s, self.sight.span_s))
        elif key == keys.Key_End:
            self._set(ScopeWindow(self.sight.span_s, None if self._live else self._newest_s))
        else:
            super().keyPressEvent(event)

    # -- which junctions ----------------------------------------------------------------------

    def show_channels(self, places: list[int]) -> None:
        """Show these channels of the trace, at most eight."""
        if self.trace is None or self.bar is None:
            return
        self.channels = places[:MOST_SHOWN]
        names = [self.trace.names[place] for place in self.channels]
        self.traces.show_channels(names, self.trace.stream.unit)
        self.bar.show_channels(self.channels)
        if self.channel not in self.channels:
            self.channel = self.channels[0]
        self._choose(self.channel)

    def show_junction(self, row: int, column: int) -> None:
        """Analyse this one, if it has a trace."""
        if self.trace is None:
            self._begin()
        for place, name in enumerate(() if self.trace is None else self.trace.names):
            if name == f"r{row}c{column}":
                if place not in self.channels:
                    self.show_channels(sorted([*self.channels[: MOST_SHOWN - 1], place]))
                self._choose(place)

    def _choose(self, channel: int, *, tell: bool = False) -> None:
        self.channel = channel
        self.traces.mark(self.channels.index(channel))
        self._asked, self._analysed_of = True, ()
        if tell and self.trace is not None:
            self.setFocus()
            cell = _CELL.fullmatch(self.trace.names[channel])
            if cell is not None:
                self.junction_chosen.emit(int(cell[1]), int(cell[2]))

    # -- analysis -----------------------------------------------------------------------------

    def _toggle_analysis(self, on: bool) -> None:
        self._arrange()
        self._asked, self._analysed_of = True, ()

    def _arrange(self) -> None:
        """Where traces and analysis do not both fit, one takes the place of the other."""
        on = self.bar is not None and self.bar.analysis.isChecked()
        self.analysis.setVisible(on)
        self._scroll.setVisible(not on or self.width() >= _WIDE_PX)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """A narrow view shows traces or analysis."""
        super().resizeEvent(event)
        self._arrange()

    def _ask(self, from_s: float, to_s: float) -> None:
        trace, channel = self.trace, self.channel
        if trace is None or not self.analysis.isVisible():
            return
        asked_for = (channel, self.sight, None if self._live else trace.count)
        if asked_for == self._analysed_of and not (self._live and self.analyst.due):
            return
        self._analysed_of = asked_for
        self.analyst.ask(lambda: analysed(trace, channel, from_s, to_s))

    def _found(self, found: Analysed) -> None:
        self.found = found
        self.analysis.show_analysis(found)
        self._tell()

    # -- export -------------------------------------------------------------------------------

    def plots(self) -> list[Plot]:
        """Traces, and the analysis in sight."""
        return [*self.traces.plots, *self.analysis.plots]

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        """Time since the trace began, and smallest and largest of each column as drawn."""
        if self.shown is None or self.trace is None:
            return [], np.empty((0, 0))
        shown, unit = self.shown, self.trace.stream.unit.lower() or "value"
        header, columns = ["time_s"], [shown.time_s]
        for place, channel in enumerate(self.channels):
            name = self.trace.names[channel].replace(" ", "_")
            if shown.single:
                header.append(f"{name}_{unit}")
                columns.append(shown.low[place].astype(np.float64))
                continue
            header += [f"{name}_min_{unit}", f"{name}_max_{unit}"]
            columns += [shown.low[place].astype(float), shown.high[place].astype(float)]
        return header, np.column_stack(columns)
