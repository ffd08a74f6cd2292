"""Loss and accuracy over reads, thinned to the columns of the screen."""

import numpy as np
import pyqtgraph as pg
from PyQt5 import QtCore, QtWidgets

from mtjlab.analysis.thinning import History, extremes
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.key_line import entry, titled
from mtjlab.gui.views.learning_words import reached, target_of
from mtjlab.gui.views.panel import columns_of
from mtjlab.gui.views.plot import Plot

_READS = ("reads (samples presented, all passes)", "")
_SMOOTHING_SHARE = 0.04
_MOST_POINTS = 2000
_DASH = QtCore.Qt.PenStyle.DashLine


class LossPlot(Plot):
    """Loss of every batch, and its running mean.

    Attributes:
        each, mean: the curves.
    """

    def __init__(self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None):
        """Draws the stream `step`."""
        super().__init__(theme, "Loss", parent)
        self._run, self._history, self._first, self._log = run, History(), 0, False
        colour = pg.mkColor(theme.cycle[0])
        colour.setAlpha(90)
        self.each = pg.PlotDataItem(pen=pg.mkPen(colour, width=1), name="each batch, noisy")
        self.mean = pg.PlotDataItem(pen=theme.pen(1, 2.0), name="running mean")
        self.addItem(self.each)
        self.addItem(self.mean)
        entries = (
            entry("each batch, noisy", theme.cycle[0], line="solid"),
            entry("running mean", theme.cycle[1], line="solid"),
        )
        titled(self.getPlotItem(), theme, "Loss", entries)
        self.set_log(False)
        self.getPlotItem().getViewBox().sigXRangeChanged.connect(self._draw)

    def set_log(self, on: bool) -> None:
        """Logarithmic or linear loss."""
        self._log = on
        self.set_axes(_READS, ("cross-entropy (nat)", ""), log=(False, on))

    def update_rows(self) -> None:
        """Take the rows that are new."""
        table = self._run.tables["step"]
        if table.first != self._first:
            self._history, self._first = History(), table.first
        reads, loss = table.column("reads"), table.column("loss")
        begin = len(self._history)
        if len(reads) > begin:
            self._history.append(reads[begin:], loss[begin:])
            self._draw()
        words = "waiting for the first learning step" if self._run.status == "running" else ""
        self.empty("" if len(reads) else words or "no learning step was recorded")

    def _draw(self, *_changed: object) -> None:
        history = self._history
        if not len(history):
            return
        box = self.getPlotItem().getViewBox()
        most = max(200, 2 * int(box.width()))
        low, high = box.viewRange()[0]
        whole = bool(box.autoRangeEnabled()[0])
        first, last = (0, len(history)) if whole else history.span(low, high)
        if last - first < 1:
            return
        self.each.setData(*history.line(first, last, most))
        at = np.unique(np.linspace(first, last - 1, min(last - first, most)).astype(np.int64))
        window = max(1, round(_SMOOTHING_SHARE * len(history)))
        self.mean.setData(history.x[at], history.mean(at, window))


class AccuracyPlot(Plot):
    """Noisy single-read accuracies, the target, and where it was reached.

    Attributes:
        train, test: the curves.
        target, reached: the lines.
    """

    def __init__(self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None):
        """Draws the stream `evaluation`."""
        super().__init__(theme, "Accuracy, noisy, one read", parent)
        self._run = run
        entries = (
            entry("training set", theme.cycle[0], "o", "solid"),
            entry("test set", theme.cycle[1], "s", "solid"),
        )
        titled(self.getPlotItem(), theme, "Accuracy, noisy, one read", entries)
        self.set_axes(_READS, ("correct (%)", ""))
        self.train = self._curve(0, "o", "training set")
        self.test = self._curve(1, "s", "test set")
        self.target = pg.InfiniteLine(
            angle=0, pen=pg.mkPen(theme.grey, width=1.5, style=_DASH), movable=False
        )
        self.reached = pg.InfiniteLine(angle=90, pen=theme.pen(2, 2.0), movable=False)
        below = [(0.5, 0.0), (0.5, 0.0)]
        for line, place, anchors in ((self.target, 0.85, below), (self.reached, 0.3, None)):
            line.label = pg.InfLineLabel(
                line, text="", position=place, color=theme.ink, fill=theme.paper, anchors=anchors
            )
            line.hide()
            self.addItem(line, ignoreBounds=True)

    def _curve(self, index: int, symbol: str, name: str) -> pg.PlotDataItem:
        colour = self.theme.cycle[index]
        made = pg.PlotDataItem(
            pen=self.theme.pen(index),
            symbol=symbol,
            symbolSize=5,
            symbolPen=None,
            symbolBrush=pg.mkBrush(colour),
            name=name,
        )
        self.addItem(made)
        return made

    def update_rows(self) -> None:
        """Show every evaluation so far."""
        table = columns_of(self._run, "evaluation")
        running = self._run.status in ("running", "waiting")
        words = "waiting for the first evaluation" if running else "no evaluation was recorded"
        self.empty("" if table else words)
        target = target_of(self._run)
        if target is not None:
            self.target.setVisible(bool(table))
            self.target.setValue(100 * target)
            self.target.label.setFormat(f"target {target:.0%}")
        if not table:
            return
        few = len(table["reads"]) < 200
        for curve, name, symbol in (
            (self.train, "train_accuracy", "o"),
            (self.test, "test_accuracy", "s"),
        ):
            known = np.isfinite(table[name])
            place, line = extremes(100 * table[name][known], _MOST_POINTS)
            curve.setData(table["reads"][known][place.astype(np.int64)], line)
            curve.setSymbol(symbol if few else None)
        at = reached(self._run)
        self.reached.setVisible(at is not None)
        if at is not None:
            self.reached.setValue(at)
            self.reached.label.setFormat(f"reached at {at:.0f} reads")
        lowest = min(
            float(np.nanmin(100 * table["train_accuracy"], initial=100.0)), 100.0 * (target or 1.0)
        )
        self.setYRange(max(-2.0, lowest - 12.0), 102.0, padding=0)
