"""The picture of an `operating_point` run: the way to the biases, and the junctions there."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.intervals import draw_points
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, dress, empty, legend
from mtjlab.store import RunReader

_GOOD = ("reached", "compromise")


def draw(run: RunReader) -> Figure:
    """Every measurement; the duty cycle at the end; the bias each would need; correlation times."""
    figure = Figure(figsize=(12.5, 9.5), layout=roomy())
    heading(figure, run, title="Operating points")
    measured, table = columns(run, "measured"), columns(run, "junctions")
    if not measured:
        empty(figure.subplots(), "no bias was measured")
        return figure
    grid = figure.subplots(2, 2)
    duty = float(run.header.parameters.get("duty") or 0.5)
    _draw_way(grid[0, 0], measured, duty)
    if not table:
        for axes in grid.ravel()[1:]:
            empty(axes, "the search did not come to an end")
        return figure
    good = _good(run, table)
    _draw_each(grid[0, 1], table, good, "occupancy_ap", "Duty cycle at the end", "share in AP")
    tolerance = float(run.header.parameters.get("tolerance") or 0.0)
    grid[0, 1].axhspan(duty - tolerance, duty + tolerance, color=GREEN, alpha=0.15, zorder=0)
    factor, unit = prefixed(table["own_bias_v"], "V")
    title = f"Bias at which each alone is at {duty:g}"
    _draw_each(grid[1, 0], table, good, "own_bias_v", title, f"({unit})", factor)
    at = np.arange(len(good))
    grid[1, 0].plot(
        at[good], factor * table["bias_v"][good], "_", color=VERMILLION, label="bias found"
    )
    legend(grid[1, 0])
    factor, unit = prefixed(table["tau_c_s"], "s")
    _draw_each(grid[1, 1], table, good, "tau_c_s", "Correlation time there", f"({unit})", factor)
    grid[1, 1].set_yscale("log")
    return figure


def _good(run: RunReader, table: Columns) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    names = [name.strip() for name in run.streams["reasons"].about.split(",")]
    codes = [names.index(name) for name in _GOOD if name in names]
    return np.isin(table["reason"].astype(int), codes)


def _draw_way(axes: Axes, measured: Columns, duty: float) -> None:
    factor, unit = prefixed(measured["bias_v"], "V")
    coarse = measured["round"] == 0
    for chosen, colour, label in ((coarse, GREY, "first look"), (~coarse, BLUE, "search")):
        part = {name: values[chosen] for name, values in measured.items()}
        at = factor * part["bias_v"]
        draw_points(axes, at, part, "occupancy_ap", colour=colour, label=label)
    axes.axhline(duty, color=ORANGE, linestyle="--", linewidth=1.2, label=f"wanted, {duty:g}")
    axes.set_ylim(-0.03, 1.03)
    dress(axes, title="All measurements", x=f"bias ({unit})", y="share of time in AP")
    legend(axes)


def _draw_each(
    axes: Axes,
    table: Columns,
    good: np.ndarray[tuple[int], np.dtype[np.bool_]],
    name: str,
    title: str,
    y: str,
    factor: float = 1.0,
) -> None:
    at = np.arange(len(good), dtype=np.float64)
    for chosen, colour, marker in ((good, BLUE, "o"), (~good, VERMILLION, "x")):
        part = {column: values[chosen] for column, values in table.items()}
        draw_points(axes, at[chosen], part, name, colour=colour, factor=factor, marker=marker)
    cells = [f"({r:.0f}, {c:.0f})" for r, c in zip(table["row"], table["column"], strict=True)]
    shown = np.unique(np.linspace(0, len(cells) - 1, 8).round().astype(int))
    axes.set_xticks(shown, [cells[i] for i in shown], rotation=30)
    dress(axes, title=title, x="junction (x: cannot be used)", y=y)
