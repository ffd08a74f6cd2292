"""The picture of any run: every stream, each in the plainest way its shape allows."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.analysis.thinning import extremes
from mtjlab.core.protocol import Stream
from mtjlab.pictures.columns import column_names
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import CYCLE, LABEL, TICK, dress, empty, whole_numbers
from mtjlab.store import RunReader

MOST_PANELS = 12
MOST_LINES = 12
MOST_VALUES = 4_000_000


@dataclass(frozen=True)
class Panel:
    """One plot to come."""

    title: str
    draw: Callable[[Axes], None]


def draw(run: RunReader) -> Figure:
    """Scalars and named columns over the row number; long rows and matrices: the last row."""
    panels = [panel for stream in run.streams.values() for panel in _panels(run, stream)]
    shown = panels[:MOST_PANELS]
    across = 1 if len(shown) < 2 else 2
    down = max(1, math.ceil(len(shown) / across))
    figure = Figure(figsize=(12.5, 1.0 + 2.9 * down), layout=roomy())
    heading(figure, run, title=run.header.protocol.replace("_", " ").capitalize())
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes, panel in zip(grid, shown, strict=False):
        panel.draw(axes)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if not shown:
        empty(grid[0], "this run declared no streams")
    if len(panels) > len(shown):
        figure.supxlabel(f"{len(panels) - len(shown)} more plots are not shown", fontsize=LABEL)
    return figure


def _panels(run: RunReader, stream: Stream) -> list[Panel]:
    count = run.committed[stream.name]
    if not count:
        return [Panel(stream.name, lambda axes: empty(axes, f"{stream.name}: no rows"))]
    names = column_names(stream)
    if names:
        rows, title = _rows(run, stream)
        return [
            Panel(name, _lines(f"{title}: {name}", rows[:, [index]], stream.unit))
            for index, name in enumerate(names)
        ]
    if math.prod(stream.shape) <= MOST_LINES:
        rows, title = _rows(run, stream)
        return [Panel(title, _lines(title, rows.reshape(len(rows), -1), stream.unit))]
    last = run.stream(stream.name, count - 1)[0]
    title = f"{stream.name}, last of {count} rows"
    return [Panel(title, _last_row(title, last, stream.unit))]


def _rows(run: RunReader, stream: Stream) -> tuple[NDArray[np.float64], str]:
    """All rows, or the first ones where there are too many to draw."""
    count = run.committed[stream.name]
    most = MOST_VALUES // max(1, math.prod(stream.shape))
    rows = _real(run.stream(stream.name, 0, min(count, most)))
    return rows, stream.name if count <= most else f"{stream.name} (first {most} of {count} rows)"


def _real(rows: NDArray[np.generic]) -> NDArray[np.float64]:
    return (np.abs(rows) if np.iscomplexobj(rows) else rows).astype(np.float64)


def _lines(title: str, values: NDArray[np.float64], unit: str) -> Callable[[Axes], None]:
    def draw_on(axes: Axes) -> None:
        factor, text = prefixed(values, unit)
        marker = "o" if len(values) < 40 else ""
        for index in range(values.shape[1]):
            at, line = extremes(factor * values[:, index])
            colour = CYCLE[index % len(CYCLE)]
            axes.plot(at, line, color=colour, linewidth=1.3, marker=marker, markersize=4)
        dress(axes, title=title, x="row", y=f"({text})" if text else "")

    return draw_on


def _last_row(title: str, row: NDArray[np.generic], unit: str) -> Callable[[Axes], None]:
    def draw_on(axes: Axes) -> None:
        factor, text = prefixed(_real(row), unit)
        values = factor * _real(row)
        if values.ndim == 1:
            at, line = extremes(values)
            axes.plot(at, line, color=CYCLE[0], linewidth=1.0)
            dress(axes, title=title, x="element", y=f"({text})" if text else "")
            return
        image = axes.imshow(
            values.reshape(values.shape[0], -1),
            cmap="viridis",
            aspect="auto",
            interpolation="nearest",
        )
        figure = axes.get_figure()
        assert figure is not None
        bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
        bar.ax.tick_params(labelsize=TICK)
        bar.set_label(text, fontsize=LABEL)
        dress(axes, title=title, x="column", y="row", grid=False)
        whole_numbers(axes)

    return draw_on
