"""The picture of a `randomness` run: junctions, memory of the bits, p-values of all tests."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtjlab.pictures.columns import Columns, column_names, columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.intervals import draw_points
from mtjlab.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    NOTE,
    TICK,
    VERMILLION,
    dress,
    empty,
    legend,
)
from mtjlab.store import RunReader

_LEVEL = 0.01
_LOWEST = 1e-6
_FROM = np.linspace(0.0, 1.0, 11)


def draw(run: RunReader) -> Figure:
    """P-values by test; their distribution; share of ones of each junction; correlation."""
    figure = Figure(figsize=(12.5, 10.0), layout=roomy())
    heading(figure, run, title="Random bits")
    grid = figure.add_gridspec(2, 2, height_ratios=(1.35, 1.0))
    p_values = columns(run, "p_values")
    wide, right = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    if p_values and np.isfinite(p_values["p"]).any():
        _draw_tests(wide, run, p_values, columns(run, "tests"))
        _draw_distribution(right, p_values)
    else:
        empty(wide, "no test was run")
        empty(right, "no p-values")
    _draw_junctions(figure.add_subplot(grid[1, 0]), columns(run, "junctions"))
    _draw_lags(figure.add_subplot(grid[1, 1]), columns(run, "lags"))
    return figure


def _draw_tests(axes: Axes, run: RunReader, p_values: Columns, tests: Columns) -> None:
    """A line for each test with all its p-values; its verdict at the right."""
    names = column_names(run.streams["test_names"])
    verdicts = column_names(run.streams["verdicts"])
    p = np.maximum(p_values["p"], _LOWEST)
    scatter = 0.3 * np.sin(12.9898 * np.arange(len(p)))
    axes.plot(
        p,
        p_values["test"] + scatter,
        linestyle="none",
        marker=".",
        markersize=3,
        color=BLUE,
        alpha=0.4,
    )
    axes.axvline(_LEVEL, color=VERMILLION, linewidth=1.2, linestyle="--")
    axes.set_xscale("log")
    axes.set_xlim(0.7 * _LOWEST, 1.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    colours = {"passed": GREEN, "failed": VERMILLION}
    for number, verdict, sequences in zip(
        tests["test"], tests["verdict"], tests["sequences"], strict=True
    ):
        word = verdicts[int(verdict)]
        counted = f" ({sequences:.0f})" if sequences else ""
        axes.text(
            1.02,
            number,
            f"{word}{counted}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=NOTE,
            color=colours.get(word, GREY),
        )
    dress(axes, title="p-values, verdict (sequences)", x=f"p (dashed: {_LEVEL:g})")
    axes.tick_params(axis="y", labelsize=TICK - 1, labelcolor=INK)


def _draw_distribution(axes: Axes, p_values: Columns) -> None:
    p = p_values["p"][np.isfinite(p_values["p"])]
    counts, _ = np.histogram(p, _FROM)
    axes.bar(_FROM[:-1], counts, 0.1, align="edge", color=BLUE, alpha=0.7, edgecolor="white")
    axes.axhline(len(p) / 10, color=GREY, linestyle="--", linewidth=1.2, label="all alike")
    axes.set_xlim(0, 1)
    dress(axes, title=f"All {len(p)} p-values", x="p", y="how many")
    legend(axes, "lower right")


def _draw_junctions(axes: Axes, junctions: Columns) -> None:
    if not junctions or not np.isfinite(junctions["ones"]).any():
        empty(axes, "no junction gave bits")
        return
    used = junctions["used"] > 0
    mine = {name: values[used] for name, values in junctions.items()}
    at = np.arange(used.sum(), dtype=np.float64)
    draw_points(axes, at, mine, "ones", colour=BLUE, factor=100.0)
    axes.axhline(50.0, color=GREY, linestyle="--", linewidth=1.2)
    names = [f"({r:.0f}, {c:.0f})" for r, c in zip(mine["row"], mine["column"], strict=True)]
    shown = np.unique(np.linspace(0, len(names) - 1, 8).round().astype(int))
    axes.set_xticks(shown, [names[i] for i in shown], rotation=30)
    dress(axes, title="Raw bits: share of ones", x="junction", y="ones (%)")


def _draw_lags(axes: Axes, lags: Columns) -> None:
    if not lags:
        empty(axes, "no correlation: no bits were tested")
        return
    draw_points(axes, lags["lag"], lags, "correlation", colour=BLUE)
    axes.axhline(0.0, color=GREY, linestyle="--", linewidth=1.2)
    dress(axes, title="Correlation of the tested bits", x="lag (bits)")
