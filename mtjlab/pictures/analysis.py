"""The picture of an analysis: a trace, its dwells, its autocorrelation and its spectrum."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.analysis.trace_report import TraceReport
from mtjlab.core.errors import StoreError, UsageError
from mtjlab.core.units import si
from mtjlab.pictures.heading import MARGIN, roomy
from mtjlab.pictures.picture import DOTS_PER_INCH, FORMATS
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREEN, INK, ORANGE, TITLE, VERMILLION, dress, empty, legend

Shown = tuple[str, NDArray[np.floating], TraceReport]

_TAUS, _LEAST, _MOST = 60.0, 200, 4000
_ROW_INCH = 3.2


def analysis_picture(shown: Sequence[Shown], out: Path, *, title: str) -> Path:
    """Draw a row of panels for each (name, trace in V, report) and write PNG or SVG.

    Raises:
        UsageError: another format; StoreError: it cannot be written.
    """
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"picture {out}: a picture ends in {' or '.join(FORMATS)}")
    figure = draw(shown, title=title)
    try:
        figure.savefig(out, dpi=DOTS_PER_INCH, facecolor="white")
    except OSError as error:
        raise StoreError(f"picture {out} cannot be written: {error.strerror or error}") from error
    return out


def draw(shown: Sequence[Shown], *, title: str) -> Figure:
    """See `analysis_picture`."""
    figure = Figure(figsize=(15.5, _ROW_INCH * len(shown) + 1.0), layout=roomy())
    figure.suptitle(title, x=MARGIN, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    panels = figure.subplots(len(shown), 4, squeeze=False, width_ratios=(1.5, 1.0, 1.0, 1.0))
    for row, (name, volts, report) in enumerate(shown):
        _trace(panels[row, 0], name, volts, report)
        _dwells(panels[row, 1], report)
        _correlation(panels[row, 2], report)
        _spectrum(panels[row, 3], report)
    return figure


def _trace(axes: Axes, name: str, volts: NDArray[np.floating], report: TraceReport) -> None:
    tau_c = report.tau_c_s
    wanted = _TAUS * tau_c.value / report.interval_s if tau_c.known else _LEAST
    count = int(min(max(wanted, _LEAST), _MOST, len(volts)))
    at_s = report.interval_s * np.arange(count)
    factor, unit = prefixed(at_s, "s")
    scale, volt = prefixed(np.asarray(volts[:count], dtype=np.float64), "V")
    axes.plot(factor * at_s, scale * volts[:count], color=BLUE, linewidth=0.9)
    for level, colour in ((report.low_v, GREEN), (report.high_v, VERMILLION)):
        if level.known:
            axes.axhline(scale * level.value, color=colour, linestyle="--", linewidth=1.1)
    words = f"{name}: {report.verdict}"
    if tau_c.known:
        words += f", tau_c {si(tau_c.value, 's', 3)}"
    dress(axes, title=words, x=f"time ({unit})", y=f"voltage ({volt})")


def _dwells(axes: Axes, report: TraceReport) -> None:
    both = (("lower", report.dwells_low, GREEN), ("upper", report.dwells_high, VERMILLION))
    some = False
    for name, dwells, colour in both:
        if dwells is None or not len(dwells.counts):
            continue
        some = True
        widths_s = np.diff(dwells.edges_s)
        middles_s = dwells.edges_s[:-1] + widths_s / 2
        axes.plot(middles_s, dwells.counts / widths_s, "o", color=colour, markersize=4, label=name)
        axes.plot(middles_s, dwells.expected / widths_s, "-", color=colour, linewidth=1.3)
    if not some:
        empty(axes, "no dwells")
        return
    axes.set_yscale("log")
    dress(axes, title="Dwells", x="dwell time (s)", y="dwells per second")
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
    legend(axes, "upper right")


def _correlation(axes: Axes, report: TraceReport) -> None:
    found = report.autocorrelation
    if found is None or len(found.lag_s) < 2:
        empty(axes, "no autocorrelation")
        return
    factor, unit = prefixed(found.lag_s, "s")
    lag = factor * found.lag_s
    band = np.nan_to_num(found.error)
    axes.fill_between(
        lag, found.correlation - 2 * band, found.correlation + 2 * band, color=BLUE, alpha=0.2
    )
    axes.plot(lag, found.correlation, color=BLUE, linewidth=1.3, label="measured")
    if found.tau_c_s.known:
        # From the second point on: the first has the white noise in it.
        fit = found.correlation[1] * np.exp(-(found.lag_s - found.lag_s[1]) / found.tau_c_s.value)
        axes.plot(lag[1:], fit[1:], "--", color=ORANGE, linewidth=1.4, label="exponential")
    axes.axhline(0.0, color=INK, linewidth=0.6)
    dress(axes, title="Autocorrelation", x=f"lag ({unit})", y="correlation")
    legend(axes, "upper right")


def _spectrum(axes: Axes, report: TraceReport) -> None:
    found = report.spectrum
    if found is None or not len(found.frequency_hz) or not (found.density > 0).any():
        empty(axes, "no spectrum")
        return
    axes.loglog(found.frequency_hz, found.density, color=BLUE, linewidth=1.0, label="measured")
    if len(found.model):
        axes.loglog(
            found.frequency_hz, found.model, "--", color=ORANGE, linewidth=1.4, label="Lorentzian"
        )
    words = "Spectrum"
    if found.corner_hz.known:
        axes.axvline(found.corner_hz.value, color=INK, linewidth=0.8, linestyle=":")
        words += f", corner {si(found.corner_hz.value, 'Hz', 3)}"
    dress(axes, title=words, x="frequency (Hz)", y="density (V^2/Hz)")
    legend(axes)
