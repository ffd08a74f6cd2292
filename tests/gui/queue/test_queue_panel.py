"""The queue dock on a real queue of the twin, and on states that are told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt5 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.queue.model import COLUMNS, FRACTION, PROGRESS, QueueModel, duration
from mtjlab.gui.queue.panel import QueuePanel
from mtjlab.gui.theme import DARK, LIGHT
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue import Queue
from mtjlab.runner.queue_item import QueueChanged, QueueItem
from mtjlab.runner.session_file import Use

Key = QtCore.Qt.Key
# The first plan of a process imports much.
SLOW_MS = 60_000
XOR = {"task": "xor", "epochs": 2}
A = QueueItem(1, "a", "noise_learning", "twin", 5, parameters=XOR)
ITEMS = tuple(replace(A, key=key, name=name) for key, name in enumerate("abcde", 1))


class Desk(QtCore.QObject):
    """A held queue and its dock; what the queue tells comes in the window's thread."""

    changed = QtCore.pyqtSignal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.queue = Queue(folder, self.changed.emit)
        self.panel = QueuePanel(self.queue, LIGHT, usual_bench=lambda: "array")
        self.changed.connect(self.panel.show_queue)

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.panel.model.items]

    @property
    def statuses(self) -> list[str]:
        return [item.status for item in self.panel.model.items]


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    made = Desk(tmp_path / "runs")
    qtbot.addWidget(made.panel)
    made.panel.show()
    yield made
    made.panel.close_down()
    assert made.queue.close(60)


def trigger(desk: Desk, name: str) -> None:
    act = desk.panel.buttons.acts[name]
    assert act.isEnabled(), act.toolTip()
    act.trigger()


def test_from_a_draft_to_a_run_file(qtbot: QtBot, desk: Desk) -> None:
    panel = desk.panel
    opened: list[object] = []
    panel.run_opened.connect(opened.append)
    panel.add(Draft("noise_learning", "twin", XOR, seed=4, name="first"))
    panel.add(Draft("noise_learning", "twin", XOR), first=True)
    qtbot.waitUntil(lambda: desk.names == ["noise_learning", "first"], timeout=SLOW_MS)
    assert desk.statuses == ["waiting"] * 2
    panel._select(panel.model.items[1].key)
    assert panel.command.text().endswith("--set task=xor --set epochs=2 --seed 4")
    trigger(desk, "up")
    qtbot.waitUntil(lambda: desk.names == ["first", "noise_learning"], timeout=SLOW_MS)
    assert panel.selected is not None
    assert panel.selected.name == "first"
    trigger(desk, "start")
    qtbot.waitUntil(lambda: desk.statuses == ["finished"] * 2, timeout=SLOW_MS)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Key.Key_Return)
    assert opened == [panel.selected.run_file]
    trigger(desk, "clear")
    qtbot.waitUntil(lambda: not desk.names, timeout=SLOW_MS)


def test_what_is_refused_is_said_in_words_and_changes_nothing(qtbot: QtBot, desk: Desk) -> None:
    panel = desk.panel
    with qtbot.waitSignal(panel.told, timeout=SLOW_MS) as told:
        panel.add(Draft("noise_learning", "twin", {"epocs": 2}), start=True)
    assert "did you mean 'epochs'" in told.args[0]
    assert "did you mean 'epochs'" in panel.words.text()
    assert desk.queue.held
    panel.add(Draft("noise_learning", "twin", XOR, seed=4))
    qtbot.waitUntil(lambda: desk.names == ["noise_learning"], timeout=SLOW_MS)
    key = panel.model.items[0].key
    with qtbot.waitSignal(panel.told, timeout=SLOW_MS):
        panel.replace(key, Draft("noise_learning", "twin", {"epochs": 0}))
    panel.replace(key, Draft("noise_learning", "twin", XOR | {"epochs": 7}, seed=8, name="seven"))
    qtbot.waitUntil(lambda: desk.names == ["seven"], timeout=SLOW_MS)
    assert (panel.model.items[0].seed, panel.model.items[0].parameters["epochs"]) == (8, 7)
    with qtbot.waitSignal(panel.told, timeout=SLOW_MS):
        panel.load(Path("there is none.toml"))
    with qtbot.waitSignal(panel.told, timeout=SLOW_MS):
        panel.add_again(Path("there is none.h5"), "resume")


