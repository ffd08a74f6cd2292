"""A learning run in words: the target, the weights, and what is not there yet."""

from collections.abc import Callable

import numpy as np
import pytest
from PyQt5 import QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.core.events import Rows, RunEnded
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.learning_view import LearningView
from mtjlab.gui.views.plot import Plot

Runs = Callable[..., Collected]


def shown(qtbot: QtBot, run: Collected) -> LearningView:
    view = LearningView(run, LIGHT)
    qtbot.addWidget(view)
    view.resize(1000, 560)
    view.show()
    view.redraw()
    return view


def words_on(plot: Plot) -> str:
    return plot._empty.toPlainText() if plot._empty.isVisible() else ""


def said(view: LearningView) -> str:
    return view.words.text().replace("\N{NO-BREAK SPACE}", " ")


def test_the_target_and_where_it_was_reached_are_marked(qtbot: QtBot, ended: Runs) -> None:
    run = ended("xor")
    view = shown(qtbot, run)
    assert view.accuracy.target.isVisible()
    assert view.accuracy.target.value() == pytest.approx(60.0)
    assert view.accuracy.reached.isVisible()
    assert view.accuracy.reached.value() == run.results["reads_to_target"]
    assert "60" in view.accuracy.target.label.toPlainText()
    assert str(run.results["reads_to_target"]) in view.accuracy.reached.label.toPlainText()


def test_a_target_that_was_not_reached_is_said(qtbot: QtBot, half_way: Runs) -> None:
    view = shown(qtbot, half_way("xor", 0.1))
    assert "not reached yet" in said(view)
    assert not view.accuracy.reached.isVisible()
    view = shown(qtbot, half_way("xor", 0.1, "aborted"))
    assert "not reached yet" not in said(view)
    assert "not reached" in said(view)


def test_weights_say_of_when_they_are(qtbot: QtBot, ended: Runs, half_way: Runs) -> None:
    whole = ended("xor")
    rows = len(whole.tables["weights_0"])
    for run, said_of in (
        (whole, "as at the end"),
        (half_way("xor"), "as last kept in the run file"),
        (half_way("xor", 1.0, "aborted"), "as last kept in the run file"),
        (half_way("xor", 1.0 / rows), "as at the start"),
    ):
        view = shown(qtbot, run)
        for layer, one in enumerate(view.weights.maps):
            matrix = run.tables[f"weights_{layer}"].rows[-1]
            np.testing.assert_array_equal(one.values, matrix)
            low, high = one.bar.levels()
            assert low == -high == pytest.approx(-np.abs(matrix).max())
        words = {label.text() for label in view.weights.findChildren(QtWidgets.QLabel)}
        assert said_of in words


@pytest.mark.parametrize(
    ("status", "loss", "accuracy"),
    [
        ("running", "waiting for the first learning step", "waiting for the first evaluation"),
        ("aborted", "no learning step was recorded", "no evaluation was recorded"),
    ],
)
def test_nothing_is_said_in_words(
    qtbot: QtBot, half_way: Runs, status: str, loss: str, accuracy: str
) -> None:
    view = shown(qtbot, half_way("xor", 0.0, status))
    assert words_on(view.loss) == loss
    assert words_on(view.accuracy) == accuracy


def test_a_run_that_ends_without_a_row_says_so(qtbot: QtBot, half_way: Runs) -> None:
    run = half_way("xor", 0.0)
    view = shown(qtbot, run)
    run(RunEnded("aborted", None))
    view.redraw()
    assert words_on(view.loss) == "no learning step was recorded"
    assert said(view) == "the run aborted before the first learning step"
    assert words_on(view.weights.maps[0]) == "no weights were recorded"


@pytest.mark.parametrize("on", [True, False])
def test_a_logarithm_of_no_loss_is_a_gap_and_no_error(
    qtbot: QtBot, half_way: Runs, on: bool
) -> None:
    run = half_way("xor", 0.0)
    view = shown(qtbot, run)
    view.log.setChecked(on)
    run(Rows("step", 0, np.array([[8.0, 1.0, 0.5, 0.0], [16.0, 0.0, 1.0, 0.0], [24.0, 0.5, 1, 0]])))
    view.redraw()
    view.grab()
    low, high = view.loss.getPlotItem().getViewBox().viewRange()[1]
    assert np.isfinite([low, high]).all()
