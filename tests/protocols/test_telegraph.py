"""Traces of a twin's junctions: true values in the intervals, no gap, or a gap that is told."""

import tracemalloc

import numpy as np
import pytest

from drivers.nidaqmx import NiDaq
from mtjlab.analysis.chain import pair_counts
from mtjlab.core.errors import BenchError, Overrun, ParameterError
from protocols.telegraph.running import PARTS, Running

CELLS = "cells=[[0,0],[0,4],[0,11]]"


def test_counts_of_the_whole_trace_hold_the_true_values(lab, single_points):
    outcome = lab.run("telegraph", "twin", "duration_s=1", "analyse_s=0.3", "cells=[[0,0],[0,11]]")
    assert outcome.status == "finished", outcome.error
    table = lab.table(outcome, "junctions")
    point = single_points("twin", 0.1)
    true = {
        "tau_c_s": 1.0 / point.rates.total_hz[0],
        "occupancy_high": point.rates.occupancy[0],
        "low_v": point.v_p[0],
        "high_v": point.v_ap[0],
        "tau_low_s": 1.0 / (point.rates.total_hz[0] * point.rates.occupancy[0]),
    }
    for name, value in true.items():
        # Three times the 95 % interval: beyond that chance does not come in this suite's life.
        half = 1.5 * (table[f"{name}_high"][0] - table[f"{name}_low"][0])
        assert abs(table[name][0] - value) < half, name
    assert table["samples"][0] == 200_000
    # The stuck one has a level and nothing else, and says why.
    assert np.isnan(table["tau_c_s"][1])
    assert "(0, 11) one level" in "\n".join(outcome.results["notes"])


def test_the_trace_and_its_summary_agree(lab):
    outcome = lab.run("telegraph", "twin", CELLS, "duration_s=0.73", "summary_s=0.1")
    run = lab.reader(outcome)
    trace = run.stream("trace")
    assert trace.dtype == np.float32
    assert trace.shape == (146_000, 3)
    assert run.streams["trace"].about == "r0c0,r0c4,r0c11"
    for start in range(0, 146_000, 20_000):
        row, piece = start // 20_000, trace[start : start + 20_000].astype(np.float64)
        for kind, function in (("min", np.min), ("max", np.max), ("mean", np.mean)):
            found = run.stream(f"summary_{kind}")[row]
            np.testing.assert_allclose(found, function(piece, axis=0), rtol=1e-5)
    assert len(run.stream("summary_low")) == 8
    segments = lab.table(outcome, "segments")
    assert segments["first_sample"].tolist() == [0.0]
    assert outcome.results["gaps"] == 0


@pytest.mark.parametrize("cut", [1, 3])
def test_a_stopped_trace_gone_on_with_has_the_same_bytes(lab, cut):
    settings = ("cells=[[0,0],[0,11]]", "duration_s=0.7", "analyse_s=0.3")
    whole = lab.run("telegraph", "twin", *settings)
    part = lab.run("telegraph", "twin", *settings, stop_after=cut)
    assert part.status == "aborted"
    again = lab.go_on(part)
    assert again.status == "finished", again.error
    lab.same(whole, again)
    assert again.results["gaps"] == 0


def test_lost_samples_begin_a_new_segment(lab, monkeypatch):
    whole, lost = NiDaq.stream, []

    def losing(self, ai, rate_hz, block):
        for number, piece in enumerate(whole(self, ai, rate_hz, block)):
            if number == 2 and not lost:
                lost.append(piece.index0)
                raise Overrun("lost", first_lost=piece.index0, count=500)
            yield piece

    monkeypatch.setattr(NiDaq, "stream", losing)
    outcome = lab.run("telegraph", "twin", CELLS, "duration_s=1")
    assert outcome.status == "finished", outcome.error
    assert lost == [80_000]
    segments = lab.table(outcome, "segments")
    assert segments["first_sample"].tolist() == [0.0, 80_000.0]
    assert segments["gap_s"][1] > 0.2  # the piece that was lost, and the way back
    assert len(lab.reader(outcome).stream("trace")) == 200_000
    assert outcome.results["gaps"] == 1
    assert "1 gaps in the trace" in "\n".join(outcome.results["notes"])


def test_a_board_behind_a_cable_has_a_gap_where_it_is_gone_on_with(lab):
    settings = ("cells=[[3,0],[3,1]]", "duration_s=0.5", "summary_s=0.05")
    part = lab.run("telegraph", "everything", *settings, stop_after=2)
    again = lab.go_on(part)
    assert again.status == "finished", again.error
    assert again.results["gaps"] == 1
    segments = lab.table(again, "segments")
    assert segments["first_sample"][1] == 2 * round(0.2 * again.results["sample_rate_hz"])


def test_counting_by_pieces_is_counting_at_once_and_does_not_grow():
    rng = np.random.default_rng(3)
    high = np.cumsum(rng.random(400_000) < 0.05) % 2 == 1
    trace = np.where(high, 48e-3, 36e-3) + rng.normal(0.0, 1e-3, len(high))
    running = Running.empty(1)
    for piece in np.split(trace[:, np.newaxis], 400):
        running.add(piece)
        # What is saved and restored at every step goes on as if it had not been.
        running = Running.restored({k: np.copy(v) for k, v in running.state().items()})
    np.testing.assert_array_equal(running.pairs[0], pair_counts(trace > running.threshold_v[0]))
    assert running.sums[0, :, 0].sum() == len(trace)
    assert running.parts.shape == (1, PARTS, 2)
    counted = running.parts[0, :, 0].sum()
    assert counted == len(trace)
    # Samples here are worth 1 / (1 + 2 sum 0.9^k) = 1/19 of an independent one.
    p = running.occupancy_drift_p(0, 19.0)
    assert p is not None
    assert p > 1e-3
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for piece in np.split(trace[:, np.newaxis], 400):
        running.add(piece)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000


def test_a_late_first_flip_counts_what_came_before():
    rng = np.random.default_rng(1)
    level = np.repeat([0, 1, 0, 1], [3000, 300, 400, 300])
    trace = level + rng.normal(0.0, 0.05, len(level))
    running = Running.empty(1)
    for piece in np.split(trace[:, np.newaxis], 4):
        running.add(piece)
    np.testing.assert_array_equal(running.pairs[0], pair_counts(level == 1))


@pytest.mark.parametrize(
    ("bench", "settings", "error", "words"),
    [
        ("array", ("cells=[[0,0]]",), BenchError, "is in an array"),
        ("everything", ("cells=[[1,0]]",), BenchError, "nothing reads junction"),
        ("everything", ("cells=[[0,0],[3,0]]",), BenchError, "one board"),
        ("twin", ("sample_rate_hz=1M",), ParameterError, "this board reaches"),
        ("twin", ("cells=[]",), ParameterError, "at least one"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, words):
    outcome = lab.run("telegraph", bench, *settings)
    assert isinstance(outcome.error, error), outcome.error
    assert outcome.run_file is None
    with pytest.raises(error, match=words):
        raise outcome.error