def test_a_queue_is_saved_and_loaded_and_both_are_the_same(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    panel = desk.panel
    file = tmp_path / "queue.toml"
    panel.add(Draft("noise_learning", "twin", XOR, seed=4, name="a"))
    panel.add(Draft("iv_sweep", "array", {"stop_v": "0.1 V"}, seed=5, on_failure="stop"))
    qtbot.waitUntil(lambda: desk.names == ["a", "iv_sweep"], timeout=SLOW_MS)
    panel.asking.save(file)
    qtbot.waitUntil(lambda: f"mtjlab run {file}" in panel.words.text(), timeout=SLOW_MS)
    panel.load(file)
    qtbot.waitUntil(lambda: desk.names == ["a", "iv_sweep", "a-2", "iv_sweep-2"], timeout=SLOW_MS)
    items = panel.model.items
    for one, two in zip(items[:2], items[2:], strict=True):
        assert replace(two, key=one.key, name=one.name, estimate_s=None) == replace(
            one, estimate_s=None
        )
    panel.load(file, bench="array")
    qtbot.waitUntil(lambda: len(desk.names) == 6, timeout=SLOW_MS)
    assert [item.bench for item in panel.model.items[4:]] == ["array", "array"]
    panel.asking.save(tmp_path / "no such folder" / "x.toml")
    qtbot.waitUntil(lambda: "cannot be written" in panel.words.text(), timeout=SLOW_MS)


def test_keys_edit_duplicate_and_remove(qtbot: QtBot, desk: Desk) -> None:
    panel = desk.panel
    asked: list[QueueItem] = []
    panel.edit_asked.connect(asked.append)
    panel.add(Draft("noise_learning", "twin", XOR, seed=4, name="a"))
    qtbot.waitUntil(lambda: desk.names == ["a"], timeout=SLOW_MS)
    panel._select(panel.model.items[0].key)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Key.Key_Return)
    assert [item.name for item in asked] == ["a"]
    trigger(desk, "duplicate")
    qtbot.waitUntil(lambda: desk.names == ["a", "a-2"], timeout=SLOW_MS)
    panel._select(panel.model.items[0].key)
    trigger(desk, "remove")
    qtbot.waitUntil(lambda: desk.names == ["a-2"], timeout=SLOW_MS)


def told(panel: QueuePanel, *items: QueueItem, held: bool = True, why: str = "") -> None:
    panel.show_queue(QueueChanged(items, held, why))


def test_selection_and_place_stay_while_rows_change_move_come_and_go(
    qtbot: QtBot, desk: Desk
) -> None:
    panel = desk.panel
    many = tuple(replace(A, key=key, name=f"n{key}") for key in range(1, 101))
    panel.resize(900, 240)
    told(panel, *many)
    panel._select(50)
    bar = panel.table.verticalScrollBar()
    assert bar is not None
    qtbot.waitUntil(lambda: bar.value() > 0)
    resets: list[None] = []
    panel.model.modelReset.connect(lambda: resets.append(None))
    on = replace(many[0], status="running", done=0.5, estimate_s=3.0)
    told(panel, on, *many[1:])
    told(panel, on, *many[60:], *many[1:60])
    told(panel, on, *many[1:30], *many[31:60])
    told(panel, on, *many[1:])
    assert panel.selected is not None
    assert panel.selected.name == "n50"
    assert bar.value() > 0
    assert not resets
    assert [item.key for item in panel.model.items] == list(range(1, 101))
    told(panel)
    assert panel.selected is None


@pytest.mark.parametrize("seed", range(5))
def test_any_order_becomes_any_other(seed: int) -> None:
    import random

    drawn = random.Random(seed)
    model = QueueModel(LIGHT)
    for _ in range(20):
        wanted = drawn.sample(ITEMS, drawn.randrange(len(ITEMS) + 1))
        model.show_items(wanted)
        assert model.items == tuple(wanted)
        assert model.rowCount() == len(wanted)


