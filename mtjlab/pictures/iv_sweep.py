"""The picture of an `iv_sweep` run: current and resistance against voltage."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.analysis.model_curves import current_line, far_from_zero
from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import CYCLE, dress, empty, legend
from mtjlab.store import RunReader

_MOST_NAMED = 10


def draw(run: RunReader) -> Figure:
    """Every reading; the resistance of each, off 0 V; lines where a straight line fits."""
    figure = Figure(figsize=(12.5, 5.6), layout=roomy())
    heading(figure, run, title="Current against voltage")
    points, fits = columns(run, "points"), columns(run, "fits")
    if not points:
        empty(figure.subplots(), "no sweep was measured")
        return figure
    current, resistance = figure.subplots(1, 2)
    _draw(current, resistance, points, fits)
    return figure


def _draw(current: Axes, resistance: Axes, points: Columns, fits: Columns) -> None:
    volt, volts = prefixed(points["voltage_v"], "V")
    ampere, amperes = prefixed(points["current_a"], "A")
    cells = np.stack([points["row"], points["column"]], axis=1)
    chosen = list(dict.fromkeys(map(tuple, cells)))
    off = far_from_zero(points["voltage_v"])
    ohm, ohms = prefixed(points["voltage_v"][off] / points["current_a"][off], "Ω")
    for index, cell in enumerate(chosen):
        mine = (cells == cell).all(axis=1)
        v, i = points["voltage_v"][mine], points["current_a"][mine]
        members = points["members"][mine][0]
        name = f"({cell[0]:.0f}, {cell[1]:.0f})"
        name += f" and {members - 1:.0f} more" if members > 1 else ""
        colour = CYCLE[index % len(CYCLE)]
        marker = "." if index < len(CYCLE) else "+"
        label = name if len(chosen) <= _MOST_NAMED else ""
        current.plot(volt * v, ampere * i, marker, color=colour, markersize=4, label=label)
        far = off[mine]
        resistance.plot(volt * v[far], ohm * v[far] / i[far], marker, color=colour, markersize=4)
        line = _line(fits, cell)
        if line is not None:
            at: NDArray[np.float64] = np.array([v.min(), v.max()])
            fitted = ampere * current_line(at, *line)
            current.plot(volt * at, fitted, color=colour, linewidth=0.9)
            resistance.axhline(ohm * line[0], color=colour, linewidth=0.9)
    dress(current, title="Current", x=f"voltage across the junctions ({volts})", y=f"({amperes})")
    dress(resistance, title="Resistance, V / I", x=f"voltage ({volts})", y=f"({ohms})")
    if len(chosen) <= _MOST_NAMED:
        legend(current)


def _line(fits: Columns, cell: tuple[float, ...]) -> tuple[float, float] | None:
    """Resistance and offset of a line that is one."""
    if not fits:
        return None
    mine = (fits["row"] == cell[0]) & (fits["column"] == cell[1]) & (fits["reason"] == 0)
    if not mine.any():
        return None
    return float(fits["resistance_ohm"][mine][0]), float(fits["offset_a"][mine][0])
