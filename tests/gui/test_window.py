"""Whole sessions in the real window, on the twin: connect, learn, stop, open again, resume."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.core.errors import NotSafeError
from mtjlab.gui.app import Session, compose
from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.remembered import Remembered
from mtjlab.gui.views.learning_view import LearningView
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue_work import Work
from mtjlab.store import RunReader

pytestmark = pytest.mark.timeout(180)
LONG = {"task": "iris", "epochs": 5000}
SHORT = {"task": "xor", "epochs": 4}
WAIT_MS = 60_000


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    made = compose(
        bench="twin", runs_dir=tmp_path / "runs", remembered=Remembered(tmp_path / "settings.ini")
    )
    made.window.show()
    yield made
    if not made.leaving.closed:
        made.leaving.leave()
        qtbot.waitUntil(lambda: made.leaving.closed, timeout=WAIT_MS)
    made.window.deleteLater()


def ended(session: Session, count: int) -> Callable[[], bool]:
    """Whether so many items have ended and the window knows of it."""
    return lambda: (
        sum(item.ended for item in session.queue.model.items) == count
        and not session.routes.busy
        and not session.desk.queue.busy
    )


def learning(session: Session) -> bool:
    live = session.routes.shown.live
    return live.status == "running" and live.done > 10 and live.energised


def test_connect_learn_stop_in_the_middle_reopen_and_resume(qtbot: QtBot, session: Session) -> None:
    window = session.window
    session.bench.buttons["connect"].click()
    qtbot.waitUntil(lambda: session.bench.state.connected, timeout=WAIT_MS)
    assert window.twin.text() == "SIM"
    assert not window.border.on

    session.queue.add(Draft("noise_learning", "twin", LONG, 1), first=True, start=True)
    qtbot.waitUntil(lambda: learning(session), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: window.border.on and "ON" in window.outputs.text(), timeout=WAIT_MS)
    assert session.bench.state.phase == "in a run"
    assert isinstance(window.deck.view, LearningView)
    qtbot.waitUntil(lambda: window.deck.frames > 0, timeout=WAIT_MS)

    qtbot.mousePress(window.stop, QtCore.Qt.MouseButton.LeftButton)
    qtbot.waitUntil(ended(session, 1), timeout=WAIT_MS)
    (item,) = session.queue.model.items
    assert item.status == "aborted"
    assert not window.border.on
    assert "off" in window.outputs.text()
    assert session.desk.queue.held
    qtbot.waitUntil(lambda: session.bench.state.connected, timeout=WAIT_MS)

    path = item.run_file
    assert path is not None
    session.runs.open_asked.emit(path)
    qtbot.waitUntil(lambda: path.name in window.shown.text(), timeout=WAIT_MS)
    assert "aborted" in window.shown.text()

    session.runs.resume_asked.emit(path)
    qtbot.waitUntil(lambda: len(session.queue.model.items) == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: learning(session), timeout=WAIT_MS)
    resumed = session.routes.shown.live
    assert resumed.run_file != path
    session.desk.queue.stop_item()
    qtbot.waitUntil(ended(session, 2), timeout=WAIT_MS)
    with RunReader.open(path) as first, RunReader.open(str(resumed.run_file)) as second:
        assert second.header.resumed_from == first.header.run_id
        assert second.committed["step"] > first.checkpoint_rows()["step"]


def test_one_that_fails_is_told_and_the_next_one_runs(qtbot: QtBot, session: Session) -> None:
    drift = {"cells": [[0, 99]]}
    session.desk.queue.add("drift", "twin", parameters=drift, seed=1)
    session.desk.queue.add("noise_learning", "twin", parameters=SHORT, seed=1)
    session.desk.queue.start()
    qtbot.waitUntil(ended(session, 2), timeout=WAIT_MS)
    first, second = session.queue.model.items
    assert first.status == "failed"
    assert "99" in str(first.error)
    assert second.status == "finished"
    assert "99" in session.log.text()
    # No dialog: words in the window.
    assert QtWidgets.QApplication.activeModalWidget() is None


def test_what_the_form_asks_for_is_what_runs(qtbot: QtBot, session: Session) -> None:
    session.protocol.choose("iv_sweep")
    session.protocol.add_asked.emit(Draft("iv_sweep", "twin", {}, 5, "look"))
    qtbot.waitUntil(lambda: len(session.queue.model.items) == 1, timeout=WAIT_MS)
    command = "mtjlab run iv_sweep --bench twin --seed 5"
    qtbot.waitUntil(lambda: session.queue.command.text() == command, timeout=WAIT_MS)
    session.desk.queue.start()
    qtbot.waitUntil(ended(session, 1), timeout=WAIT_MS)
    (item,) = session.queue.model.items
    assert item.run_file is not None
    with RunReader.open(item.run_file) as run:
        assert run.header.command == command
    qtbot.waitUntil(lambda: len(session.runs.model.entries) == 1, timeout=WAIT_MS)


def test_closing_asks_while_a_run_is_on_and_leaves_the_bench_safe(
    qtbot: QtBot, session: Session
) -> None:
    window = session.window
    session.queue.add(Draft("noise_learning", "twin", LONG, 1), start=True)
    qtbot.waitUntil(lambda: learning(session), timeout=WAIT_MS)
    window.close()
    assert window.isVisible()
    assert "run is on" in window.strip.words
    (stop,) = [b for b in window.strip.buttons if "Stop the run" in b.text()]
    qtbot.mouseClick(stop, QtCore.Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.leaving.closed, timeout=WAIT_MS)
    assert not window.isVisible()
    (item,) = session.desk.queue.items()
    assert item.status == "aborted"
    assert not session.desk.queue.busy


def test_a_session_file_loads_and_the_window_leaves_when_it_is_done(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "day.toml"
    file.write_text(
        '[session]\nbench = "twin"\nseed = 3\n'
        '[[step]]\nprotocol = "noise_learning"\nparameters = {task = "xor", epochs = 2}\n'
        '[[step]]\nprotocol = "iv_sweep"\n'
    )
    session.leaving.when_the_queue_has_ended(session.post)
    session.queue.load(file, start=True)
    qtbot.waitUntil(lambda: session.leaving.closed, timeout=WAIT_MS)
    assert [item.status for item in session.desk.queue.items()] == ["finished"] * 2
    assert [item.seed for item in session.desk.queue.items()] == [3, 4]
    assert session.leaving.exit_code == 0


def test_colours_turn_and_are_remembered(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    session.menus.turn_colours()
    assert session.window.deck.theme.name == "dark"
    assert Remembered(tmp_path / "settings.ini").theme == "dark"
    session.menus.turn_colours()
    assert session.window.deck.theme.name == "light"


def test_every_dock_can_be_reached_by_key_and_stop_cannot_be_hidden(session: Session) -> None:
    window = session.window
    keys = {s.key().toString() for s in window.findChildren(QtWidgets.QShortcut)}
    assert {f"Ctrl+{number}" for number in range(1, 6)} <= keys
    bar = window.findChild(QtWidgets.QToolBar, "bar")
    assert not bar.isMovable()
    hide = bar.toggleViewAction()
    assert hide is not None
    assert not hide.isEnabled()
    assert window.stop.isEnabled()
    for dock in window.docks.values():
        dock.close()
    assert window.stop.isVisible()
    window.lay_out()
    assert all(not dock.isHidden() for dock in window.docks.values())


def test_first_use_opens_beside_the_window(qtbot: QtBot, session: Session) -> None:
    session.menus.describe()
    pages = session.menus.first_use
    assert pages is not None
    assert not pages.isModal()
    chosen: list[str] = []
    session.bench.bench_chosen.connect(chosen.append)
    pages.bench_made.emit("array")
    assert chosen == ["array"]
    assert session.bench.bench == "array"
    pages.close()


def test_a_bench_that_was_not_proved_off_stays_red_until_it_is(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = session.window
    unsafe = Outcome("failed", NotSafeError("smu: go to the rack"))
    monkeypatch.setattr(Work, "run", lambda *_: ("failed", unsafe))
    session.queue.add(Draft("iv_sweep", "twin", {}, 5), start=True)
    qtbot.waitUntil(lambda: "NOT PROVED OFF" in window.outputs.text(), timeout=WAIT_MS)
    assert window.border.on
    assert "go to the rack" in window.outputs.toolTip()
    assert session.desk.queue.held
    session.bench.buttons["connect"].click()
    qtbot.waitUntil(lambda: window.outputs.text() == "○ outputs off", timeout=WAIT_MS)
    assert not window.border.on


def test_a_bench_that_cannot_be_opened_is_told_where_everybody_looks(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "rack.toml"
    file.write_text("[limits]\njunction_max_v = 0.5\n", encoding="utf-8")
    window = session.window
    window.docks["bench"].close()
    session.bench.choose(str(file))
    session.bench.buttons["connect"].click()
    qtbot.waitUntil(lambda: "mistakes" in window.strip.words, timeout=WAIT_MS)
    assert "limits.junction_max_v = 0.5: unknown" in window.strip.words
    (dismiss,) = window.strip.buttons
    dismiss.click()
    session.routes.came(session.bench.state)
    assert not window.strip.words
