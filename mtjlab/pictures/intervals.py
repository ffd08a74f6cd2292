"""Points with their 95 % intervals."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mtjlab.pictures.columns import Columns


def draw_points(
    axes: Axes,
    at: NDArray[np.float64],
    table: Columns,
    name: str,
    *,
    colour: str,
    factor: float = 1.0,
    label: str = "",
    marker: str = "o",
) -> None:
    """Of a column with `_low` and `_high` beside it; points without a value are left out.

    Args:
        axes: to draw on.
        at: (n,), where each point is, in units of the axis.
        table: with columns `name`, `name_low`, `name_high`, (n,) each.
        name: of the column.
        colour: of point and interval.
        factor: from the column to units of the axis.
        label: for the legend.
        marker: shape of a point.
    """
    value = table[name]
    known = np.isfinite(value)
    # An interval may be open; a line to infinity would swallow the axis.
    low = np.where(np.isfinite(table[f"{name}_low"]), table[f"{name}_low"], value)
    high = np.where(np.isfinite(table[f"{name}_high"]), table[f"{name}_high"], value)
    below, above = np.maximum(value - low, 0.0), np.maximum(high - value, 0.0)
    axes.errorbar(
        at[known],
        factor * value[known],
        factor * np.stack([below, above])[:, known],
        color=colour,
        marker=marker,
        markersize=3.5,
        linestyle="none",
        elinewidth=1.0,
        label=label,
    )
