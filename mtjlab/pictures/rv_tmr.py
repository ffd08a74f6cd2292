"""The picture of an `rv_tmr` run: resistances and TMR against the voltage across the junction."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.analysis.model_curves import tmr_curve
from mtjlab.pictures.columns import Columns, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.intervals import draw_points
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREEN, VERMILLION, dress, empty, legend
from mtjlab.store import RunReader


def draw(run: RunReader) -> Figure:
    """R of both states, TMR with the fitted curve, TMR at 0 V of each junction."""
    figure = Figure(figsize=(12.5, 9.5), layout=roomy())
    heading(figure, run, title="Resistance and TMR against bias")
    points, fits = columns(run, "points"), columns(run, "fits")
    if not points or not np.isfinite(points["tmr"]).any():
        empty(figure.subplots(), "no bias showed both states")
        return figure
    grid = figure.subplots(2, 2)
    _draw_resistances(grid[0, 0], points)
    _draw_tmr(grid[0, 1], points, fits)
    _draw_each(grid[1, 0], fits, "tmr0", "TMR at 0 V", 100.0, "(%)")
    factor, unit = prefixed(fits["r_p0_ohm"], "Ω")
    _draw_each(grid[1, 1], fits, "r_p0_ohm", "Resistance of P at 0 V", factor, f"({unit})")
    return figure


def _draw_resistances(axes: Axes, points: Columns) -> None:
    factor, unit = prefixed(points["r_ap_ohm"], "Ω")
    volt, volts = prefixed(points["voltage_ap_v"], "V")
    for state, colour in (("p", GREEN), ("ap", VERMILLION)):
        draw_points(
            axes,
            volt * points[f"voltage_{state}_v"],
            points,
            f"r_{state}_ohm",
            colour=colour,
            factor=factor,
            label=state.upper(),
        )
    dress(axes, title="Resistance", x=f"voltage across the junction ({volts})", y=f"({unit})")
    legend(axes)


def _draw_tmr(axes: Axes, points: Columns, fits: Columns) -> None:
    volt, volts = prefixed(points["voltage_ap_v"], "V")
    draw_points(axes, volt * points["voltage_ap_v"], points, "tmr", colour=BLUE, factor=100.0)
    known = np.isfinite(points["tmr"])
    at = np.linspace(0.0, np.abs(points["voltage_ap_v"][known]).max(), 100)
    at = np.sign(points["voltage_ap_v"][known][0]) * at
    for tmr0, half_v in zip(fits["tmr0"], fits["tmr_half_v"], strict=True):
        if np.isfinite(tmr0):
            curve = tmr_curve(at, tmr0, half_v)
            axes.plot(volt * at, 100.0 * curve, color=BLUE, linewidth=0.8, alpha=0.6)
    dress(axes, title="TMR", x=f"voltage across the junction in AP ({volts})", y="(%)")


def _draw_each(axes: Axes, fits: Columns, name: str, title: str, factor: float, y: str) -> None:
    at = np.arange(len(fits[name]), dtype=np.float64)
    draw_points(axes, at, fits, name, colour=BLUE, factor=factor)
    cells = [f"({r:.0f}, {c:.0f})" for r, c in zip(fits["row"], fits["column"], strict=True)]
    shown = np.unique(np.linspace(0, len(cells) - 1, 8).round().astype(int))
    axes.set_xticks(shown, [cells[i] for i in shown], rotation=30)
    dress(axes, title=title, x="junction", y=y)