def test_states_are_words_with_symbols_and_times_are_never_guessed(desk: Desk) -> None:
    model = desk.panel.model
    told(
        desk.panel,
        replace(A, status="finished", done=2, total=2, outcome=Outcome(wall_time_s=3.44)),
        replace(A, key=2, status="running", done=1, total=4, estimate_s=12.4),
        replace(A, key=3, status="failed", error="BenchError: smu does not answer"),
        replace(A, key=4, estimate_s=125.0),
        replace(A, key=5, kind="resume"),
    )

    def column(name: str) -> list[str]:
        place = COLUMNS.index(name)
        return [str(model.data(model.index(row, place))) for row in range(5)]

    assert column("status") == ["● finished", "▶ running", "✖ failed", "○ waiting", "○ waiting"]
    assert column("time") == ["took 3.4 s", "12 s left", "", "about 2 min", "unknown"]
    assert column("progress")[:2] == ["100 %", "25 %"]
    assert column("protocol")[4] == "resume noise_learning"
    assert model.data(model.index(1, PROGRESS), FRACTION) == 0.25
    desk.panel._select(3)
    assert "smu does not answer" in desk.panel.words.text()
    tip = model.data(model.index(2, 0), QtCore.Qt.ItemDataRole.ToolTipRole)
    assert "smu does not answer" in tip
    desk.panel._select(4)
    assert desk.panel.words.text() == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.44, "0.4 s"), (12.0, "12 s"), (300.0, "5 min"), (7500.0, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_only_what_makes_sense_can_be_pressed_and_the_tip_says_what_is_missing(
    desk: Desk,
) -> None:
    panel = desk.panel

    def possible() -> set[str]:
        return {name for name, act in panel.buttons.acts.items() if act.isEnabled()}

    told(panel)
    assert possible() == {"load"}
    assert "needs something that waits" in panel.buttons.acts["start"].toolTip()
    told(panel, A)
    panel._select(1)
    assert possible() == {"load", "save", "start", "edit", "duplicate", "remove"}
    told(panel, replace(A, status="running"), held=False)
    assert possible() == {"load", "save", "hold", "pause", "end", "abort", "duplicate"}
    told(panel, replace(A, status="paused"), held=False)
    assert possible() == {"load", "save", "hold", "resume", "end", "abort", "duplicate"}
    told(panel, replace(A, status="failed"), *ITEMS[1:], why="stopped by the user")
    panel._select(2)
    assert possible() >= {"clear", "down", "start", "edit", "remove"}
    assert "up" not in possible()
    assert "held: stopped by the user" in panel.buttons.words
    assert "Start" in panel.buttons.words


def test_the_command_of_one_or_of_the_whole_queue_is_copied(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    panel = desk.panel
    board = QtWidgets.QApplication.clipboard()
    assert board is not None
    user = replace(A, key=2, name="b", uses=(Use("cells", "a", "usable_cells"),))
    told(panel, A, user)
    panel._select(1)
    panel.copy.click()
    assert (
        board.text()
        == "mtjlab run noise_learning --bench twin --set task=xor --set epochs=2 --seed 5"
    )
    panel._select(2)
    assert panel.command.text() == ""
    assert "results of a" in panel.command.placeholderText()
    assert not panel.copy.isEnabled()


def test_the_command_of_all_is_that_of_the_file_as_long_as_it_is_the_queue(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    panel = desk.panel
    panel.add(Draft("noise_learning", "twin", XOR, seed=4, name="a"))
    qtbot.waitUntil(lambda: panel.selected is not None, timeout=SLOW_MS)
    panel.asking.save(tmp_path / "q.toml")
    panel.table.clearSelection()
    command = f"mtjlab run {tmp_path / 'q.toml'}"
    qtbot.waitUntil(lambda: panel.command.text() == command, timeout=SLOW_MS)
    told(panel, *ITEMS)
    assert panel.command.text() == ""
    assert "save the queue" in panel.command.placeholderText()


def test_a_session_without_a_bench_is_for_the_one_of_the_window(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "day.toml"
    file.write_text('[[step]]\nprotocol = "array_map"\n', encoding="utf-8")
    desk.panel.load(file)
    qtbot.waitUntil(lambda: desk.names == ["array_map"], timeout=SLOW_MS)
    assert desk.panel.model.items[0].bench == "array"


def test_commands_say_a_folder_that_is_not_the_usual_one(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MTJLAB_RUNS")
    panel = desk.panel
    told(panel, A)
    panel._select(1)
    assert panel.command.text().endswith(f"--seed 5 --out {tmp_path / 'runs'}")


def test_why_it_is_held_stays_when_something_is_added(qtbot: QtBot, desk: Desk) -> None:
    desk.queue.hold("stopped by the user")
    desk.panel.add(Draft("noise_learning", "twin", XOR))
    qtbot.waitUntil(lambda: desk.panel.selected is not None, timeout=SLOW_MS)
    assert "held: stopped by the user" in desk.panel.buttons.words


def test_in_the_dark_and_narrow(desk: Desk) -> None:
    desk.panel.set_theme(DARK)
    told(desk.panel, *ITEMS, why="x" * 500)
    assert desk.panel.minimumSizeHint().width() <= 500
