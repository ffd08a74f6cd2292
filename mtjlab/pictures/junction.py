"""One junction's telegraph noise in time, and how often each voltage was read."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mtjlab.pictures.columns import columns
from mtjlab.pictures.scale import prefixed
from mtjlab.pictures.style import BLUE, GREEN, NOTE, VERMILLION, dress, empty
from mtjlab.store import RunReader

WINDOW_S = 2e-3
WINDOW_TAU_C = 60.0
LEAST_SAMPLES = 100
BINS = 40


@dataclass(frozen=True)
class Trace:
    """What is known of one junction.

    Attributes:
        volts: (n,) successive samples, V.
        interval_s: between them; None if the run did not live to record it.
        place: (row, column) in words; empty if not known.
        levels_v: of the states P and AP; NaN if not known.
        tau_c_s: correlation time; NaN if not known.
    """

    volts: NDArray[np.float64]
    interval_s: float | None
    place: str
    levels_v: tuple[float, float]
    tau_c_s: float


def clearest(run: RunReader) -> Trace | None:
    """The junction in use with the largest noise ratio; None if no trace was recorded."""
    if "trace" not in run.streams or not run.committed["trace"]:
        return None
    table = columns(run, "junctions")
    nodes = table.get("node", np.empty(0))
    ratios = table.get("noise_ratio", np.full(len(nodes), np.nan))
    used = np.flatnonzero((nodes >= 0) & (nodes < run.committed["trace"]))
    node, row = 0, None
    if len(used):
        row = int(used[np.argmax(np.nan_to_num(ratios[used], nan=-1.0))])
        node = int(nodes[row])
    volts = run.stream("trace", node, node + 1)[0].astype(np.float64)
    volts = volts[np.isfinite(volts)]
    interval = run.results.get("trace_interval_s")

    def known(name: str) -> float:
        return float(table[name][row]) if row is not None and name in table else np.nan

    place = f"({known('row'):.0f}, {known('column'):.0f})" if row is not None else ""
    return Trace(
        volts,
        float(interval) if interval else None,
        place,
        (known("level_p_v"), known("level_ap_v")),
        known("tau_c_s"),
    )


def draw_junction(time: Axes, histogram: Axes, trace: Trace | None) -> None:
    """The beginning of a trace and, on the same voltage axis, the histogram of all of it."""
    if trace is None or not len(trace.volts):
        empty(time, "no junction trace was recorded")
        histogram.set_axis_off()
        return
    factor, unit = prefixed(trace.volts, "V")
    volts = factor * trace.volts
    shown = _samples_shown(trace)
    at, at_unit = _axis(shown, trace.interval_s)
    time.plot(at, volts[:shown], color=BLUE, linewidth=1.0, drawstyle="steps-post")
    time.margins(x=0.01)
    title = f"Junction {trace.place}".strip()
    if np.isfinite(trace.tau_c_s):
        scale, text = prefixed(np.array([trace.tau_c_s]), "s")
        title += f", correlation time {trace.tau_c_s * scale:.3g} {text}"
    dress(time, title=title, x=at_unit, y=f"voltage ({unit})")
    low, high = float(volts.min()), float(volts.max())
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    time.set_ylim(low - margin, high + margin)
    histogram.hist(
        volts,
        bins=BINS,
        range=(low, high) if high > low else None,
        orientation="horizontal",
        color=BLUE,
        alpha=0.75,
        weights=np.full(len(volts), 100 / len(volts)),
    )
    histogram.tick_params(labelleft=False)
    histogram.margins(x=0.3)
    _draw_levels(time, histogram, factor, unit, trace)
    dress(histogram, title="How often", x="samples (%)")


def _draw_levels(time: Axes, histogram: Axes, factor: float, unit: str, trace: Trace) -> None:
    states = (("P", GREEN, 1), ("AP", VERMILLION, -1))
    # The names stand between the levels: AP is the upper one, unless the TMR is negative.
    inside = 1 if trace.levels_v[0] <= trace.levels_v[1] else -1
    for (name, colour, side), level in zip(states, trace.levels_v, strict=True):
        if not np.isfinite(level):
            continue
        for axes in (time, histogram):
            axes.axhline(factor * level, color=colour, linestyle="--", linewidth=1.1, zorder=0.9)
        histogram.annotate(
            f"{name}  {factor * level:.1f} {unit}",
            (0.98, factor * level),
            xycoords=histogram.get_yaxis_transform(),
            xytext=(0, 9 * side * inside),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=NOTE,
            color=colour,
            fontweight="bold",
        )


def _samples_shown(trace: Trace) -> int:
    if trace.interval_s is None:
        return min(len(trace.volts), 4 * LEAST_SAMPLES)
    window_s = WINDOW_TAU_C * trace.tau_c_s if np.isfinite(trace.tau_c_s) else WINDOW_S
    return min(len(trace.volts), max(LEAST_SAMPLES, round(window_s / trace.interval_s)))


def _axis(count: int, interval_s: float | None) -> tuple[NDArray[np.float64], str]:
    at = np.arange(count, dtype=np.float64)
    if interval_s is None:
        return at, "sample"
    at_s = interval_s * at
    factor, unit = prefixed(at_s, "s")
    return factor * at_s, f"time ({unit})"
