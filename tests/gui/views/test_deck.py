"""Tabs of views: made when looked at, redrawn when there is something new, paused, exported."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.core.events import RunStarted, StepDone
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import DARK, LIGHT, Theme
from mtjlab.gui.views import deck as decks
from mtjlab.gui.views.deck import Deck
from mtjlab.gui.views.plot import Plot
from mtjlab.gui.views.view import View


class First(View):
    title = "First"
    share = 0.5
    made = 0

    def __init__(self, run: Collected, theme: Theme, parent: QtWidgets.QWidget | None = None):
        super().__init__(run, theme, parent)
        type(self).made += 1
        self.redrawn = 0
        self.junction: tuple[int, int] | None = None
        self.plot = Plot(theme, "a plot")
        self.plot.set_axes(("time", "s"), ("voltage", "V"))
        self.curve = self.plot.plot([0.0, 1.0], [0.1, 0.2], name="bias")
        layout = QtWidgets.QVBoxLayout(self)
        layout.addWidget(self.plot)

    @classmethod
    def serves(cls, run: Collected) -> bool:
        return run.protocol != ""

    def redraw(self) -> None:
        self.redrawn += 1

    def show_junction(self, row: int, column: int) -> None:
        self.junction = (row, column)

    def export_table(self) -> tuple[list[str], NDArray[np.float64]]:
        return ["time_s", "bias_v"], np.array([[0.0, 0.1], [1.0, 0.2]])


class Second(First):
    title = "Second"
    made = 0


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def deck(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> Deck:
    monkeypatch.setattr(
        decks, "views_for", lambda run: [v for v in (First, Second) if v.serves(run)]
    )
    First.made = Second.made = 0
    made = Deck(LIGHT, lambda: clock[0])
    made._timer.stop()
    qtbot.addWidget(made)
    made.resize(700, 500)
    made.show()
    return made


def started(run: Collected, name: str = "a") -> None:
    run(RunStarted(name, "iv_sweep", "twin", True, 1, "", (), {}))


def view_of(deck: Deck) -> First:
    assert isinstance(deck.view, First)
    return deck.view


def test_tabs_come_when_the_protocol_is_known_and_views_when_looked_at(deck: Deck) -> None:
    run = Collected()
    deck.show_run(run)
    assert deck.view is None
    started(run)
    deck.tick()
    assert (First.made, Second.made) == (1, 0)
    deck._tabs.setCurrentIndex(1)
    assert Second.made == 1


def test_only_what_changed_is_redrawn(deck: Deck, qtbot: QtBot, clock: list[float]) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    for _ in range(5):
        clock[0] += 1.0
        deck.tick()
    assert view_of(deck).redrawn == 1
    run(StepDone(1, 2, {}, 0.1))
    deck.tick()
    assert view_of(deck).redrawn == 2


def test_a_view_that_is_slow_drops_frames(deck: Deck, qtbot: QtBot, clock: list[float]) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    deck.tick()
    clock[0] += 0.1  # so long it took
    qtbot.waitUntil(lambda: deck._due_s > 0)
    # share .5: as long again before the next one
    for now_s, redrawn in ((0.15, 1), (0.21, 2)):
        clock[0] = now_s
        run(StepDone(1, 2, {}, 0.1))
        deck.tick()
        assert view_of(deck).redrawn == redrawn


def test_a_pause_holds_the_picture_and_not_the_run(deck: Deck, clock: list[float]) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    deck.tick()
    deck._pause.setChecked(True)
    for done in range(3):
        clock[0] += 1.0
        run(StepDone(done, 3, {}, 0.1))
        deck.tick()
    assert view_of(deck).redrawn == 1
    assert run.done == 2
    assert "paused" in deck._pause.text()
    deck._pause.setChecked(False)
    clock[0] += 1.0
    deck.tick()
    assert view_of(deck).redrawn == 2


def test_a_chosen_junction_is_told_to_the_other_views(deck: Deck) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    first = view_of(deck)
    first.junction_chosen.emit(3, 1)
    deck._tabs.setCurrentIndex(1)
    assert view_of(deck).junction == (3, 1)
    first.junction_chosen.emit(4, 2)
    assert view_of(deck).junction == (4, 2)


def test_other_colours_keep_the_tab(deck: Deck) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    deck._tabs.setCurrentIndex(1)
    deck.set_theme(DARK)
    assert isinstance(deck.view, Second)
    assert deck.view.theme is DARK


@pytest.mark.parametrize("ending", ["png", "svg", "csv"])
def test_a_view_is_exported(deck: Deck, tmp_path: Path, ending: str, qtbot: QtBot) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    said: list[str] = []
    deck.said.connect(said.append)
    path = tmp_path / f"view.{ending}"
    deck.save(path)
    assert said == [f"written: {path}"]
    head = path.read_bytes()[:200]
    marks = {"png": b"\x89PNG", "svg": b"<svg", "csv": b"time_s,bias_v\r\n0.0,0.1"}
    assert marks[ending] in head


def test_a_folder_that_is_not_there_is_told(deck: Deck, tmp_path: Path) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    said: list[str] = []
    deck.said.connect(said.append)
    for ending in ("png", "svg", "csv"):
        deck.save(tmp_path / "nowhere" / f"x.{ending}")
    assert len(said) == 3
    assert all("could not be written" in text for text in said)


def test_the_crosshair_says_values_with_units(deck: Deck) -> None:
    plot = Plot(LIGHT, "sweep")
    plot.set_axes(("bias", "V"), ("current", "A"))
    assert plot.read_out(0.1, 5e-6) == "100 mV, 5 uA"
    plot.set_axes(("frequency", "Hz"), ("power", ""), log=(True, True))
    assert plot.read_out(3.0, -2.0) == "1 kHz, 0.01"
    plot.words_at = lambda x, y: f"cell {x:.0f},{y:.0f}"
    assert plot.read_out(2.0, 3.0) == "cell 2,3"
    plot.deleteLater()


def test_an_empty_plot_says_why(qtbot: QtBot) -> None:
    plot = Plot(LIGHT)
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    plot.empty("waiting for the first evaluation")
    assert plot._empty.isVisible()
    plot.empty("")
    assert not plot._empty.isVisible()


def test_curves_are_exported_as_they_are(qtbot: QtBot, tmp_path: Path) -> None:
    plot = Plot(LIGHT, "curves")
    qtbot.addWidget(plot)
    plot.set_axes(("f", "Hz"), ("S", ""), log=(True, True))
    plot.plot([10.0, 100.0], [1.0, 2.0], name="one")
    plot.plot([5.0], [4.0], name="two")
    plot.save(tmp_path / "c.csv")
    lines = (tmp_path / "c.csv").read_text().splitlines()
    assert lines[0] == "one x,one y,two x,two y"
    assert lines[1] == "10.0,1.0,5.0,4.0"
    assert lines[2] == "100.0,2.0,,"


def test_keys_reach_pause_and_export(deck: Deck, qtbot: QtBot) -> None:
    run = Collected()
    started(run)
    deck.show_run(run)
    for button in deck.findChildren(QtWidgets.QToolButton):
        if "ause" in button.text():
            assert button.shortcut().toString() == "Ctrl+Space"
    assert deck._tabs.focusPolicy() & QtCore.Qt.FocusPolicy.TabFocus
