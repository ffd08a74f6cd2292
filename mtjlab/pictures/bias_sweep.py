"""The picture of a `bias_sweep` run: occupancy, dwell times and fitted numbers against bias."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.analysis.model_curves import occupancy_curve
from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.intervals import draw_points
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, CYCLE, FAINT, GREEN, VERMILLION, dress, empty, legend
from mtjlab.store import RunReader

# More junctions than this are drawn in one colour, without names.
_MOST_NAMED = 6


def draw(run: RunReader) -> Figure:
    """Occupancies with logistic curves; dwell times; V50 and width of each junction."""
    figure = Figure(figsize=(12.5, 9.5), layout=roomy())
    heading(figure, run, title="Flips against bias")
    points, fits = columns(run, "points"), columns(run, "fits")
    if not points:
        empty(figure.subplots(), "no bias was measured")
        return figure
    grid = figure.subplots(2, 2)
    _draw_occupancy(grid[0, 0], points, fits)
    _draw_times(grid[0, 1], points)
    _draw_fitted(grid[1, 0], fits, "v50_v", "Bias at which P and AP are equally likely, V50")
    _draw_fitted(grid[1, 1], fits, "width_v", "Width w of the logistic curve")
    return figure


def _each(table: Columns) -> Iterator[tuple[str, Columns]]:
    """Name and rows of each junction at each field."""
    keys = np.stack([table["row"], table["column"], table["field_t"]], axis=1)
    several = len(np.unique(keys[:, 2])) > 1
    for row, column, field in dict.fromkeys(map(tuple, keys)):
        mine = (keys == (row, column, field)).all(axis=1)
        name = f"({row:.0f}, {column:.0f})" + (f", {1e3 * field:g} mT" if several else "")
        yield name, {key: values[mine] for key, values in table.items()}


def _draw_occupancy(axes: Axes, points: Columns, fits: Columns) -> None:
    factor, unit = prefixed(points["bias_v"], "V")
    curves = dict(_each(fits)) if fits else {}
    each = list(_each(points))
    named = len(each) <= _MOST_NAMED
    for index, (name, mine) in enumerate(each):
        colour = CYCLE[index % len(CYCLE)] if named else BLUE
        draw_points(
            axes,
            factor * mine["bias_v"],
            mine,
            "occupancy_ap",
            colour=colour,
            label=name if named else "",
        )
        if name in curves:
            at = np.linspace(mine["bias_v"].min(), mine["bias_v"].max(), 200)
            v50, width = curves[name]["v50_v"][0], curves[name]["width_v"][0]
            if np.isfinite(width):
                curve = occupancy_curve(at, v50, width)
                axes.plot(factor * at, curve, color=colour, linewidth=1.0, alpha=0.7)
    axes.set_ylim(-0.03, 1.03)
    dress(axes, title="Share of time in AP", x=f"bias ({unit})")
    if named:
        legend(axes)


def _draw_times(axes: Axes, points: Columns) -> None:
    factor, unit = prefixed(points["bias_v"], "V")
    for state, colour in (("p", GREEN), ("ap", VERMILLION)):
        draw_points(
            axes,
            factor * points["bias_v"],
            points,
            f"tau_{state}_s",
            colour=colour,
            factor=1e6,
            label=f"in {state.upper()}",
        )
    axes.set_yscale("log")
    dress(axes, title="Mean time before leaving", x=f"bias ({unit})", y="dwell time (µs)")
    legend(axes)


def _draw_fitted(axes: Axes, fits: Columns, name: str, title: str) -> None:
    if not fits or not np.isfinite(fits[name]).any():
        empty(axes, f"{name}: no curve was fitted")
        return
    factor, unit = prefixed(fits[name], "V")
    at = np.arange(len(fits[name]), dtype=np.float64)
    draw_points(axes, at, fits, name, colour=BLUE, factor=factor)
    for missing in np.flatnonzero(~np.isfinite(fits[name])):
        axes.axvspan(missing - 0.5, missing + 0.5, color=FAINT, zorder=0)
    names = [label for label, _ in _each(fits)]
    shown: NDArray[np.intp] = np.unique(np.linspace(0, len(names) - 1, 8).round().astype(int))
    axes.set_xticks(shown, [names[i] for i in shown], rotation=30)
    dress(axes, title=title, x="junction", y=f"({unit})")
