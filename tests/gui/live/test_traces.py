"""Raw samples as they come and from the file: the same extremes, in the same time."""

import time
from pathlib import Path

import numpy as np
import pytest

from mtjlab.core.protocol import Stream
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live.stored_trace import StoredTrace
from mtjlab.gui.live.timeline import Piece, Timeline
from mtjlab.gui.live.trace import LiveTrace, Trace
from mtjlab.runner import Run, plan

BOTH = np.array([0, 1])


def run_telegraph(folder: Path, listener: Collected, **parameters: object) -> Path:
    planned = plan(
        "telegraph",
        "twin",
        parameters={"duration_s": 0.5, "summary_s": 0.01, "analyse_s": 0.1, **parameters},
        seed=1,
        runs_dir=folder,
    )
    run = Run(planned, [listener])
    run.start()
    assert run.wait(60)
    assert run.outcome.run_file is not None
    return run.outcome.run_file


def until_read(trace: StoredTrace, piece: Piece, columns: int) -> None:
    deadline_s = time.monotonic() + 20.0
    while trace.window(piece, columns, BOTH).bin * columns > piece.last - piece.first:
        assert time.monotonic() < deadline_s
        assert trace.failure is None


def test_stored_and_live_show_the_same(tmp_path: Path) -> None:
    live = Collected()
    path = run_telegraph(tmp_path, live)
    stored = Collected.of_file(path).traces["trace"]
    assert isinstance(stored, StoredTrace)
    now: Trace = live.traces["trace"]
    assert (stored.count, stored.names) == (now.count, now.names)
    assert stored.timeline().pieces == now.timeline().pieces
    whole = now.timeline().pieces[0]
    for from_s, to_s, columns in ((0.0, 0.5, 10), (0.1, 0.4, 300), (0.2, 0.201, 40)):
        piece = whole.cut(from_s, to_s)
        assert piece is not None
        until_read(stored, piece, columns)
        mine, other = (t.window(piece, columns, BOTH) for t in (now, stored))
        # Columns may be of other widths; what they hold together is the same.
        for one in (mine, other):
            rows = now.samples(Piece(one.first, one.first + one.width, 0.0, 1.0), BOTH)
            assert rows is not None
            np.testing.assert_array_equal(one.extremes[:, 0, 0], rows.min(axis=0))
    np.testing.assert_array_equal(now.read(1, whole), stored.read(1, whole))


def test_a_file_that_is_gone_is_said_and_not_asked_for_again(tmp_path: Path) -> None:
    path = run_telegraph(tmp_path, Collected(), duration_s=0.1)
    trace = StoredTrace(path)
    whole = trace.timeline().pieces[0]
    until_read(trace, whole, 5)
    path.unlink()
    with pytest.raises(Exception, match="run file"):
        trace.read(0, whole)
    trace.window(Piece(0, 100, 0.0, 5e-6), 1000, BOTH)


def test_gaps_are_in_time_where_the_segments_say() -> None:
    made = Timeline(
        np.array([[0, 10.0, 0.1, np.nan], [50, 20.0, 0.1, 5.0], [70, 3.0, 0.2, np.nan]]), 0, 100
    )
    assert [(p.first, p.last, p.at_s) for p in made.pieces] == [
        (0, 50, 0.0),
        (50, 70, 10.0),
        (70, 100, 13.0),
    ]
    assert [gap.length_s for gap in made.gaps] == [5.0, None]
    assert made.end_s == pytest.approx(19.0)
    assert [(p.first, p.last) for p in made.within(4.0, 10.55)] == [(40, 50), (50, 56)]


def test_a_resumed_trace_begins_where_it_goes_on() -> None:
    trace = LiveTrace(Stream("trace", "f4", (2,), "V", "a,b"))
    trace.segments(np.array([[0.0, 0.0, 1e-3, np.nan]]))
    trace.append(1000, np.ones((500, 2)))
    (piece,) = trace.timeline().pieces
    assert (piece.first, piece.last) == (1000, 1500)
    assert np.isfinite(trace.window(piece, 10, BOTH).extremes[:, -1]).all()


def test_many_junctions_take_no_more_raw_memory_than_eight() -> None:
    trace = LiveTrace(Stream("trace", "f4", (32,), "V", ""))
    trace.segments(np.array([[0.0, 0.0, 1e-3, np.nan]]))
    trace.append(0, np.zeros((1, 32)))
    assert trace.names[31] == "channel 31"
    assert trace._extremes is not None
    assert trace._extremes._newest.nbytes <= 16 << 20
