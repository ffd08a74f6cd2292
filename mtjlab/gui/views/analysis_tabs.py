"""What the samples of one junction tell: histogram, dwell times, correlation, spectrum."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5 import QtCore, QtWidgets

from mtjlab.analysis.dwell_histogram import Dwells
from mtjlab.core.units import si
from mtjlab.gui.live.analysed import Analysed, in_words
from mtjlab.gui.theme import Theme
from mtjlab.gui.views.key_line import Entry, entry, titled
from mtjlab.gui.views.plot import Plot

TABS = ("&Histogram", "D&wells", "&Correlation", "S&pectrum")
_PER_CELL = 5.0
_DASH = QtCore.Qt.PenStyle.DashLine
_DOT = QtCore.Qt.PenStyle.DotLine


class AnalysisTabs(QtWidgets.QWidget):
    """Four plots as tabs, the conclusion above them and the numbers of each below it."""

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._found: Analysed | None = None
        self.head = QtWidgets.QLabel("No junction is analysed yet")
        self.head.setWordWrap(True)
        self.tabs = QtWidgets.QTabWidget()
        self.tabs.setDocumentMode(True)
        self.plots: list[Plot] = []
        self.numbers: list[QtWidgets.QLabel] = []
        for title in TABS:
            plot, numbers = Plot(theme), QtWidgets.QLabel()
            plot.title = title.replace("&", "")
            plot.setAccessibleName(plot.title)
            # The last number of an axis stands half beyond its end.
            plot.getPlotItem().layout.setContentsMargins(2, 2, 18, 2)
            numbers.setWordWrap(True)
            numbers.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
            numbers.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
            page = QtWidgets.QWidget()
            column = QtWidgets.QVBoxLayout(page)
            column.setContentsMargins(0, 4, 0, 0)
            column.addWidget(plot, 1)
            column.addWidget(numbers)
            self.tabs.addTab(page, title)
            self.plots.append(plot)
            self.numbers.append(numbers)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 2, 2)
        layout.addWidget(self.head)
        layout.addWidget(self.tabs, 1)
        # The crosshair; all else is drawn anew.
        self._fixed = [list(plot.getPlotItem().items) for plot in self.plots]
        self._drawn = [""] * len(TABS)
        self.tabs.currentChanged.connect(lambda _index: self._draw())
        bar = self.tabs.tabBar()
        assert bar is not None
        self.setMinimumWidth(bar.sizeHint().width() + 16)
        for plot in self.plots:
            plot.empty("waiting for samples")

    def show_analysis(self, found: Analysed) -> None:
        """Of a junction; only the tab in sight is drawn."""
        self._found = found
        span = f", {si(found.span_s, 's', 3)} of it" if found.span_s else ""
        self.head.setText(f"<b>{found.name}</b>{span}: {found.words.replace(chr(10), '<br>')}")
        self._draw()

    def _draw(self) -> None:
        if self._found is None:
            return
        index = self.tabs.currentIndex()
        plot, found = self.plots[index], self._found
        item = plot.getPlotItem()
        for drawn in [drawn for drawn in item.items if drawn not in self._fixed[index]]:
            item.removeItem(drawn)
        plot.empty("")
        if found.report is None:
            self._empty(plot, found.words)
            self.numbers[index].setText("")
            return
        words = (self._histogram, self._dwells, self._correlation, self._spectrum)[index](
            plot, found
        )
        self.numbers[index].setText("\n".join(words))
        titled(item, self._theme, found.name, [_key(curve) for curve in _named(item)])
        if self._drawn[index] != found.name:
            # What the mouse has zoomed into stays while newer samples of it come.
            self._drawn[index] = found.name
            plot.reset_zoom()

    def _empty(self, plot: Plot, words: str) -> None:
        titled(plot.getPlotItem(), self._theme, "", [])
        plot.empty(words)

    def _histogram(self, plot: Plot, found: Analysed) -> list[str]:
        report, theme = found.report, self._theme
        assert report is not None
        plot.set_axes(("voltage", "V"), ("samples in each bin", ""))
        fill = theme.pen(0).color()
        fill.setAlpha(70)
        plot.plot(
            found.edges_v,
            found.counts,
            stepMode="center",
            fillLevel=0,
            brush=pg.mkBrush(fill),
            pen=theme.pen(0, width=1),
            name="samples",
        )
        middle_v = 0.5 * (found.edges_v[1:] + found.edges_v[:-1])
        if len(found.density):
            plot.plot(middle_v, found.density, pen=theme.pen(1, dash=_DASH), name="fitted levels")
        for level, index in ((report.low_v, 2), (report.high_v, 3)):
            if level.known:
                plot.addItem(
                    pg.InfiniteLine(level.value, pen=theme.pen(index, width=1, dash=_DOT)),
                    ignoreBounds=True,
                )
        return [
            f"lower level {in_words(report.low_v, 'V')}",
            f"upper level {in_words(report.high_v, 'V')}",
            f"noise about them {in_words(report.sigma_v, 'V')}",
            f"share of time at the upper level {in_words(report.occupancy_high, '')}",
        ]

    def _dwells(self, plot: Plot, found: Analysed) -> list[str]:
        report = found.report
        assert report is not None
        plot.set_axes(("dwell time", "s"), ("dwells per second of it", ""), log=(False, True))
        words = [f"{report.transitions} transitions, read by {report.method}"]
        some = False
        levels = (("lower", report.dwells_low, 2, "o"), ("upper", report.dwells_high, 1, "t"))
        for name, dwells, index, symbol in levels:
            if dwells is None:
                continue
            words.append(f"{name} level: mean {in_words(dwells.mean_s, 's')}; {_test(dwells)}")
            if not len(dwells.counts):
                continue
            some = True
            middle_s, seen, likely = _per_second(dwells)
            full = seen > 0
            plot.plot(
                middle_s[full],
                seen[full],
                pen=None,
                symbol=symbol,
                symbolSize=7,
                symbolPen=None,
                symbolBrush=self._theme.cycle[index],
                name=name,
            )
            plot.plot(
                middle_s,
                likely,
                pen=self._theme.pen(index, dash=_DASH),
                name=f"{name}, law",
            )
        if not some:
            self._empty(plot, "no dwell times: " + (words[-1] if len(words) > 1 else found.words))
        return words

    def _correlation(self, plot: Plot, found: Analysed) -> list[str]:
        assert found.report is not None
        acf, theme = found.report.autocorrelation, self._theme
        plot.set_axes(("lag", "s"), ("correlation", ""))
        if acf is None or len(acf.lag_s) < 2:
            why = acf.tau_c_s.reason if acf is not None else "a constant trace has none"
            self._empty(plot, f"no correlation: {why}")
            return []
        band = 2.0 * np.nan_to_num(acf.error)
        faint = theme.pen(0, width=1)
        faint.setStyle(_DOT)
        lower = plot.plot(acf.lag_s, acf.correlation - band, pen=faint, name="± 2 sigma")
        upper = plot.plot(acf.lag_s, acf.correlation + band, pen=faint)
        colour = theme.pen(0).color()
        colour.setAlpha(45)
        plot.addItem(pg.FillBetweenItem(lower, upper, brush=pg.mkBrush(colour)))
        plot.plot(acf.lag_s, acf.correlation, pen=theme.pen(0), name="measured")
        if acf.tau_c_s.known:
            # From the second point on: the first has the white noise in it.
            fit = acf.correlation[1] * np.exp(-(acf.lag_s - acf.lag_s[1]) / acf.tau_c_s.value)
            plot.plot(acf.lag_s[1:], fit[1:], pen=theme.pen(1, dash=_DASH), name="exponential")
        return [
            f"correlation time {in_words(acf.tau_c_s, 's')}",
            f"by counting flips {in_words(found.report.tau_c_s, 's')}",
        ]

    def _spectrum(self, plot: Plot, found: Analysed) -> list[str]:
        assert found.report is not None
        spectrum, theme = found.report.spectrum, self._theme
        plot.set_axes(("frequency", "Hz"), ("density (V²/Hz)", ""), log=(True, True))
        if spectrum is None or not (spectrum.density > 0).any():
            why = spectrum.corner_hz.reason if spectrum is not None else "a constant trace has none"
            self._empty(plot, f"no spectrum: {why}")
            return []
        some = spectrum.density > 0
        plot.plot(
            spectrum.frequency_hz[some],
            spectrum.density[some],
            pen=theme.pen(0, 1),
            name="measured",
        )
        if len(spectrum.model):
            plot.plot(
                spectrum.frequency_hz,
                np.maximum(spectrum.model, 1e-300),
                pen=theme.pen(1, dash=_DASH),
                name="Lorentzian and floor",
            )
        if spectrum.corner_hz.known:
            line = pg.InfiniteLine(
                np.log10(spectrum.corner_hz.value), pen=theme.pen(2, width=1, dash=_DOT)
            )
            plot.addItem(line, ignoreBounds=True)
        return [
            f"corner {in_words(spectrum.corner_hz, 'Hz')}",
            f"plateau {in_words(spectrum.plateau, 'V²/Hz')}",
            f"white floor {in_words(spectrum.floor, 'V²/Hz')}",
        ]


def _named(item: pg.PlotItem) -> list[pg.PlotDataItem]:
    return [curve for curve in item.listDataItems() if curve.name()]


def _key(curve: pg.PlotDataItem) -> Entry:
    """How a curve looks; a symbol has a colour of its own."""
    symbol, pen = curve.opts["symbol"], curve.opts["pen"]
    if pen is None:
        return entry(curve.name(), str(curve.opts["symbolBrush"]), str(symbol))
    drawn = pg.mkPen(pen)
    line = {_DASH: "dash", _DOT: "dot"}.get(drawn.style(), "solid")
    return entry(curve.name(), drawn.color().name(), line=line)


def _per_second(
    dwells: Dwells,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Middles of cells, dwells seen and dwells of the law, per second of dwell time.

    Cells go together until a few dwells are expected in each; the last one has no end.
    """
    count = len(dwells.counts) - 1
    together = min(max(1, round(_PER_CELL / max(float(dwells.expected.mean()), 1e-9))), 20)
    starts = np.arange(0, max(count, 1), together)
    edges_s = dwells.edges_s[np.append(starts, max(count, 1))]
    widths_s = np.diff(edges_s)
    seen, likely = (
        np.add.reduceat(values[: max(count, 1)], starts) / widths_s
        for values in (dwells.counts.astype(np.float64), dwells.expected)
    )
    return edges_s[:-1] + 0.5 * widths_s, seen, likely


def _test(dwells: Dwells) -> str:
    p = dwells.p_value
    if not p.known:
        return f"no test: {p.reason}"
    verdict = "exponential" if dwells.exponential else "not exponential"
    return f"{verdict} (p = {p.value:.2g})"
