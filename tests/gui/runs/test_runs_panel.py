"""The runs dock on real runs of the twin."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PyQt5 import QtCore, QtGui, QtWidgets
from pytestqt.qtbot import QtBot

import mtjlab
from mtjlab.gui.runs.commands import commands
from mtjlab.gui.runs.compare_view import CompareView
from mtjlab.gui.runs.model import COLUMNS, RunsModel
from mtjlab.gui.runs.panel import RunsPanel
from mtjlab.gui.runs.run_table import RunTable
from mtjlab.gui.theme import DARK, LIGHT
from mtjlab.store import Entry, set_tag
from mtjlab.store.annotations import read


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2):
        mtjlab.run("noise_learning", seed=seed, runs=folder, task="xor", epochs=2)
    made = mtjlab.run("iv_sweep", seed=3, runs=folder)
    set_tag(made.run_file, "good", on=True, now=datetime.now(UTC))
    return folder


@pytest.fixture
def panel(qtbot: QtBot, folder: Path) -> Iterator[RunsPanel]:
    made = RunsPanel(folder, LIGHT)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: len(made.model.entries) == 3, timeout=20_000)
    yield made
    made.close_down()


def shown(panel: RunsPanel, column: str) -> list[str]:
    place = COLUMNS.index(column)
    model = panel.model
    return [str(model.data(model.index(row, place))) for row in range(model.rowCount())]


def test_the_newest_is_first_and_simulated_ones_say_so(panel: RunsPanel) -> None:
    assert shown(panel, "protocol") == ["iv_sweep", "noise_learning", "noise_learning"]
    assert set(shown(panel, "bench")) == {"twin SIM"}
    assert shown(panel, "status")[0] == "● finished"
    assert shown(panel, "tags")[0] == "#good"


@pytest.mark.parametrize(
    ("asked", "count"),
    [("protocol:iv_sweep", 1), ("tag:good", 1), ("xor", 2), ("status:died", 0), ("", 3)],
)
def test_search(qtbot: QtBot, panel: RunsPanel, asked: str, count: int) -> None:
    panel.search.setText("nothing has this")
    qtbot.waitUntil(lambda: not panel.model.entries, timeout=5_000)
    panel.search.setText(asked)
    qtbot.keyClick(panel.search, QtCore.Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: f"{count} runs" in panel.words.text(), timeout=5_000)
    assert len(panel.model.entries) == count


def test_what_cannot_be_asked_is_said(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.search.setText("protokol:x")
    qtbot.waitUntil(lambda: "▲" in panel.words.text(), timeout=5_000)
    assert "protocol" in panel.words.text()


def test_a_note_and_a_tag_are_kept_beside_the_file(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.table.selectRow(1)
    qtbot.waitUntil(lambda: panel.details.glance is not None, timeout=5_000)
    path = panel.selected[0]
    panel.details.note.setText("looks odd")
    qtbot.keyClick(panel.details.note, QtCore.Qt.Key.Key_Return)
    panel.details.tag.setText("#odd")
    qtbot.keyClick(panel.details.tag, QtCore.Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "odd" in read(path).tags, timeout=5_000)
    assert read(path).notes[0][1] == "looks odd"
    qtbot.waitUntil(lambda: "looks odd" in panel.details.text.toPlainText(), timeout=5_000)
    assert panel.selected == [path]
    panel.details.tag.setText("-odd")
    qtbot.keyClick(panel.details.tag, QtCore.Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not read(path).tags, timeout=5_000)


def test_actions_go_out_with_their_paths(qtbot: QtBot, panel: RunsPanel) -> None:
    heard: list[tuple[object, ...]] = []
    for name in ("open", "replay", "parameters", "compare"):
        getattr(panel, f"{name}_asked").connect(lambda *paths: heard.append(paths))
    panel.table.selectRow(0)
    for name in ("open", "replay", "parameters"):
        panel.act(name)
    assert heard == [(panel.selected[0],)] * 3
    assert not panel.acts["resume"].isEnabled()
    assert "aborted" in panel.acts["resume"].toolTip()
    assert panel.acts["replay"].toolTip() == f"mtjlab replay {panel.selected[0]}"
    panel.table.choose([panel.model.entries[1].path])
    heard.clear()
    panel.act("compare")
    assert heard == [tuple(panel.selected)]


def test_export_beside_the_run(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.table.selectRow(0)
    path = panel.selected[0]
    panel._export_as("csv")
    out = path.with_name(f"{path.stem}-csv")
    qtbot.waitUntil(out.is_dir, timeout=5_000)
    qtbot.waitUntil(lambda: any(out.iterdir()), timeout=5_000)
    qtbot.waitUntil(lambda: str(out) in panel.told.text(), timeout=5_000)
    # What came of it stays while the list is read again, and goes with the selection.
    with qtbot.waitSignal(panel.reading.listed, timeout=5_000):
        panel.refresh()
    assert str(out) in panel.told.text()
    panel._export_as("csv")
    qtbot.waitUntil(lambda: "exists already" in panel.told.text(), timeout=5_000)
    panel.table.selectRow(1)
    assert not panel.told.text()


def test_a_new_run_appears_and_the_selection_stays(
    qtbot: QtBot, panel: RunsPanel, folder: Path
) -> None:
    panel.table.selectRow(1)
    chosen = panel.selected
    made = mtjlab.run("iv_sweep", seed=4, runs=folder)
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.model.entries) == 4, timeout=10_000)
    assert panel.selected == chosen
    made.run_file.unlink()
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.model.entries) == 3, timeout=10_000)


def test_a_run_that_is_no_longer_shown_is_no_longer_selected(
    qtbot: QtBot, panel: RunsPanel
) -> None:
    panel.table.selectRow(0)
    qtbot.waitUntil(lambda: panel.details.glance is not None, timeout=5_000)
    panel.search.setText("protocol:noise_learning")
    qtbot.waitUntil(lambda: len(panel.model.entries) == 2, timeout=5_000)
    assert panel.details.glance is None
    assert not panel.acts["open"].isEnabled()


def test_a_file_that_cannot_be_read_is_listed_and_not_opened(
    qtbot: QtBot, panel: RunsPanel, folder: Path
) -> None:
    spoilt = folder / panel.model.entries[0].path
    spoilt = spoilt.with_name("009-drift-deadbeef.h5")
    spoilt.write_bytes(b"nonsense")
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.model.entries) == 4, timeout=10_000)
    assert shown(panel, "status")[0] == "? unreadable"
    panel.table.selectRow(0)
    qtbot.waitUntil(lambda: panel.details.glance is not None, timeout=5_000)
    assert "not a run file" in panel.details.text.toPlainText()
    assert not any(panel.acts[name].isEnabled() for name in ("open", "replay", "resume", "repair"))
    spoilt.unlink()


def test_a_dock_with_a_picture_can_be_made_low_again(
    qtbot: QtBot, panel: RunsPanel, folder: Path
) -> None:
    panel.resize(1600, 700)
    panel.show()
    drawn = (folder / panel.model.entries[2].path).with_suffix(".png")
    picture = QtGui.QImage(400, 400, QtGui.QImage.Format.Format_RGB32)
    picture.fill(QtCore.Qt.GlobalColor.blue)
    assert picture.save(str(drawn))
    panel.table.selectRow(2)
    label = panel.details.picture
    qtbot.waitUntil(lambda: bool(label.pixmap()) and label.pixmap().height() > 250, timeout=5_000)
    panel.resize(1600, 250)
    assert panel.height() == 250
    qtbot.waitUntil(lambda: 100 < label.pixmap().height() < 250, timeout=5_000)


def test_a_picture_in_each_row(qtbot: QtBot, panel: RunsPanel, folder: Path) -> None:
    drawn = (folder / panel.model.entries[1].path).with_suffix(".png")
    picture = QtGui.QImage(800, 400, QtGui.QImage.Format.Format_RGB32)
    picture.fill(QtCore.Qt.GlobalColor.red)
    assert picture.save(str(drawn))
    panel.resize(1200, 500)
    panel.show()
    panel.table.selectRow(1)
    panel.pictures.click()
    icon = QtCore.Qt.ItemDataRole.DecorationRole

    def small(row: int) -> QtGui.QPixmap | None:
        found = panel.model.data(panel.model.index(row, 0), icon)
        assert found is None or isinstance(found, QtGui.QPixmap)
        return found

    qtbot.waitUntil(lambda: small(1) is not None, timeout=5_000)
    found = small(1)
    assert found is not None
    assert (found.width(), found.height()) == (128, 64)
    assert small(0) is None
    assert panel.table.rowHeight(1) > 88
    assert panel.selected == [drawn.with_suffix(".h5")]
    panel.pictures.click()
    assert small(1) is None
    assert panel.table.rowHeight(1) < 40


def test_commands_are_what_a_shell_takes() -> None:
    said = commands([Path("my runs/001-x.h5")])
    assert said["resume"] == "mtjlab resume 'my runs/001-x.h5'"
    assert said["parquet"] == "mtjlab export 'my runs/001-x.h5' --to parquet"
    assert commands([Path("a.h5"), Path("b.h5")])["compare"] == "mtjlab diff a.h5 b.h5"


def test_commands_can_be_copied(qtbot: QtBot, panel: RunsPanel) -> None:
    panel.table.selectRow(0)
    menu = panel._command_menu(QtWidgets.QMenu(panel))
    texts = [act.text() for act in menu.actions()]
    assert not any("resume" in text or "diff" in text for text in texts)
    replay = next(act for act in menu.actions() if "replay" in act.text())
    replay.trigger()
    board = QtWidgets.QApplication.clipboard()
    assert board is not None
    assert board.text() == f"mtjlab replay {panel.selected[0]}"


def test_the_last_word_of_a_search_is_completed(qtbot: QtBot, panel: RunsPanel) -> None:
    completion = panel.search.completer()
    assert completion is not None
    panel.search.setText("xor iv_")
    completion.setCompletionPrefix(completion.splitPath(panel.search.text())[0])
    assert completion.currentCompletion() == "xor protocol:iv_sweep "
    panel.search.setText("fin")
    completion.setCompletionPrefix("fin")
    assert completion.currentCompletion() == "status:finished "


def test_the_list_stays_in_sight_when_runs_arrive(qtbot: QtBot) -> None:
    model = RunsModel(LIGHT)
    table = RunTable(model)
    qtbot.addWidget(table)
    table.resize(600, 200)
    table.show()
    table.show_entries([entry(number) for number in range(200)])
    assert table.indexAt(QtCore.QPoint(1, 1)).row() == 0
    table.selectRow(70)
    chosen = table.chosen
    table.scrollTo(model.index(60, 0), table.ScrollHint.PositionAtTop)
    top = model.entries[60]
    newer = [Entry(f"2026-02-01/{n:03d}-x.h5", day="2026-02-01", number=n) for n in range(5)]
    assert table.show_entries([*newer, *model.entries])
    assert model.entries[table.indexAt(QtCore.QPoint(1, 1)).row()] == top
    assert table.chosen == chosen
    assert table.currentIndex().row() == 75
    assert not table.show_entries(list(model.entries))
    # Whoever has not scrolled sees the newest arrive.
    table.scrollToTop()
    table.show_entries([Entry("2026-03-01/001-x.h5", day="2026-03-01"), *model.entries])
    assert model.entries[table.indexAt(QtCore.QPoint(1, 1)).row()].day == "2026-03-01"


def entry(number: int) -> Entry:
    return Entry(
        f"2026-01-{1 + number % 28:02d}/{number:05d}.h5",
        day=f"2026-01-{1 + number % 28:02d}",
        number=number,
        protocol=("iv_sweep", "telegraph")[number % 2],
        status=("finished", "died")[number % 7 == 0],
    )


def test_many_runs_are_sorted_and_keep_their_selection(qtbot: QtBot) -> None:
    model = RunsModel(LIGHT)
    model.show_entries([entry(number) for number in range(10_000)])
    table = QtWidgets.QTableView()
    qtbot.addWidget(table)
    table.setModel(model)
    assert model.rowCount() == 10_000
    assert model.entries[0].day == "2026-01-28"
    table.selectRow(5)
    chosen = model.entries[5]
    model.sort(COLUMNS.index("status"))
    selection = table.selectionModel()
    assert selection is not None
    assert model.entries[selection.selectedRows()[0].row()] == chosen
    assert model.entries[0].status == "died"
    index = model.index(0, COLUMNS.index("status"))
    assert str(model.data(index)).startswith("✝")
    assert model.data(index, QtCore.Qt.ItemDataRole.ForegroundRole) is not None


def test_two_runs_in_one_plot(qtbot: QtBot, folder: Path) -> None:
    two = sorted(folder.glob("*/*noise_learning*.h5"))[:2]
    view = CompareView(*two, DARK)
    qtbot.addWidget(view)
    with qtbot.waitSignal(view.read, timeout=10_000):
        pass
    assert "the rows differ" in view.words.text()
    view.stream.setCurrentText("step")
    curves = view.plot.curves()
    assert len(curves) == 2
    assert {name for name, _x, _y in curves} == {
        "001 noise_learning, seed 1",
        "002 noise_learning, seed 2",
    }
    assert view.table.rowCount() > 0


def test_a_file_that_is_gone_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    view = CompareView(tmp_path / "a.h5", tmp_path / "b.h5", LIGHT)
    qtbot.addWidget(view)
    qtbot.waitUntil(lambda: "a.h5" in view.words.text(), timeout=5_000)
