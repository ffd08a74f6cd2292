"""What the views show of real runs on the twin: the numbers of the streams."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt5 import QtCore

from mtjlab.core.events import Event, Rows, RunStarted, StepDone
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.theme import DARK, LIGHT
from mtjlab.gui.views.export import save_table
from mtjlab.gui.views.learning_view import LearningView
from mtjlab.gui.views.map_view import MapView
from mtjlab.gui.views.registry import views_for
from mtjlab.gui.views.results_view import ResultsView
from mtjlab.gui.views.stream_view import StreamView
from mtjlab.gui.views.sweeps.bias_sweep import BiasSweepView
from mtjlab.runner import Run, plan

LEARN = ("task=xor", "fabric=gaussian", "epochs=40", "evaluate_every=4", "target_accuracy=0.6")
MAP = ("cells=[[0,0],[0,1],[0,2],[0,3],[0,11]]", "duration_s=0.01", "confirm_s=0")
SWEEP = ("cells=[[0,0],[0,1]]", "points=4", "max_block_s=0.02")


def ran(
    folder: Path, protocol: str, *settings: str, bench: str = "twin", stop_after: int | None = None
) -> Collected:
    """To its end, or stopped at a step."""
    collected, seen = Collected(), 0

    def count(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, StepDone)
        if seen == stop_after:
            run.stop()

    what = plan(protocol, bench, settings=settings, seed=5, runs_dir=folder)
    run = Run(what, [collected, count])
    run.start()
    run.wait()
    return collected


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Collected]:
    folder, made = tmp_path_factory.mktemp("runs"), {}

    def get(protocol: str, *settings: str, **more: object) -> Collected:
        key = (protocol, settings, *more.items())
        if key not in made:
            made[key] = ran(folder, protocol, *settings, **more)  # type: ignore[arg-type]
        return made[key]

    return get


def started(*streams: Stream, protocol: str = "plug_in", **parameters: object) -> Collected:
    """A run of which nothing is known yet but its streams."""
    run = Collected()
    run(RunStarted("0" * 32, protocol, "twin", True, 1, "", streams, parameters))
    return run


# -- learning -------------------------------------------------------------------------------------


def test_learning_shows_the_rows_the_target_and_where_it_was_reached(qtbot, runs):
    run = runs("noise_learning", *LEARN)
    view = LearningView(run, LIGHT)
    qtbot.addWidget(view)
    step, evaluation = run.tables["step"], run.tables["evaluation"]
    x, y = view.loss.each.getOriginalDataset()
    np.testing.assert_array_equal(x, step.column("reads"))
    np.testing.assert_array_equal(y, step.column("loss"))
    _, train = view.accuracy.train.getOriginalDataset()
    np.testing.assert_allclose(train, 100 * evaluation.column("train_accuracy"))
    assert view.accuracy.target.value() == pytest.approx(60)
    assert run.results["reads_to_target"] is not None
    assert view.accuracy.reached.value() == run.results["reads_to_target"]
    assert f"{run.results['reads']} reads" in view.words.text().replace("\u00a0", " ")
    assert "target 60.0 % reached at" in view.words.text().replace("\u00a0", " ")
    np.testing.assert_allclose(view.weights.maps[0].values, run.tables["weights_0"].rows[-1])
    low, high = view.weights.maps[0].bar.levels()
    assert low == -high
    header, rows = view.export_table()
    assert header == ["reads", "loss", "accuracy", "discarded"]
    assert len(rows) == len(step)


def test_reads_to_target_of_a_running_run_are_those_of_its_end(runs):
    from mtjlab.gui.views.learning_words import reached

    run = runs("noise_learning", *LEARN)
    results, run.results = run.results, {}
    try:
        assert reached(run) == results["reads_to_target"]
    finally:
        run.results = results


def test_learning_marks_masked_junctions_and_draws_the_loss_on_a_logarithm(qtbot, runs):
    run = runs("noise_learning", "task=xor", "epochs=1", "survey_s=0.02")
    view = LearningView(run, DARK)
    qtbot.addWidget(view)
    curves = {name: x for name, x, _ in view.noise.curves()}
    used = run.tables["junctions"].column("node") >= 0
    np.testing.assert_array_equal(curves["in use"], np.flatnonzero(used))
    np.testing.assert_array_equal(curves["masked: not used"], np.flatnonzero(~used))
    assert view.loss.getPlotItem().ctrl.logYCheck.isChecked()
    view.log.click()
    assert not view.loss.getPlotItem().ctrl.logYCheck.isChecked()


def test_before_the_first_row_there_are_words(qtbot, runs):
    whole = runs("noise_learning", *LEARN)
    streams = tuple(table.stream for table in whole.tables.values())
    run = started(*streams, protocol="noise_learning", target_accuracy=0.9)
    view = LearningView(run, LIGHT)
    qtbot.addWidget(view)
    assert view.words.text() == "waiting for the first learning step"
    assert view.accuracy._empty.toPlainText() == "waiting for the first evaluation"
    run(Rows("step", 0, np.array([[20.0, 1.0, 0.5, 0.0]])))
    run(Rows("weights_0", 0, np.zeros((1, *whole.tables["weights_0"].stream.shape))))
    view.redraw()
    assert "20 reads" in view.words.text().replace("\u00a0", " ")
    assert "at the start" in view.weights._when.text()


def test_a_long_history_is_thinned_to_the_screen_and_keeps_its_spikes(qtbot, runs):
    whole = runs("noise_learning", *LEARN)
    run = started(*(table.stream for table in whole.tables.values()), protocol="noise_learning")
    rng = np.random.default_rng(1)
    loss = rng.random(100_000)
    loss[77_777] = 9.0
    reads = 20.0 * np.arange(1, 100_001)
    rows = np.column_stack([reads, loss, loss, 0 * loss])
    run(Rows("step", 0, rows[:60_000]))
    view = LearningView(run, LIGHT)
    qtbot.addWidget(view)
    run(Rows("step", 60_000, rows[60_000:]))
    view.redraw()
    x, y = view.loss.each.getOriginalDataset()
    assert len(x) < 4000
    assert y.max() == 9.0
    assert y.min() == pytest.approx(loss.min())
    assert x[-1] == pytest.approx(reads[-1], rel=0.01)
    view.loss.setXRange(20 * 77_700, 20 * 77_800, padding=0)
    x, y = view.loss.each.getOriginalDataset()
    at = np.flatnonzero(y == 9.0)
    np.testing.assert_array_equal(x[at], [reads[77_777]])


# -- maps -----------------------------------------------------------------------------------------


def test_a_map_shows_values_under_the_cursor_and_tells_which_cell_was_chosen(qtbot, runs):
    run = runs("array_map", *MAP)
    view = MapView(run, LIGHT)
    qtbot.addWidget(view)
    table = run.tables["junctions"]
    ohm = table.column("resistance_ohm")
    assert view.map.values[0, 2] == ohm[2]
    assert view.words_at(2.3, -0.2).startswith("(0, 2): resistance ")
    assert view.words_at(2.3, -0.2).endswith("alive")
    assert view.words_at(5, 0) == "(0, 5): no junction, or not yet seen"
    assert view.words_at(40, 40) == ""
    with qtbot.waitSignal(view.junction_chosen) as chosen:
        view.map.setFocus()
        for key in (QtCore.Qt.Key_Right, QtCore.Qt.Key_Right, QtCore.Qt.Key_Return):
            qtbot.keyClick(view.map, key)
    assert chosen.args == [0, 1]
    said = {
        view.facts.item(i, 0).text(): view.facts.item(i, 1).text()
        for i in range(view.facts.rowCount())
    }
    assert said["verdict"] == "alive"
    assert " .. " in said["correlation time"]
    view.show_junction(0, 3)
    assert "(0, 3)" in view.read_out.text()
    assert len(view.export_table()[1]) == len(table)


def junction(row: int, column: int, verdict: int, tau_c_s: float) -> list[float]:
    return [row, column, verdict, 0, 1, 0.1, 9, tau_c_s]


MAP_STREAMS = (
    Stream(
        "junctions", "f8", (8,), "", "row,column,verdict,reason,members,bias_v,transitions,tau_c_s"
    ),
    Stream("verdicts", "f8", (3,), "", "alive,short,open"),
    Stream("reasons", "f8", (2,), "", "complete,one_level"),
)


def test_unusable_cells_are_crossed_out_and_verdicts_have_symbols(qtbot):
    run = started(*MAP_STREAMS, protocol="array_map")
    view = MapView(run, DARK)
    qtbot.addWidget(view)
    assert view.map._empty.toPlainText() == "waiting for the first junctions"
    view.quantity.setCurrentIndex(view.quantity.findData("tau_c_s"))
    rows = [junction(r, c, (r == c) + (r == 3), 1e-5 * (1 + c)) for r in range(4) for c in range(4)]
    run(Rows("junctions", 0, np.array(rows[:8])))
    view.redraw()
    assert np.isfinite(view.map.values).sum() == 8
    run(Rows("junctions", 8, np.array(rows[8:])))
    view.redraw()
    x, _ = view.marks.crosses.getOriginalDataset()
    unusable = sum(row[2] > 0 for row in rows)
    assert len(x) == 4 * unusable
    assert "crossed out" in view.legend.text()
    view.quantity.setCurrentIndex(view.quantity.findData("verdict"))
    assert len(view.marks.symbols.getData()[0]) == unusable
    assert "9 alive" in view.legend.text().replace("&nbsp;", " ")
    view.quantity.setCurrentIndex(view.quantity.findData("tau_c_s"))
    view.log.setChecked(True)
    assert view.map.bar.levels() == pytest.approx((-5, np.log10(4e-5)))
    assert view.words_at(1, 0) == "(0, 1): correlation time 20 us, alive"


def test_a_map_of_a_quarter_million_junctions_is_an_image(qtbot):
    run = started(*MAP_STREAMS, protocol="array_map")
    row, column = (axis.ravel() for axis in np.mgrid[:512, :512])
    rows = np.zeros((512 * 512, 8))
    rows[:, 0], rows[:, 1], rows[:, 7] = row, column, 1e-5
    rows[5, 2] = 1
    run(Rows("junctions", 0, rows))
    view = MapView(run, LIGHT)
    qtbot.addWidget(view)
    assert view.image.row_of(0, 5)["verdict"] == 1
    assert view.map.values.shape == (512, 512)


# -- sweeps and every other run -------------------------------------------------------------------


def test_points_of_a_sweep_are_those_of_the_stream_with_their_curves(qtbot, runs):
    run = runs("bias_sweep", *SWEEP)
    view = BiasSweepView(run, LIGHT)
    qtbot.addWidget(view)
    shares = {name: (x, y) for name, x, y in view.plots()[0].curves() if name.startswith("(")}
    table = run.tables["points"]
    for column in (0, 1):
        mine = (table.column("column") == column) & np.isfinite(table.column("occupancy_ap"))
        x, y = shares[f"(0, {column})"]
        np.testing.assert_array_equal(x, table.column("bias_v")[mine])
        np.testing.assert_array_equal(y, table.column("occupancy_ap")[mine])
    with qtbot.waitSignal(view.junction_chosen) as chosen:
        view.junctions.pick((0, 1))
    assert chosen.args == [0, 1]
    assert [n for n, _, _ in view.plots()[0].curves() if n.startswith("(")] == ["(0, 1)"]


@pytest.mark.parametrize(
    ("protocol", "settings", "bench"),
    [
        ("bias_sweep", SWEEP, "twin"),
        ("iv_sweep", ("points=5",), "array"),
        ("rv_tmr", ("cells=[[0,0],[0,1]]", "points=3"), "twin"),
        ("operating_point", ("cells=[[0,0],[0,1]]",), "twin"),
        (
            "drift",
            ("cells=[[0,0],[0,1]]", "duration_s=1", "interval_s=0.2", "record_s=0.02"),
            "twin",
        ),
        ("crosstalk", ("cells=[[0,0],[0,1],[0,2]]", "duration_s=0.05"), "twin"),
        ("randomness", ("cells=[[0,0],[0,1]]", "bits=2000"), "twin"),
        ("array_map", MAP, "twin"),
    ],
)
def test_every_run_is_shown_whole_in_part_and_before_its_first_row(
    qtbot, runs, protocol, settings, bench
):
    whole = runs(protocol, *settings, bench=bench)
    assert whole.status == "finished", whole.error
    part = runs(protocol, *settings, bench=bench, stop_after=1)
    none = started(*(table.stream for table in whole.tables.values()), protocol=protocol)
    assert whole.run_file is not None
    stored = Collected.of_file(whole.run_file)
    for run, theme in ((whole, LIGHT), (stored, DARK), (part, LIGHT), (none, DARK)):
        kinds = views_for(run)
        assert len(kinds) >= 3
        for kind in kinds:
            view = kind(run, theme)
            qtbot.addWidget(view)
            view.resize(900, 500)
            view.show()
            view.redraw()
            header, rows = view.export_table()
            assert rows.shape[1:] in ((len(header),), (0,))
            view.hide()
    first = views_for(none)[0](none, LIGHT)
    qtbot.addWidget(first)
    assert any(plot._empty.toPlainText() for plot in first.plots())


def test_streams_of_a_plug_in_are_drawn_and_listed(qtbot):
    run = started(
        Stream("points", "f8", (2,), "", "bias_v,current_a"),
        Stream("image", "f4", (3, 4), "ohm", "the chip"),
        Stream("level", "f8", (), "V", "of the source"),
        Stream("long", "f4", (500,), "V", "a trace"),
    )
    (view,) = (kind(run, LIGHT) for kind in views_for(run) if kind is StreamView)
    qtbot.addWidget(view)
    assert view.plot._empty.toPlainText() == "waiting for the first row of points"
    run(Rows("points", 0, np.array([[0.1, 1e-6], [0.2, 2e-6]])))
    run(Rows("image", 0, np.arange(12.0).reshape(1, 3, 4)))
    run(Rows("level", 0, np.array([0.5, 0.6])))
    run(Rows("long", 0, np.sin(np.arange(500.0))[np.newaxis]))
    view.redraw()
    view.across.setCurrentText("bias_v")
    ((_, x, y),) = view.plot.curves()
    np.testing.assert_array_equal(x, [0.1, 0.2])
    np.testing.assert_array_equal(y, [1e-6, 2e-6])
    assert view.plot.units == ("V", "A")
    model = view.rows.model()
    assert model.headerData(1, QtCore.Qt.Horizontal) == "current_a (A)"
    assert model.index(0, 0).data() == "0.2"
    view.stream.setCurrentText("image")
    assert view.image.value_at(3, 2) == "(2, 3): 11 Ω"
    view.stream.setCurrentText("level")
    assert view.plot.units[1] == "V"
    view.stream.setCurrentText("long")
    assert len(view.plot.curves()[-1][1]) == 500
    assert view.export_table()[1].shape == (1, 500)


def test_results_are_words_with_units_and_intervals(qtbot, runs, tmp_path):
    run = runs("array_map", *MAP)
    run.results = {
        "median_tau_c_s": 2.1e-5,
        "resistances": [
            {"cell": [0, 1], "resistance_ohm": {"value": 5e3, "low": 4.9e3, "high": 5.1e3}}
        ],
        "biases": [[0, 3, 0.1]],
        "notes": ["two words"],
    }
    view = ResultsView(run, LIGHT)
    qtbot.addWidget(view)
    found = {}
    walk = [view.tree.topLevelItem(i) for i in range(view.tree.topLevelItemCount())]
    while walk:
        item = walk.pop()
        found[item.text(0)] = item.text(1)
        walk += [item.child(i) for i in range(item.childCount())]
    assert found["median tau c"] == "21 us"
    assert found["resistance"] == "5 kohm (4.9 kohm .. 5.1 kohm)"
    assert found["1"] == "two words"
    assert found["confirm"] == "0 s"
    assert found["status"] == "finished"
    header, rows = view.export_table()
    told = dict(rows.tolist())
    assert header == ["what", "value"]
    assert told["Results / median tau c"] == "21 us"
    assert told["Notes / 1"] == "two words"
    assert told["Parameters / confirm"] == "0 s"
    file = tmp_path / "results.csv"
    assert save_table(header, rows, file).startswith("written")
    with file.open(encoding="utf-8", newline="") as lines:
        assert dict(csv.reader(lines))["Run / status"] == "finished"
