"""Weight matrices as images: red pulls up, blue pulls down, white does nothing."""

import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from mtjlab.analysis.cell_grid import symmetric_span
from mtjlab.pictures.style import LABEL, TICK, dress, empty, whole_numbers
from mtjlab.store import RunReader

MOST_LAYERS = 6
_LAYER = re.compile(r"weights_(\d+)\Z")


def layers(run: RunReader) -> list[str]:
    """Names of the weight streams that have rows, by layer."""
    found = [(int(m.group(1)), name) for name in run.streams if (m := _LAYER.match(name))]
    return [name for _, name in sorted(found) if run.committed[name]]


def draw_weights(figure: SubFigure, run: RunReader) -> None:
    """The last matrix of each layer with a colour bar of its own."""
    names = layers(run)
    if not names:
        empty(figure.subplots(), "no weights were recorded")
        return
    shown = names[:MOST_LAYERS]
    ratios = [_width(run, name) for name in shown]
    panels: Sequence[Axes] = figure.subplots(1, len(shown), squeeze=False, width_ratios=ratios)[0]
    for axes, name in zip(panels, shown, strict=True):
        _draw(figure, axes, run, name)
    if len(names) > len(shown):
        figure.supxlabel(f"{len(names) - len(shown)} more layers are not shown", fontsize=LABEL)


def _width(run: RunReader, name: str) -> float:
    nodes, inputs = run.streams[name].shape
    return min(1.6, max(0.8, inputs / max(1, nodes)))


def _draw(figure: Figure | SubFigure, axes: Axes, run: RunReader, name: str) -> None:
    rows = run.committed[name]
    matrix = run.stream(name, rows - 1)[0].astype(np.float64)
    span = symmetric_span(matrix)
    image = axes.imshow(
        matrix, cmap="RdBu_r", vmin=-span, vmax=span, aspect="auto", interpolation="nearest"
    )
    bar = figure.colorbar(image, ax=axes, fraction=0.06, pad=0.02)
    bar.ax.tick_params(labelsize=TICK)
    bar.outline.set_visible(False)
    nodes, inputs = matrix.shape
    when = "" if rows > 1 else " (start)"
    dress(
        axes,
        title=f"Weights {name.removeprefix('weights_')}: {nodes} x {inputs}{when}",
        x="input",
        y="node",
        grid=False,
    )
    whole_numbers(axes)
