"""Slow monitoring of a twin that drifts at a known rate, and of one that does not."""

import math

import numpy as np
import pytest

from mtjlab.analysis.estimate import Estimate
from mtjlab.analysis.slope import SUMS, added, slope_of
from mtjlab.core.errors import BenchError, ParameterError
from protocols.drift.centring import centred

LN_TAU_PER_S, V50_V_PER_S = 1e-3, 2e-5
FAULTS = f"""
[[twin.faults]]
cell = [0, 1]
kind = "drifting"
ln_tau_per_s = {LN_TAU_PER_S}

[[twin.faults]]
cell = [0, 2]
kind = "drifting"
v50_v_per_s = {V50_V_PER_S}
"""
FAST = ("duration_s=600", "interval_s=30", "record_s=0.1", "window_v=30m")
SCHEDULE = ("duration_s=300", "interval_s=25", "record_s=0.03")


def test_true_slopes_lie_within_their_intervals(lab, bench_like):
    bench = bench_like("twin", add=FAULTS)
    outcome = lab.run("drift", bench, "cells=[[0,0],[0,1],[0,11]]", *SCHEDULE)
    assert outcome.status == "finished", outcome.error
    slopes, rows = lab.table(outcome, "slopes"), lab.table(outcome, "junctions")
    assert len(rows["row"]) == 3 * 12
    np.testing.assert_allclose(rows["t_s"][::3], 25.0 * np.arange(12), atol=0.1)
    assert (
        slopes["ln_tau_c_per_h_low"][1] <= 3600 * LN_TAU_PER_S <= slopes["ln_tau_c_per_h_high"][1]
    )
    assert outcome.results["drifting"] == [[0, 1, "ln_tau_c_per_h"]]
    # The stuck one has no times; that is said.
    assert math.isnan(slopes["ln_tau_c_per_h"][2])
    assert "without all slopes" in "\n".join(outcome.results["notes"])


def test_the_bias_follows_a_junction_that_drifts(lab, bench_like, truth):
    bench = bench_like("twin", add=FAULTS)
    outcome = lab.run("drift", bench, "cells=[[0,2]]", *FAST, "duty_cycle=0.5")
    assert outcome.status == "finished", outcome.error
    rows, slopes = lab.table(outcome, "junctions"), lab.table(outcome, "slopes")
    assert np.abs(rows["occupancy_high"][5:] - 0.5).max() < 0.12
    # V50 of the junction moves; the source has to move by what its divider takes as well.
    series = 1.0 + 1e4 * truth(bench).g_p_s[2] / np.sqrt(1.63)
    moved_v = rows["bias_v"][-1] - rows["bias_v"][5]
    expected_v = V50_V_PER_S * series * (rows["t_s"][-1] - rows["t_s"][5])
    # Nothing is moved while the interval of a look, 2.4 mV either way, holds what is wanted.
    assert moved_v == pytest.approx(expected_v, abs=4e-3)
    assert expected_v > 0.01
    assert slopes["bias_v_per_h"][0] > 0.0
    assert outcome.results["biases"][0][2] == pytest.approx(rows["bias_v"][-1], abs=0.005)


def test_the_bias_never_leaves_its_window(lab):
    outcome = lab.run(
        "drift",
        "twin",
        "cells=[[0,0]]",
        "duty_cycle=0.9",
        "window_v=4m",
        "record_s=0.02",
        "interval_s=1",
        "duration_s=6",
    )
    rows = lab.table(outcome, "junctions")
    assert rows["bias_v"].max() == pytest.approx(0.104)
    assert "kept in its window of 4 mV" in "\n".join(outcome.results["notes"])


@pytest.mark.parametrize("cut", [2, 5])
def test_stopped_monitoring_gone_on_with_has_the_same_bytes(lab, cut):
    settings = (
        "cells=[[0,0],[0,4]]",
        "duty_cycle=0.6",
        "record_s=0.02",
        "interval_s=1.2",
        "duration_s=6",
    )
    whole = lab.run("drift", "twin", *settings)
    part = lab.run("drift", "twin", *settings, stop_after=cut)
    again = lab.go_on(part)
    assert again.status == "finished", again.error
    lab.same(whole, again)


def test_a_slope_holds_the_truth_in_19_of_20_cases():
    rng, inside = np.random.default_rng(5), 0
    for _ in range(400):
        sums = np.zeros(SUMS)
        for t in np.linspace(0.0, 2.0, 12):
            error = rng.uniform(0.5, 2.0)
            sums = added(sums, t, 3.0 - 1.5 * t + error * rng.standard_normal(), error)
        inside += slope_of(sums).covers(-1.5)
    # 400 cases at 95 %: 370 to 390 in 99 of 100 suites.
    assert 368 <= inside <= 392


def test_a_slope_without_enough_points_says_so():
    sums = added(np.zeros(SUMS), 0.0, 1.0, 0.1)
    sums = added(sums, 1.0, math.nan, 0.1)
    assert "1 points" in str(slope_of(sums).reason)
    for _ in range(3):
        sums = added(sums, 0.0, 1.0, 0.1)
    assert "one moment" in str(slope_of(sums).reason)


@pytest.mark.parametrize(
    ("offset_v", "share", "expected_v", "limit"),
    [
        (0.0, Estimate(0.5, 0.45, 0.55), 0.0, False),
        (0.0, Estimate(0.9, 0.88, 0.92), -0.005, False),
        (-0.018, Estimate(0.9, 0.88, 0.92), -0.02, True),
        (0.001, Estimate.none("stuck"), 0.001, False),
        (0.0, Estimate(0.6, 0.55, 0.65), -0.5 * 0.02 * math.log(1.5), False),
    ],
)
def test_where_the_bias_goes(offset_v, share, expected_v, limit):
    move = centred(offset_v, [share], wanted=0.5, width_v=0.02, max_step_v=0.005, window_v=0.02)
    assert move.offset_v == pytest.approx(expected_v)
    assert move.at_limit is limit


@pytest.mark.parametrize(
    ("bench", "settings", "error", "words"),
    [
        ("twin", ("duty_cycle=0.5", "window_v=0.9"), ParameterError, "use at most"),
        ("array", ("cells=[[0,0]]",), BenchError, "is in an array"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, words):
    outcome = lab.run("drift", bench, *settings)
    assert isinstance(outcome.error, error), outcome.error
    assert outcome.run_file is None
    with pytest.raises(error, match=words):
        raise outcome.error


def test_looks_must_not_overlap(lab):
    with pytest.raises(ParameterError, match="looks would overlap"):
        lab.run("drift", "twin", "interval_s=1", "record_s=2")
