"""Loss and accuracy over reads."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mtjlab.analysis.thinning import running_mean
from mtjlab.pictures.columns import Columns
from mtjlab.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    dress,
    empty,
    legend,
)
from mtjlab.store import RunReader

SMOOTHING_SHARE = 0.04


def draw_loss(axes: Axes, step: Columns) -> None:
    """Loss of every batch, and its running mean; logarithmic if it spans more than a decade."""
    if not {"reads", "loss"} <= set(step):
        empty(axes, "no learning step was recorded")
        return
    reads, loss = step["reads"], step["loss"]
    axes.plot(reads, loss, color=BLUE, alpha=0.3, linewidth=0.9, label="each batch, noisy")
    window = max(1, round(SMOOTHING_SHARE * len(loss)))
    smooth = running_mean(loss, window)
    if window > 1:
        axes.plot(reads, smooth, color=BLUE, linewidth=2, label=f"mean of {window} batches")
    positive = smooth[np.isfinite(smooth) & (smooth > 0)]
    if len(positive) and positive.max() > 10 * positive.min() and np.nanmin(loss) > 0:
        axes.set_yscale("log")
    dress(axes, title="Loss", x="reads (samples presented, all passes)", y="cross-entropy (nat)")
    legend(axes, "upper right")


def draw_accuracy(axes: Axes, evaluation: Columns, run: RunReader) -> None:
    """Noisy single-read accuracies, the target, and where it was reached."""
    if "reads" not in evaluation:
        empty(axes, "no evaluation was recorded")
        return
    reads = evaluation["reads"]
    series = (
        ("train_accuracy", "training set", BLUE, "o"),
        ("test_accuracy", "test set", ORANGE, "s"),
    )
    marker_size = 4.0 if len(reads) < 80 else 2.0
    lowest = 1.0
    for name, label, colour, marker in series:
        values = evaluation.get(name)
        if values is not None and np.isfinite(values).any():
            lowest = min(lowest, float(np.nanmin(values)))
            axes.plot(
                reads,
                100 * values,
                color=colour,
                marker=marker,
                markersize=marker_size,
                linewidth=1.6,
                label=label,
            )
    target = _number(run, "target_accuracy")
    if target is not None:
        axes.axhline(
            100 * target, color=GREY, linestyle="--", linewidth=1.2, label=f"target {target:.0%}"
        )
    reached = _number(run, "reads_to_target")
    if reached is not None:
        axes.axvline(reached, color=GREEN, linewidth=1.6, label=f"reached at {reached:.0f} reads")
    axes.set_ylim(_floor(lowest), 103)
    dress(
        axes,
        title="Accuracy, noisy, one read",
        x="reads (samples presented, all passes)",
        y="correct (%)",
    )
    legend(axes, "lower right")


def _floor(lowest: float) -> float:
    """Beginning of the axis in per cent, with room for a legend below the curves."""
    return max(-3.0, 10.0 * math.floor(10 * lowest - 3.5))


def _number(run: RunReader, name: str) -> float | None:
    value: Any = run.results.get(name, run.header.parameters.get(name))
    return float(value) if isinstance(value, int | float) else None
