"""Loops of junctions in the field of a coil, against what the twin's junctions truly do."""

import numpy as np
import pytest
from scipy.special import logit

from mtjlab.core.errors import BenchError, ParameterError
from protocols.field_sweep.loops import REASONS

COIL = """
[instruments.magnet]
driver = "keithley2450"
resource = "GPIB0::25::INSTR"
[[wiring.coils]]
source = "magnet"
tesla_per_ampere = 0.05
resistance = "8 ohm"
max_current = "0.5 A"
max_ramp = 1.0
compliance = "10 V"
"""
STRAY_T = -2.5e-3
STRAY = f"""
[[twin.fields]]
rows = "0"
columns = "0:31"
field_t = {STRAY_T}
"""
# ln(tau_ap / tau_p) moves by -2000 per tesla.
FIELD = (
    "[twin.junction]",
    "[twin.junction]\nfield_slope_p_per_t = 1000.0\nfield_slope_ap_per_t = -1000.0",
)
SLOW = (
    ('tau_p_s = "42.12 us"', 'tau_p_s = "100 s"'),
    ('tau_ap_s = "42.12 us"', 'tau_ap_s = "100 s"'),
)
QUICK = ("cells=[[0,0],[0,1],[0,2],[0,11]]", "max_field_t=6m", "points=9")


def test_the_loop_shift_of_flipping_junctions_and_no_loop_of_a_stuck_one(
    lab, bench_like, single_points
):
    bench = bench_like("twin", FIELD, add=COIL + STRAY)
    outcome = lab.run("field_sweep", bench, *QUICK, "bias_v=0.12")
    assert outcome.status == "finished", outcome.error
    balanced_t = logit(single_points("twin", 0.12).rates.occupancy[:3]) / 2000 - STRAY_T
    loops = lab.table(outcome, "loops")
    for index, true in enumerate(balanced_t):
        assert loops["centre_t_low"][index] <= true <= loops["centre_t_high"][index]
        assert abs(loops["coercive_t"][index]) < 0.5e-3
        assert abs(loops["remanence"][index]) < 0.1
        assert loops["r_minus_ohm"][index] > 1.5 * loops["r_plus_ohm"][index]
    assert loops["reason"][3] == list(REASONS).index("one_level")
    assert np.isnan(loops["centre_t"][3])
    assert "one_level" in " ".join(outcome.results["notes"])
    points = lab.table(outcome, "points")
    np.testing.assert_allclose(points["measured_t"], points["field_t"], atol=20e-6)
    assert set(points["direction"]) == {1.0, -1.0}


def test_a_slow_junction_has_a_loop_and_stays_where_it_was_put(lab, bench_like):
    bench = bench_like("twin", FIELD, *SLOW, add=COIL + STRAY)
    cells = ("cells=[[0,0],[0,1]]", "max_field_t=20m", "points=21", "loops=3")
    outcome = lab.run("field_sweep", bench, *cells)
    assert outcome.status == "finished", outcome.error
    for found in outcome.results["junctions"]:
        # 100 s become 10 ms after 9 mT: it switches when a step takes as long as that.
        assert 5e-3 < found["coercive_t"]["value"] < 11e-3
        # At the bias at which both states are as likely, give or take 0.4 mT.
        assert found["centre_t"]["value"] == pytest.approx(-STRAY_T, abs=1e-3)
        # From +20 mT it comes to 0 in the state that the field favours.
        assert found["remanence"]["value"] == pytest.approx(1.0, abs=0.05)


def test_the_coil_is_off_at_the_end_and_the_run_can_be_gone_on_with(lab, bench_like):
    bench = bench_like("twin", FIELD, add=COIL)
    settings = ("cells=[[0,3]]", "max_field_t=5m", "points=5", "loops=1")
    whole = lab.run("field_sweep", bench, *settings)
    assert whole.status == "finished", whole.error
    part = lab.run("field_sweep", bench, *settings, stop_after=7)
    lab.same(whole, lab.go_on(part))


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        (("max_field_t=0.1",), BenchError, "more than the 25 mT"),
        (("bias_v=0",), ParameterError, "shows no resistance"),
        (("bias_v=0.9",), ParameterError, "use at most"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_on(lab, bench_like, settings, error, match):
    bench = bench_like("twin", FIELD, add=COIL)

    def refused():
        outcome = lab.run("field_sweep", bench, *settings)
        assert outcome.run_file is None
        raise outcome.error

    with pytest.raises(error, match=match):
        refused()


def test_a_bench_without_a_coil_is_told_so(lab):
    with pytest.raises(BenchError, match="one field coil"):
        raise lab.run("field_sweep", "twin").error
