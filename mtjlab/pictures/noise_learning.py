"""The picture of a `noise_learning` run: how it learnt, from what, and to which weights."""

from matplotlib.figure import Figure

from mtjlab.pictures.columns import columns
from mtjlab.pictures.curves import draw_accuracy, draw_loss
from mtjlab.pictures.heading import heading, roomy
from mtjlab.pictures.junction import clearest, draw_junction
from mtjlab.pictures.weights import draw_weights
from mtjlab.store import RunReader


def draw(run: RunReader) -> Figure:
    """Loss and accuracy; one junction in time with its histogram; the weight matrices."""
    figure = Figure(figsize=(12.5, 11.0), layout=roomy())
    heading(figure, run, title=_title(run))
    parts = figure.subfigures(3, 1, squeeze=False, height_ratios=(1.1, 0.95, 0.95), hspace=0.04)
    top, middle, bottom = parts[:, 0]
    loss, accuracy = top.subplots(1, 2)
    draw_loss(loss, columns(run, "step"))
    draw_accuracy(accuracy, columns(run, "evaluation"), run)
    time, histogram = middle.subplots(1, 2, sharey=True, width_ratios=(3.2, 1.0))
    draw_junction(time, histogram, clearest(run))
    draw_weights(bottom, run)
    return figure


def _title(run: RunReader) -> str:
    parameters = run.header.parameters
    task = str(parameters.get("task", "a task"))
    rule = str(parameters.get("rule", "")).replace("_", " ")
    by = " by noise-based learning" if rule == "noise based" else f" by {rule}" if rule else ""
    off = parameters.get("junctions", "on")
    return f"Learning {task}{by}" + ("" if off == "on" else f", junctions {off}")
