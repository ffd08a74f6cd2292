"""The picture of a `telegraph` run: the beginning of the trace, all of it, and how often what."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.pictures.columns import Columns, column_names, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREEN, GREY, SKY, VERMILLION, dress, empty
from mtjlab.store import RunReader

MOST_JUNCTIONS = 6
BEGINNING = 400
COUNTED = 400_000
BINS = 120


def draw(run: RunReader) -> Figure:
    """A row for each junction: some samples, extremes and levels over all time, histogram."""
    names = column_names(run.streams["trace"])
    shown = min(len(names), MOST_JUNCTIONS)
    figure = Figure(figsize=(12.5, 1.2 + 2.5 * max(1, shown)), layout=roomy())
    heading(figure, run, title="Telegraph traces")
    if not run.committed["trace"]:
        empty(figure.subplots(), "no sample was recorded")
        return figure
    if len(names) > shown:
        figure.supxlabel(f"{len(names) - shown} more junctions are not shown")
    grid = figure.subplots(shown, 3, squeeze=False, width_ratios=(2.0, 2.4, 1.0))
    segments, table = columns(run, "segments"), columns(run, "junctions")
    interval_s = float(segments["interval_s"][0])
    trace = run.stream("trace", 0, COUNTED).astype(np.float64)
    for index, row in enumerate(grid):
        _draw_beginning(row[0], trace[:, index], interval_s, _title(table, index, names[index]))
        _draw_all(row[1], run, index, segments, interval_s)
        _draw_histogram(row[2], trace[:, index], table, index)
    return figure


def _title(table: Columns, index: int, name: str) -> str:
    if "tau_c_s" not in table:
        return f"Junction {name}"
    place = f"({table['row'][index]:.0f}, {table['column'][index]:.0f})"
    tau_c_s = table["tau_c_s"][index]
    if not np.isfinite(tau_c_s):
        return f"Junction {place}"
    factor, unit = prefixed(np.array([tau_c_s]), "s")
    return f"Junction {place}, tau_c {factor * tau_c_s:.3g} {unit}"


def _draw_beginning(
    axes: Axes, trace_v: NDArray[np.float64], interval_s: float, title: str
) -> None:
    values = trace_v[:BEGINNING]
    at_s = interval_s * np.arange(len(values))
    time, time_unit = prefixed(at_s, "s")
    factor, unit = prefixed(values, "V")
    axes.plot(time * at_s, factor * values, color=BLUE, linewidth=0.9, drawstyle="steps-post")
    axes.margins(x=0.01)
    dress(axes, title=title, x=f"time ({time_unit})", y=f"voltage ({unit})")


def _draw_all(axes: Axes, run: RunReader, index: int, segments: Columns, interval_s: float) -> None:
    """Extremes as a band; running levels as lines; gaps marked."""
    kinds = {
        kind: run.stream(f"summary_{kind}")[:, index].astype(np.float64)
        for kind in ("min", "max", "low", "high")
    }
    if not len(kinds["min"]):
        empty(axes, "no summary yet")
        return
    total_s = interval_s * run.committed["trace"]
    edges = np.linspace(0.0, total_s, len(kinds["min"]) + 1)
    at_s = 0.5 * (edges[1:] + edges[:-1])
    time, time_unit = prefixed(np.array([total_s]), "s")
    factor, unit = prefixed(kinds["max"], "V")
    axes.fill_between(
        time * at_s, factor * kinds["min"], factor * kinds["max"], color=SKY, alpha=0.35, step="mid"
    )
    marker = "o" if len(at_s) < 40 else ""
    for kind, colour in (("low", GREEN), ("high", VERMILLION)):
        axes.plot(time * at_s, factor * kinds[kind], color=colour, marker=marker, markersize=3)
    for first in segments["first_sample"][1:]:
        axes.axvline(time * interval_s * first, color=GREY, linestyle="--", linewidth=1.2)
    gaps = len(segments["first_sample"]) - 1
    title = "Extremes and levels" + (f", {gaps} gap{'s' if gaps > 1 else ''}" if gaps else "")
    dress(axes, title=title, x=f"time recorded ({time_unit})", y=f"({unit})")


def _draw_histogram(axes: Axes, trace_v: NDArray[np.float64], table: Columns, index: int) -> None:
    factor, unit = prefixed(trace_v, "V")
    weights = np.full(len(trace_v), 100.0 / len(trace_v))
    axes.hist(factor * trace_v, bins=BINS, weights=weights, color=BLUE, alpha=0.75)
    axes.set_yscale("log")
    for name, colour in (("low_v", GREEN), ("high_v", VERMILLION)):
        if name in table and np.isfinite(table[name][index]):
            axes.axvline(factor * table[name][index], color=colour, linestyle="--", linewidth=1.1)
    dress(axes, title="How often", x=f"voltage ({unit})", y="samples (%)")
