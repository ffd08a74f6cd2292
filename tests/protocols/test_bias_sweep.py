"""Curves of a bias sweep against what the twin's junctions truly do."""

import numpy as np
import pytest
from scipy.special import logit

from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.fabric.flips import REASONS

# A nominal 95 % interval of 10 junctions misses more than 2 of 10 with a chance of 1.2 %.
CHOSEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
CELLS = f"cells={[[0, column] for column in CHOSEN]}"
QUICK = ("points=7", "relative_error=0.15", CELLS)
COIL = """
[instruments.magnet]
driver = "keithley2450"
resource = "GPIB0::25::INSTR"
[[wiring.coils]]
source = "magnet"
tesla_per_ampere = 0.05
resistance = "8 ohm"
max_current = "0.5 A"
max_ramp = 0.1
compliance = "10 V"
"""
FIELD = (
    "[twin.junction]",
    "[twin.junction]\nfield_slope_p_per_t = 200.0\nfield_slope_ap_per_t = -200.0",
)


def true_curve(single_points):
    """V50 and width of each: behind a divider without bias-dependent TMR the logit is a line."""
    low, high = (logit(single_points("twin", v).rates.occupancy[CHOSEN]) for v in (0.09, 0.11))
    width = 0.02 / (high - low)
    return 0.09 - low * width, width


def test_true_curves_lie_within_the_stated_intervals(lab, single_points, truth):
    outcome = lab.run("bias_sweep", "twin", *QUICK, seed=4)
    assert outcome.status == "finished", outcome.error
    fits = lab.table(outcome, "fits")
    np.testing.assert_array_equal(fits["column"], CHOSEN)
    parameters = truth("twin").parameters
    v50_v, width_v = true_curve(single_points)
    shift = truth("twin").v50_shift_v[CHOSEN]
    true = {
        "v50_v": v50_v,
        "width_v": width_v,
        "v50_junction_v": parameters.v_ref_v + shift,
        "ln_tau_p_b_per_v": np.full(len(CHOSEN), parameters.slope_p_per_v),
        "ln_tau_ap_b_per_v": np.full(len(CHOSEN), parameters.slope_ap_per_v),
    }
    for name, value in true.items():
        outside = (fits[f"{name}_low"] > value) | (value > fits[f"{name}_high"])
        assert outside.sum() <= 2, (name, fits[name], value)
    assert outcome.results["fitted"] == len(CHOSEN)


def test_every_point_has_the_error_asked_for_or_says_so(lab, single_points):
    outcome = lab.run("bias_sweep", "twin", *QUICK, "max_block_s=0.05", seed=4)
    points = lab.table(outcome, "points")
    for state in ("p", "ap"):
        half = 0.5 * (points[f"tau_{state}_s_high"] - points[f"tau_{state}_s_low"])
        good = points["reason"] == 0
        assert (half[good] <= 0.15 * points[f"tau_{state}_s"][good]).all()
    assert outcome.results["points_at_wanted_error"] == good.sum() < len(good)
    assert any("raise max_block_s" in note for note in outcome.results["notes"])
    at = points["bias_v"] == points["bias_v"][len(CHOSEN) * 3]
    true = single_points("twin", float(points["bias_v"][at][0]))
    rate = true.rates.total_hz[CHOSEN]
    share = true.rates.occupancy[CHOSEN]
    for name, tau_s in (("tau_p_s", 1 / rate / share), ("tau_ap_s", 1 / rate / (1 - share))):
        low, high = points[f"{name}_low"][at], points[f"{name}_high"][at]
        assert ((low > tau_s) | (tau_s > high)).sum() <= 2


def test_stuck_and_slow_junctions_are_reported_not_guessed(lab):
    cells = "cells=[[0,11],[0,23],[0,0]]"
    outcome = lab.run("bias_sweep", "twin", cells, "points=3", "max_block_s=0.2")
    assert outcome.status == "finished", outcome.error
    points = lab.table(outcome, "points")
    stuck = points["column"] == 11
    assert (points["reason"][stuck] == list(REASONS).index("one_level")).all()
    assert np.isnan(points["tau_p_s"][stuck]).all()
    notes = " ".join(outcome.results["notes"])
    assert "one_level" in notes
    assert "(0, 11)" in notes
    assert outcome.results["v50"][0]["v50_v"] == [None, None, None]


def test_the_field_moves_the_curve(lab, bench_like):
    bench = bench_like("twin", FIELD, add=COIL)
    settings = ("cells=[[0,0],[0,1]]", "points=7", 'fields_t=["-1 mT", "1 mT"]')
    outcome = lab.run("bias_sweep", bench, *settings)
    assert outcome.status == "finished", outcome.error
    fits = lab.table(outcome, "fits")
    np.testing.assert_allclose(fits["field_t"], [-1e-3, -1e-3, 1e-3, 1e-3])
    # ln(tau_ap / tau_p) moves by -400 per tesla and by 100 per volt across the junction.
    moved = fits["v50_junction_v"][2:] - fits["v50_junction_v"][:2]
    error = fits["v50_junction_v_high"][2:] - fits["v50_junction_v_low"][2:]
    assert (np.abs(moved - 2e-3 * 400 / 100) < error).all()


def test_a_stopped_sweep_gone_on_with_is_the_whole_one(lab, bench_like):
    bench = bench_like("twin", FIELD, add=COIL)
    settings = ("cells=[[0,3]]", "points=3", 'fields_t=["0 T", "2 mT"]', "relative_error=0.3")
    whole = lab.run("bias_sweep", bench, *settings)
    part = lab.run("bias_sweep", bench, *settings, stop_after=5)
    assert part.status == "aborted"
    lab.same(whole, lab.go_on(part))


@pytest.mark.parametrize(
    ("bench", "settings", "error", "match"),
    [
        ("twin", ("start_v=0.1", "stop_v=0.1"), ParameterError, "must differ"),
        ("twin", ("start_v=-0.1", "stop_v=0.1", "points=3"), ParameterError, "none may be 0"),
        ("twin", ("stop_v=0.9",), ParameterError, "use at most"),
        ("twin", ("fields_t=[0.1]",), BenchError, "one field coil"),
        ("twin", ("max_block_s=0.001",), ParameterError, "shorter than block_s"),
        ("array", ("cells=[[0,0]]",), BenchError, "in an array"),
        ("everything", ("cells=[[1,0]]",), BenchError, "nothing reads"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench, settings, error, match):
    def refused():
        outcome = lab.run("bias_sweep", bench, *settings)
        assert outcome.run_file is None
        raise outcome.error

    with pytest.raises(error, match=match):
        refused()
