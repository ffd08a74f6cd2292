"""Resistances from the meter's buffer and from telegraph levels, against the twin's own."""

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.core.errors import BenchError, ParameterError

STUCK = """
[[twin.faults]]
cell = [1, 0]
kind = "stuck_p"
[[twin.faults]]
cell = [2, 0]
kind = "stuck_ap"
"""
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
    "[twin.junction]\nfield_slope_p_per_t = 1000.0\nfield_slope_ap_per_t = -1000.0",
)
HALF = ("tmr_half_v = inf", 'tmr_half_v = "0.3 V"')
CHOSEN = list(range(10))
CELLS = f"cells={[[0, column] for column in CHOSEN]}"


def test_a_junction_that_stays_has_its_resistance_and_a_straight_line(lab, bench_like, truth):
    bench = bench_like("everything", add=STUCK)
    settings = ("cells=[[1,0],[2,0]]", "points=11", "nplc=0.1", "repeats=2")
    outcome = lab.run("iv_sweep", bench, *settings)
    assert outcome.status == "finished", outcome.error
    devices, fits = truth(bench), lab.table(outcome, "fits")
    cells = [(wire.cell.row, wire.cell.column) for wire in _singles(bench)]
    for index, (cell, stretch) in enumerate((((1, 0), 0.0), ((2, 0), 1.0))):
        device = cells.index(cell)
        true = (1.0 + stretch * devices.tmr[device]) / devices.g_p_s[device]
        # Beside its scatter a meter rounds to six digits.
        slack = 2e-4 * true
        low, high = fits["resistance_ohm_low"][index], fits["resistance_ohm_high"][index]
        assert low - slack <= true <= high + slack
        assert fits["reason"][index] == 0
        assert fits["linear"][index] == 1.0
    points = lab.table(outcome, "points")
    assert len(points["level_v"]) == 2 * 2 * 21
    np.testing.assert_allclose(points["level_v"][:21], points["level_v"][20::-1], atol=1e-12)


def test_a_flipping_junction_is_curved_and_a_network_is_called_one(lab):
    outcome = lab.run("iv_sweep", "everything", "cells=[[1,3],[0,0],[4,1]]", "points=11")
    assert outcome.status == "finished", outcome.error
    found = outcome.results["resistances"]
    assert [one["members"] for one in found] == [1, 2, 2]
    assert found[0]["linear"] is False
    assert "mean slope" in found[0]["resistance_ohm"]["reason"]
    notes = " ".join(outcome.results["notes"])
    assert "network, series resistors included" in notes
    assert "b2912a.1 drives 2 junctions in parallel, from (4, 0) on" in notes


def test_both_states_and_the_fall_of_tmr_from_the_telegraph(lab, bench_like, truth):
    bench = bench_like("twin", HALF)
    outcome = lab.run("rv_tmr", bench, CELLS, seed=7)
    assert outcome.status == "finished", outcome.error
    devices, fits = truth(bench), lab.table(outcome, "fits")
    true = {
        "r_p0_ohm": 1.0 / devices.g_p_s[CHOSEN],
        "tmr0": devices.tmr[CHOSEN],
        "tmr_half_v": np.full(len(CHOSEN), 0.3),
        "r_p_ohm_per_v": np.zeros(len(CHOSEN)),
    }
    for name, value in true.items():
        outside = (fits[f"{name}_low"] > value) | (value > fits[f"{name}_high"])
        # A nominal 95 % interval of 10 junctions misses more than 2 with a chance of 1.2 %.
        assert outside.sum() <= 2, (name, fits[name], value)
    assert (fits["reason"] == 0).all()
    points = lab.table(outcome, "points")
    for column in CHOSEN:
        mine = points["column"] == column
        curve = devices.tmr[column] / (1 + (points["voltage_ap_v"][mine] / 0.3) ** 2)
        np.testing.assert_allclose(points["tmr"][mine], curve, rtol=2e-3, err_msg=str(column))


def test_without_a_fall_the_half_voltage_is_bounded_and_stuck_ones_say_so(lab):
    outcome = lab.run("rv_tmr", "twin", "cells=[[0,0],[0,11]]", "points=5")
    assert outcome.status == "finished", outcome.error
    good, stuck = outcome.results["junctions"]
    assert good["tmr_half_v"]["value"] is None
    assert good["tmr_half_v"]["low"] > 0.3
    assert "does not fall" in good["tmr_half_v"]["reason"]
    assert stuck["tmr0"]["value"] is None
    assert "0 of 5 points" in stuck["tmr0"]["reason"]
    assert any("too_few" in note for note in outcome.results["notes"])


def test_states_held_by_a_field_give_the_same_resistances(lab, bench_like, truth):
    bench = bench_like("reference_rig", FIELD, add=COIL)
    outcome = lab.run("rv_tmr", bench, "field_t=20m", "points=5", "nplc=0.1")
    assert outcome.status == "finished", outcome.error
    devices, (found,) = truth(bench), outcome.results["junctions"]
    r_p = 1.0 / devices.g_p_s[0]
    assert found["r_p0_ohm"]["value"] == pytest.approx(r_p, rel=2e-3)
    assert found["tmr0"]["value"] == pytest.approx(devices.tmr[0], rel=5e-3)
    assert outcome.results["method"] == "field"


@pytest.mark.parametrize("way", ["iv_sweep", "telegraph", "field"])
def test_a_stopped_run_gone_on_with_is_the_whole_one(lab, bench_like, way):
    bench = bench_like("reference_rig", FIELD, add=COIL)
    protocol, *settings = {
        "iv_sweep": ("iv_sweep", "repeats=4", "points=5", "nplc=0.1"),
        "telegraph": ("rv_tmr", "points=4"),
        "field": ("rv_tmr", "field_t=5m", "points=4", "nplc=0.1"),
    }[way]
    whole = lab.run(protocol, bench, *settings)
    part = lab.run(protocol, bench, *settings, stop_after=1)
    assert (whole.status, part.status) == ("finished", "aborted"), whole.error
    lab.same(whole, lab.go_on(part))


@pytest.mark.parametrize(
    ("protocol", "bench", "settings", "error", "match"),
    [
        ("iv_sweep", "array", ("cells=[[14,0]]",), BenchError, "a board output measures no"),
        ("iv_sweep", "everything", ("cells=[[3,0]]",), BenchError, "no source-meter drives"),
        ("iv_sweep", "twin", ("stop_v=0.9",), ParameterError, "use at most"),
        ("iv_sweep", "twin", ("start_v=0.1",), ParameterError, "both 0.1 V"),
        ("rv_tmr", "twin", ("start_v=-0.1", "stop_v=0.1"), ParameterError, "none may be 0"),
        ("rv_tmr", "twin", ("field_t=1m",), BenchError, "source-meter for each junction"),
        ("rv_tmr", "reference_rig", ("field_t=1m",), BenchError, "one field coil"),
        ("rv_tmr", "array", ("cells=[[0,0]]",), BenchError, "in an array"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(
    lab, protocol, bench, settings, error, match
):
    def refused():
        outcome = lab.run(protocol, bench, *settings)
        assert outcome.run_file is None
        raise outcome.error

    with pytest.raises(error, match=match):
        refused()


def _singles(bench):
    return load(bench).file.wiring.resolve().singles
