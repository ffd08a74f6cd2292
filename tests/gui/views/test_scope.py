"""The scope: no extreme is lost, gaps are gaps, windows go by keys, tables are what is drawn."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt5 import QtCore
from pytestqt.qtbot import QtBot

from mtjlab.core.events import Rows, RunEnded, RunStarted
from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live.scope_window import ScopeWindow
from mtjlab.gui.theme import LIGHT
from mtjlab.gui.views.registry import views_for
from mtjlab.gui.views.scope import ScopeView

RATE_HZ = 200e3
CHANNELS = 2


def begun(channels: int = CHANNELS) -> Collected:
    run = Collected()
    names = ",".join(f"r{i}c{i}" for i in range(channels))
    streams = (
        Stream("trace", "f4", (channels,), "V", names),
        Stream("segments", "f8", (4,), "", "first_sample,t0_s,interval_s,gap_s"),
    )
    run(RunStarted("0" * 8, "telegraph", "twin", True, 1, "", streams))
    run(Rows("segments", 0, np.array([[0.0, 0.0, 1.0 / RATE_HZ, math.nan]])))
    return run


def fed(run: Collected, trace: NDArray[np.float32], at: int = 0) -> Collected:
    for start in range(0, len(trace), 40_000):
        run(Rows("trace", at + start, trace[start : start + 40_000]))
    return run


def noise(seconds: float, channels: int = CHANNELS) -> NDArray[np.float32]:
    shape = (round(seconds * RATE_HZ), channels)
    return np.random.default_rng(1).normal(0.04, 1e-3, shape).astype(np.float32)


def opened(qtbot: QtBot, run: Collected, span_s: float) -> ScopeView:
    view = ScopeView(run, LIGHT)
    # Analyses have a test of their own.
    view.analyst.ask = lambda _work: None  # type: ignore[method-assign]
    qtbot.addWidget(view)
    view.resize(1100, 500)
    view.show()
    view.redraw()
    view.set_span(span_s)
    view.redraw()
    return view


def test_a_spike_of_one_sample_in_ten_seconds_is_seen(qtbot: QtBot) -> None:
    trace = noise(10.0)
    trace[1_234_567, 1] = 0.2
    view = opened(qtbot, fed(begun(), trace), 10.0)
    x, y = view.traces.curves[1].getData()
    assert y.max() == np.float32(0.2)
    assert x[y.argmax()] == pytest.approx(1_234_567 / RATE_HZ - 10.0, abs=0.04)
    assert view.traces.plots[1].getPlotItem().getViewBox().viewRange()[1][1] > 0.2
    assert view.traces.curves[0].getData()[1].max() < 0.05


def test_a_band_of_one_colour_says_what_to_do(qtbot: QtBot) -> None:
    fast = noise(2.0) + 0.01 * (np.arange(round(2.0 * RATE_HZ)) // 10 % 2)[:, np.newaxis]
    view = opened(qtbot, fed(begun(), fast), 2.0)
    assert view.bar is not None
    qtbot.waitUntil(lambda: "choose a shorter window" in view.bar.words.text())
    view.set_span(2e-3)
    qtbot.waitUntil(lambda: "every sample" in view.bar.words.text())
    slow = noise(2.0)
    slow[len(slow) // 2 :] += 0.01
    view = opened(qtbot, fed(begun(), slow), 2.0)
    assert view.shown is not None
    assert view.shown.filled < 0.1


def test_a_gap_is_a_gap_in_the_line_with_its_length_in_words(qtbot: QtBot) -> None:
    run = fed(begun(), noise(0.5))
    run(Rows("segments", 1, np.array([[0.5 * RATE_HZ, 0.8, 1.0 / RATE_HZ, 0.3]])))
    fed(run, noise(0.2), at=round(0.5 * RATE_HZ))
    view = opened(qtbot, run, 1.0)
    x, y = view.traces.curves[0].getData()
    (broken,) = np.flatnonzero(np.isnan(y))
    assert x[broken + 1] - x[broken - 1] == pytest.approx(0.3, abs=0.02)
    (words,) = [one for one in view.traces._gap_words if one.isVisible()]
    assert words.toPlainText() == "gap 300 ms"


def test_the_table_is_what_is_drawn_and_what_was_measured(qtbot: QtBot) -> None:
    trace = noise(2.0)
    view = opened(qtbot, fed(begun(), trace), 2.0)
    header, rows = view.export_table()
    assert header == ["time_s", "r0c0_min_v", "r0c0_max_v", "r1c1_min_v", "r1c1_max_v"]
    edges = np.rint(np.append(rows[:, 0], 2.0) * RATE_HZ).astype(int)
    for column, (start, stop) in enumerate(itertools.pairwise(edges)):
        assert rows[column, 1] == trace[start:stop, 0].min()
        assert rows[column, 4] == trace[start:stop, 1].max()
    assert sorted(view.traces.curves[0].getData()[1]) == sorted(rows[:, 1:3].ravel())


def test_a_short_window_has_every_sample(qtbot: QtBot) -> None:
    trace = noise(0.5)
    view = opened(qtbot, fed(begun(), trace), 1e-3)
    header, rows = view.export_table()
    assert header == ["time_s", "r0c0_v", "r1c1_v"]
    np.testing.assert_array_equal(rows[:, 1:], trace[-200:])


def test_a_reset_zoom_follows_the_newest_sample_again(qtbot: QtBot) -> None:
    view = opened(qtbot, fed(begun(), noise(2.0)), 0.5)
    view._moved(-1.5, -1.0)
    assert view.sight.end_s is not None
    plot = view.traces.plots[0]
    plot.reset_zoom()
    assert view.sight.end_s is None
    # The axes stay the view's own.
    assert plot.getPlotItem().getViewBox().autoRangeEnabled() == [False, False]


def test_keys_move_the_window_zoom_it_and_follow_again(qtbot: QtBot) -> None:
    view = opened(qtbot, fed(begun(), noise(1.0)), 0.2)
    keys = QtCore.Qt.Key
    qtbot.keyClick(view, keys.Key_Left)
    assert view.sight.end_s == pytest.approx(0.95)
    assert view.bar is not None
    assert not view.bar.follow.isChecked()
    qtbot.keyClick(view, keys.Key_Plus)
    assert view.sight.ends(1.0) == pytest.approx((0.8, 0.9))
    qtbot.keyClick(view, keys.Key_Home)
    assert view.sight.ends(1.0) == pytest.approx((0.0, 0.1))
    qtbot.keyClick(view, keys.Key_End)
    assert view.sight == ScopeWindow(pytest.approx(0.1))
    assert view.bar.follow.isChecked()


def test_the_mouse_leaves_the_newest_sample_only_if_moved_away_from_it(qtbot: QtBot) -> None:
    view = opened(qtbot, fed(begun(), noise(1.0)), 0.5)
    view.traces.moved.emit(-0.2, 0.0)
    assert view.sight == ScopeWindow(pytest.approx(0.2))
    view.traces.moved.emit(-0.4, -0.2)
    assert view.sight.ends(1.0) == pytest.approx((0.6, 0.8))
    fed(view.run, noise(0.5), at=round(RATE_HZ))
    view.redraw()
    assert view.sight.ends(1.5) == pytest.approx((0.6, 0.8))


def test_eight_of_many_are_shown_and_any_can_be(qtbot: QtBot) -> None:
    view = opened(qtbot, fed(begun(12), noise(0.1, 12)), 0.1)
    assert view.channels == list(range(8))
    view.show_junction(11, 11)
    assert view.channels == [0, 1, 2, 3, 4, 5, 6, 11]
    assert view.channel == 11
    with qtbot.waitSignal(view.junction_chosen) as chosen:
        view.traces.chosen.emit(3)
    assert chosen.args == [3, 3]


def test_an_analysis_has_numbers_or_says_why_not(qtbot: QtBot) -> None:
    rng = np.random.default_rng(2)
    trace = noise(0.5)
    trace[:, 0] += 0.01 * (np.cumsum(rng.random(len(trace)) < 1e3 / RATE_HZ) % 2)
    run = fed(begun(), trace)
    view = ScopeView(run, LIGHT)
    qtbot.addWidget(view)
    view.resize(1100, 500)
    view.show()
    with qtbot.waitSignal(view.analyst.done, timeout=20_000):
        view.redraw()
    for index, word in enumerate(
        ("lower level 39.99 mV", "upper level: mean", "correlation", "corner")
    ):
        view.analysis.tabs.setCurrentIndex(index)
        assert word in view.analysis.numbers[index].text()
    with qtbot.waitSignal(view.analyst.done, timeout=20_000):
        view.traces.chosen.emit(1)
        view.redraw()
    view.analysis.tabs.setCurrentIndex(1)
    assert "one level" in view.analysis.head.text() or "no flip" in view.analysis.head.text()
    assert view.analysis.plots[1]._empty.isVisible()


def test_a_run_has_a_scope_where_it_has_a_trace(qtbot: QtBot) -> None:
    run = begun()
    assert ScopeView in views_for(run)
    other = Collected()
    other(RunStarted("1", "iv_sweep", "twin", True, 1, "", (Stream("iv", "f8", (3,), "", ""),)))
    assert ScopeView not in views_for(other)
    view = ScopeView(run, LIGHT)
    qtbot.addWidget(view)
    view.redraw()
    assert "Waiting" in view._waiting.text()
    run(RunEnded("aborted", "stopped by the user", {}))
    view.redraw()
    assert "no samples" in view._waiting.text()


def test_traces_of_nodes_are_shown_when_the_run_tells_their_interval(qtbot: QtBot) -> None:
    run = Collected()
    stream = Stream("trace", "f4", (500,), "V", "one row per node, 3 in all")
    run(RunStarted("2", "noise_learning", "twin", True, 1, "", (stream,)))
    traces = noise(0.01)[:500].T.repeat(2, axis=0)[:3].copy()
    traces[1] = np.nan
    run(Rows("trace", 0, traces))
    view = ScopeView(run, LIGHT)
    qtbot.addWidget(view)
    view.resize(900, 400)
    view.show()
    view.redraw()
    assert view.trace is None
    run(RunEnded("finished", None, {"trace_interval_s": 5e-6}))
    view.redraw()
    assert [plot.title for plot in view.traces.plots] == ["node 0", "node 2"]
    assert view.traces.curves[1].getData()[1].max() == traces[2].max()
