"""The picture of a `drift` run: levels, occupancy, correlation time and bias over time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, CYCLE, GREY, dress, empty, legend
from mtjlab.store import RunReader

MOST_COLOURED = len(CYCLE)
PANELS = (
    ("high_v", "Upper level (low level dashed)", "V"),
    ("occupancy_high", "Share of time at the upper level", ""),
    ("tau_c_s", "Correlation time", "s"),
    ("bias_v", "Bias behind the divider", "V"),
)


def draw(run: RunReader) -> Figure:
    """Each quantity over time, a line for each junction, intervals as bars."""
    figure = Figure(figsize=(12.5, 8.2), layout=roomy())
    heading(figure, run, title="Drift")
    table = columns(run, "junctions")
    if not table:
        empty(figure.subplots(), "no look was recorded")
        return figure
    grid = figure.subplots(2, 2, squeeze=False).ravel()
    for axes, (name, title, unit) in zip(grid, PANELS, strict=True):
        _draw(axes, table, name, title, unit)
    wanted = run.header.parameters.get("duty_cycle")
    if wanted is not None:
        grid[1].axhline(float(wanted), color=GREY, linestyle="--", linewidth=1.2)
    return figure


def _draw(axes: Axes, table: Columns, name: str, title: str, unit: str) -> None:
    values = table[name]
    if not np.isfinite(values).any():
        empty(axes, f"{title}: not known of any junction")
        return
    factor, text = prefixed(values, unit)
    time, time_unit = _time(table)
    cells = np.unique(np.column_stack([table["row"], table["column"]]), axis=0)
    few = len(cells) <= MOST_COLOURED
    for index, (row, column) in enumerate(cells):
        mine = (table["row"] == row) & (table["column"] == column)
        colour = CYCLE[index] if few else BLUE
        at, value = time[mine], factor * values[mine]
        label = f"({row:.0f}, {column:.0f})" if few else None
        if few and f"{name}_low" in table:
            low, high = (factor * table[f"{name}_{end}"][mine] for end in ("low", "high"))
            bars = np.nan_to_num(np.abs([value - low, high - value]), posinf=0.0)
            axes.errorbar(
                at, value, bars, color=colour, marker="o", markersize=3, linewidth=1, label=label
            )
        else:
            axes.plot(at, value, color=colour, alpha=1.0 if few else 0.35, label=label)
        if name == "high_v":
            axes.plot(at, factor * table["low_v"][mine], color=colour, linestyle="--")
    if name == "tau_c_s":
        axes.set_yscale("log")
    dress(axes, title=title, x=f"time ({time_unit})", y=f"({text})" if text else "")
    if few:
        legend(axes)


def _time(table: Columns) -> tuple[NDArray[np.float64], str]:
    """In hours once it is long."""
    t_s = table["t_s"]
    return (t_s / 3600.0, "h") if t_s.max() > 3600.0 else (t_s, "s")
