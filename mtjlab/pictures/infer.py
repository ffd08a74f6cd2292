"""The picture of an `infer` run: which class was taken for which, and how each of them does."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mtjlab.pictures.columns import columns
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.style import BLUE, GREEN, INK, NOTE, ORANGE, dress, empty, legend
from mtjlab.store import RunReader

_MOST_NUMBERED = 20


def draw(run: RunReader) -> Figure:
    """Confusion of single reads; accuracies by class, noisy, by vote and without noise."""
    figure = Figure(figsize=(11.5, 5.6), layout=roomy())
    task = run.results.get("task", "a task")
    heading(figure, run, title=f"Inference on {task}{_accuracy(run)}")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
    answers = columns(run, "answers")
    if not answers:
        empty(left, "no sample was presented")
        right.set_axis_off()
        return figure
    classes = [str(one["class"]) for one in run.results.get("per_class") or ()]
    label, chosen = answers["label"].astype(int), answers["class"].astype(int)
    count = max(len(classes), int(max(label.max(), chosen.max())) + 1)
    classes = classes or [str(index) for index in range(count)]
    counts = np.zeros((count, count))
    np.add.at(counts, (label, chosen), 1)
    _confusion(left, counts, classes)
    _by_class(right, run, classes)
    return figure


def _accuracy(run: RunReader) -> str:
    value = run.results.get("accuracy")
    return f": {100 * value:.1f} % of single reads" if isinstance(value, float) else ""


def _confusion(axes: Axes, counts: NDArray[np.float64], classes: list[str]) -> None:
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=30 if len(classes) > 3 else 0)
    axes.set_yticks(places, classes)
    if len(classes) <= _MOST_NUMBERED:
        for (row, column), share in np.ndenumerate(shares):
            if share:
                colour = "white" if share > 55 else INK
                words = f"{share:.0f}" if share >= 1 else "<1"
                axes.text(column, row, words, ha="center", va="center", color=colour, fontsize=NOTE)
    dress(axes, title="Single reads (%)", x="taken for", y="class", grid=False)


def _by_class(axes: Axes, run: RunReader, classes: list[str]) -> None:
    told = run.results.get("per_class")
    if not told:
        empty(axes, "the run did not come to its end")
        return
    kinds = (
        ("accuracy", "one noisy read", BLUE),
        ("accuracy_majority", "majority", ORANGE),
        ("accuracy_clean", "model without noise", GREEN),
    )
    wide = 0.8 / len(kinds)
    for index, (name, label, colour) in enumerate(kinds):
        at = np.arange(len(classes)) + (index - 1) * wide
        values = [100 * (one[name] if one[name] is not None else np.nan) for one in told]
        axes.bar(at, values, 0.9 * wide, color=colour, label=label)
    axes.set_xticks(range(len(classes)), classes, rotation=30 if len(classes) > 3 else 0)
    axes.set_ylim(0, 138)
    axes.set_yticks(range(0, 101, 20))
    dress(axes, title="By class", x="class", y="correct (%)")
    legend(axes, "upper right")
