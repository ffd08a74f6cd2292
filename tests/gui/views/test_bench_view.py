"""Set-points, readings and compliance as they are told."""

from pytestqt.qtbot import QtBot

from mtjlab.core.events import BenchSeen, RunEnded, RunStarted
from mtjlab.core.interfaces import Reading
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.bench_view import BenchView
from mtjlab.gui.views.registry import views_for


def started() -> Collected:
    run = Collected()
    run(RunStarted("x", "iv_sweep", "rack", False, 1, "", (), {}))
    return run


def cells(view: BenchView) -> list[list[str]]:
    table = view.table
    return [
        [str(table.item(row, column).text()) for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_what_is_told_is_shown_with_units_and_words(qtbot: QtBot) -> None:
    now_s = [100.0]
    run = started()
    view = BenchView(run, LIGHT, clock_s=lambda: now_s[0])
    qtbot.addWidget(view)
    view.redraw()
    assert "off" in view.words.text()
    run(
        BenchSeen(
            True,
            {"smu": 0.1, "daq.ao0": -0.05},
            {"smu": Reading(0.0999, 4.2e-6, False)},
        )
    )
    now_s[0] = 101.0
    view.redraw()
    assert "on" in view.words.text()
    assert cells(view) == [
        ["smu", "100 mV", "99.9 mV", "4.2 uA", "● free"],
        ["daq.ao0", "-50 mV", "-", "-", "-"],
    ]
    run(BenchSeen(True, {"smu": 0.2, "daq.ao0": 0.0}, {"smu": Reading(0.15, 5e-5, True)}))
    now_s[0] = 102.0
    view.redraw()
    assert "▲ in compliance" in cells(view)[0][4]
    curves = {name: (list(x), list(y)) for name, x, y in view.plot.curves()}
    assert curves["smu set"][0] == [0.0, 1.0, 2.0]
    assert curves["smu set"][1][1:] == [0.1, 0.2]
    assert curves["smu read"][1][1:] == [0.0999, 0.15]
    assert "daq.ao0 read" not in curves
    header, rows = view.export_table()
    assert header == ["wall_time_s", "daq.ao0_v", "smu_v"]
    assert rows[2].tolist() == [2.0, 0.0, 0.2]


def test_an_end_without_proof_is_not_called_off(qtbot: QtBot) -> None:
    run = started()
    view = BenchView(run, LIGHT)
    qtbot.addWidget(view)
    run(BenchSeen(True, {"smu": 0.1}, {}))
    run(RunEnded("failed", "NotSafeError: smu: go to the rack", {}, proved_off=False))
    view.redraw()
    assert "not proved off" in view.words.text()
    assert "go to the rack" in view.words.text()
    run(RunEnded("failed", "InstrumentError: smu: no answer", {}))
    view.redraw()
    assert view.words.text().startswith("○ every output at 0 V and off")


def test_it_is_there_while_a_run_is_on(qtbot: QtBot) -> None:
    run = started()
    assert BenchView in views_for(run)
    run(RunEnded("finished", None, {}))
    assert BenchView not in views_for(run)
