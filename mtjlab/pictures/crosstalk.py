"""The picture of a `crosstalk` run: correlation of all pairs, and what chance would give."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.analysis.cell_grid import pair_matrix, symmetric_span
from mtjlab.analysis.model_curves import expected_counts, in_standard_errors
from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREY, TICK, VERMILLION, dress, empty, legend
from mtjlab.store import RunReader

MOST_LABELS = 16
BINS = 60


def draw(run: RunReader) -> Figure:
    """The matrix of correlations, their distribution, and conductances against position."""
    figure = Figure(figsize=(12.5, 6.2), layout=roomy())
    heading(figure, run, title="Crosstalk")
    pairs, cells = columns(run, "pairs"), columns(run, "cells")
    if not pairs and not cells:
        empty(figure.subplots(), "nothing was recorded")
        return figure
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1.0))
    if pairs:
        _draw_matrix(figure, left, pairs)
        _draw_distribution(right, pairs)
    else:
        _draw_cells(left, cells)
        right.set_axis_off()
    return figure


def _draw_matrix(figure: Figure, axes: Axes, pairs: Columns) -> None:
    one = np.column_stack([pairs["row"], pairs["column"]])
    other = np.column_stack([pairs["other_row"], pairs["other_column"]])
    places, image = pair_matrix(one, other, pairs["correlation"])
    span = symmetric_span(image)
    drawn = axes.imshow(image, cmap="RdBu_r", vmin=-span, vmax=span, interpolation="nearest")
    bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02)
    bar.ax.tick_params(labelsize=TICK)
    bar.outline.set_visible(False)
    step = -(-len(places) // MOST_LABELS)
    shown = range(0, len(places), step)
    labels = [f"({row}, {column})" for row, column in places[::step].tolist()]
    dress(axes, title="Correlation of pairs recorded together", grid=False)
    axes.set_xticks(shown, labels, rotation=90)
    axes.set_yticks(shown, labels)


def _draw_distribution(axes: Axes, pairs: Columns) -> None:
    known = np.isfinite(pairs["correlation"])
    if not known.any():
        empty(axes, "no pair has a correlation")
        return
    z = in_standard_errors(pairs["correlation"], pairs["effective"])[known]
    quiet = pairs["quiet_correlation"][known]
    reach = max(4.5, float(np.abs(z).max()) * 1.05)
    counts, edges = np.histogram(z, bins=BINS, range=(-reach, reach))
    axes.stairs(counts, edges, fill=True, color=BLUE, alpha=0.75, label=f"{len(z)} pairs")
    at = np.linspace(-reach, reach, 300)
    width = edges[1] - edges[0]
    normal = expected_counts(at, len(z), width)
    axes.plot(at, normal, color=VERMILLION, linewidth=1.6, label="independent")
    if np.isfinite(quiet).any():
        largest = float(np.nanmax(np.abs(quiet)))
        axes.plot([], [], color=GREY, label=f"at 0 V: at most {largest:.2g}")
    dress(axes, title="Correlation in its standard errors", x="standard errors", y="pairs")
    legend(axes)


def _draw_cells(axes: Axes, cells: Columns) -> None:
    factor, unit = prefixed(cells["conductance_s"], "S")
    for floating, colour, label in ((0, BLUE, "others at ground"), (1, VERMILLION, "floating")):
        mine = cells["floating"] == floating
        if not mine.any():
            continue
        value = factor * cells["conductance_s"][mine]
        low, high = (factor * cells[f"conductance_s_{end}"][mine] for end in ("low", "high"))
        axes.errorbar(
            np.arange(mine.sum()),
            value,
            [value - low, high - value],
            color=colour,
            marker="o",
            linestyle="",
            label=label,
        )
    mine = cells["floating"] == 0
    names = [
        f"({r:.0f}, {c:.0f})"
        for r, c in zip(cells["row"][mine], cells["column"][mine], strict=True)
    ]
    dress(axes, title="Conductance of each cell", y=f"({unit})")
    axes.set_xticks(range(len(names)), names)
    legend(axes)
