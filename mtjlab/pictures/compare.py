"""A run and a twin's run of the same protocol: one panel for each observable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.picture import DOTS_PER_INCH, FORMATS
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREY, dress, empty
from mtjlab.store import RunReader

_COLUMNS = 3


@dataclass(frozen=True)
class Panel:
    """One observable; arrays (n,).

    Attributes:
        title: of the panel.
        unit: of the values.
        logarithmic: both axes are.
        measured, twin: values.
        measured_half, twin_half: half of the 95 % intervals.
    """

    title: str
    unit: str
    logarithmic: bool
    measured: NDArray[np.float64]
    twin: NDArray[np.float64]
    measured_half: NDArray[np.float64]
    twin_half: NDArray[np.float64]


def compare_picture(run: RunReader, bench: str, panels: Sequence[Panel], out: Path) -> Path:
    """Measured against twin; on the line they agree.

    Args:
        run: that was measured.
        bench: name of the twin's bench.
        panels: the observables.
        out: where the picture goes, ending in .png or .svg; one that was there is replaced.

    Raises:
        UsageError: another format is asked for.
        StoreError: the picture cannot be written.
    """
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"picture {out}: a picture ends in {' or '.join(FORMATS)}")
    rows = max(1, -(-len(panels) // _COLUMNS))
    figure = Figure(figsize=(12.5, 1.1 + 3.9 * rows), layout=roomy())
    heading(figure, run, title=f"A run and its twin ({bench})")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False)
    for place, axis in enumerate(axes.flat):
        if place < len(panels):
            _draw(axis, panels[place])
        else:
            empty(axis, "" if panels or place else "nothing that both have in common")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out, dpi=DOTS_PER_INCH, facecolor="white")
    except OSError as error:
        raise StoreError(f"picture {out} cannot be written: {error.strerror or error}") from error
    return out


def _draw(axes: Axes, panel: Panel) -> None:
    factor, unit = prefixed(np.concatenate([panel.measured, panel.twin]), panel.unit)
    one, two = factor * panel.measured, factor * panel.twin
    low, high = float(min(one.min(), two.min())), float(max(one.max(), two.max()))
    wide = panel.logarithmic and low > 0.0 and high > 10.0 * low
    if wide:
        axes.set_xscale("log")
        axes.set_yscale("log")
        low, high = low / 1.2, high * 1.2
    else:
        room = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
        low, high = low - room, high + room
    axes.plot([low, high], [low, high], color=GREY, linewidth=1.0, zorder=1)
    axes.errorbar(
        one,
        two,
        xerr=factor * panel.measured_half,
        yerr=factor * panel.twin_half,
        fmt="o",
        markersize=3.5,
        linewidth=0.8,
        color=BLUE,
        alpha=0.6,
        zorder=2,
    )
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    words = f" ({unit})" if unit else ""
    dress(axes, title=panel.title, x=f"measured{words}", y=f"twin{words}")
