"""The picture of a `field_sweep` run: the loops, and what was found of each."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.intervals import draw_points
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, CYCLE, GREEN, VERMILLION, dress, empty, legend
from mtjlab.store import RunReader

_MOST_NAMED = 6


def draw(run: RunReader) -> Figure:
    """Resistance against field; switching fields; loop shift; remanence."""
    figure = Figure(figsize=(12.5, 9.5), layout=roomy())
    heading(figure, run, title="Resistance against field")
    points, loops = columns(run, "points"), columns(run, "loops")
    if not points:
        empty(figure.subplots(), "no field was measured")
        return figure
    grid = figure.subplots(2, 2)
    _draw_loops(grid[0, 0], points)
    if not loops or not np.isfinite(loops["centre_t"]).any():
        for axes in grid.ravel()[1:]:
            empty(axes, "no loop was found")
        return figure
    factor, unit = prefixed(points["field_t"], "T")
    _draw_each(grid[0, 1], loops, "up_t", "", factor, "", BLUE, "field rises", "^")
    title = "Fields at which it switches"
    _draw_each(
        grid[0, 1], loops, "down_t", title, factor, f"({unit})", VERMILLION, "field falls", "v"
    )
    legend(grid[0, 1])
    title = "Loop shift, half-way between both"
    _draw_each(grid[1, 0], loops, "centre_t", title, factor, f"({unit})", GREEN)
    title = "Remanence, share of the loop that is open at 0 T"
    _draw_each(grid[1, 1], loops, "remanence", title, 1.0, "", GREEN)
    grid[1, 1].set_ylim(-0.1, 1.1)
    return figure


def _draw_loops(axes: Axes, points: Columns) -> None:
    ohm, ohms = prefixed(points["resistance_ohm"], "Ω")
    tesla, teslas = prefixed(points["field_t"], "T")
    cells = np.stack([points["row"], points["column"]], axis=1)
    chosen = list(dict.fromkeys(map(tuple, cells)))
    named = len(chosen) <= _MOST_NAMED
    for index, cell in enumerate(chosen):
        mine = (cells == cell).all(axis=1)
        for direction, style in ((1.0, "-"), (-1.0, "--")):
            one = mine & (points["direction"] == direction)
            for number in np.unique(points["loop"][one]):
                part = one & (points["loop"] == number)
                first = direction > 0 and number == points["loop"][mine].min()
                axes.plot(
                    tesla * points["measured_t"][part],
                    ohm * points["resistance_ohm"][part],
                    style,
                    color=CYCLE[index % len(CYCLE)],
                    linewidth=1.1,
                    label=f"({cell[0]:.0f}, {cell[1]:.0f})" if named and first else "",
                )
    dress(axes, title="Up (full line) and down (dashed)", x=f"field ({teslas})", y=f"({ohms})")
    if named:
        legend(axes)


def _draw_each(
    axes: Axes,
    loops: Columns,
    name: str,
    title: str,
    factor: float,
    y: str,
    colour: str,
    label: str = "",
    marker: str = "o",
) -> None:
    at = np.arange(len(loops[name]), dtype=np.float64)
    draw_points(axes, at, loops, name, colour=colour, factor=factor, label=label, marker=marker)
    cells = [f"({r:.0f}, {c:.0f})" for r, c in zip(loops["row"], loops["column"], strict=True)]
    shown = np.unique(np.linspace(0, len(cells) - 1, 8).round().astype(int))
    axes.set_xticks(shown, [cells[i] for i in shown], rotation=30)
    dress(axes, title=title, x="junction", y=y)
