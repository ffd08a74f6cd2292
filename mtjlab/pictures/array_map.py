"""The picture of an `array_map` run: the chip from above, once for each quantity."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mtjlab.analysis.cell_grid import grid_of
from mtjlab.pictures.columns import Columns, column_names, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    NOTE,
    ORANGE,
    PURPLE,
    SKY,
    TICK,
    VERMILLION,
    dress,
    empty,
)
from mtjlab.store import RunReader

COLOURS = {
    "alive": GREEN,
    "short": INK,
    "open": GREY,
    "stuck": VERMILLION,
    "slow": ORANGE,
    "three_levels": PURPLE,
    "conducts": SKY,
    "unseen": FAINT,
}
QUANTITIES = (
    ("resistance_ohm", "Mean resistance", "ohm"),
    ("tau_c_s", "Correlation time", "s"),
    ("occupancy_ap", "Share of time in AP", ""),
    ("noise_ratio", "Junction noise / instrument noise", ""),
)
MOST_NUMBERS = 40
MOST_ACROSS = 16


def draw(run: RunReader) -> Figure:
    """Verdicts over the chip, then resistance, correlation time, occupancy and noise ratio."""
    table = columns(run, "junctions")
    height, width = _grid(table, "row").shape if table else (1, 1)
    across = 1 if width > 3 * height else 2
    down = -(-(1 + len(QUANTITIES)) // across)
    tall = 1.2 + down * (1.9 if across == 1 else 3.4)
    figure = Figure(figsize=(12.5, tall), layout=roomy())
    heading(figure, run, title="Map of the chip")
    if not table:
        empty(figure.subplots(), "no junction was looked at")
        return figure
    grid = figure.subplots(down, across, squeeze=False).ravel()
    _draw_verdicts(grid[0], run, table)
    for axes, (name, title, unit) in zip(grid[1:], QUANTITIES, strict=False):
        _draw(figure, axes, table, name, title, unit)
    for axes in grid[1 + len(QUANTITIES) :]:
        axes.set_axis_off()
    return figure


def _grid(table: Columns, name: str) -> NDArray[np.float64]:
    return grid_of(table["row"], table["column"], table[name])


def _extent(table: Columns) -> tuple[float, float, float, float]:
    row, column = table["row"], table["column"]
    return column.min() - 0.5, column.max() + 0.5, row.max() + 0.5, row.min() - 0.5


def _draw_verdicts(axes: Axes, run: RunReader, table: Columns) -> None:
    names = column_names(run.streams["verdicts"])
    colours = ListedColormap([COLOURS.get(name, FAINT) for name in names])
    axes.imshow(
        _grid(table, "verdict"),
        cmap=colours,
        vmin=-0.5,
        vmax=len(names) - 0.5,
        extent=_extent(table),
        aspect="auto",
        interpolation="nearest",
    )
    counts = [int((table["verdict"] == code).sum()) for code in range(len(names))]
    shown = [
        Patch(facecolor=COLOURS.get(name, FAINT), label=f"{count} {name.replace('_', ' ')}")
        for name, count in zip(names, counts, strict=True)
        if count
    ]
    axes.legend(
        handles=shown,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(shown),
        fontsize=NOTE,
        frameon=False,
        borderaxespad=0.1,
    )
    _finish(axes, table, f"{len(table['row'])} junctions")


def _draw(figure: Figure, axes: Axes, table: Columns, name: str, title: str, unit: str) -> None:
    image = _grid(table, name)
    finite = image[np.isfinite(image)]
    if not len(finite):
        empty(axes, f"{title}: not known of any junction")
        return
    factor, text = prefixed(np.array([np.median(finite)]), unit)
    values = factor * image
    positive = finite[finite > 0]
    wide = len(positive) == len(finite) and positive.max() > 10 * positive.min()
    drawn = axes.imshow(
        values,
        cmap="viridis",
        norm=LogNorm() if wide else None,
        extent=_extent(table),
        aspect="auto",
        interpolation="nearest",
    )
    bar = figure.colorbar(drawn, ax=axes, fraction=0.06, pad=0.02)
    bar.ax.tick_params(labelsize=TICK)
    bar.outline.set_visible(False)
    if len(finite) <= MOST_NUMBERS and image.shape[1] <= MOST_ACROSS:
        _write(axes, table, factor * table[name])
    _finish(axes, table, f"{title} ({text})" if text else title)


def _write(axes: Axes, table: Columns, values: NDArray[np.float64]) -> None:
    for row, column, value in zip(table["row"], table["column"], values, strict=True):
        if np.isfinite(value):
            axes.text(
                column,
                row,
                f"{value:.3g}",
                ha="center",
                va="center",
                fontsize=NOTE - 2,
                color="white",
                bbox={"boxstyle": "round,pad=0.1", "facecolor": BLUE, "edgecolor": "none"},
            )


def _finish(axes: Axes, table: Columns, title: str) -> None:
    dress(axes, title=title, x="column", y="row", grid=False)
    for axis, name in ((axes.xaxis, "column"), (axes.yaxis, "row")):
        first, last = int(table[name].min()), int(table[name].max())
        axis.set_ticks(range(first, last + 1, 1 + (last - first) // 16))
