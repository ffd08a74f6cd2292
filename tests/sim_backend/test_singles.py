import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_backend.physics.devices import SHORT_OHM, Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Own, Spread
from sim_backend.physics.rates import rates
from sim_backend.physics.singles import Singles
from sim_backend.physics.telegraph import switching

REFERENCE = JunctionParameters()


def singles(
    n: int = 1,
    *,
    parameters: JunctionParameters = REFERENCE,
    spread: Spread | None = None,
    faults: tuple[Fault, ...] = (),
    series_ohm: float = 10e3,
    divider: float = 1.0,
    seed: int = 1,
) -> Singles:
    devices = Devices.draw(parameters, spread or Spread(), faults, n, seed)
    return Singles(devices, np.full(n, series_ohm), np.full(n, divider))


def test_the_reference_device_on_10_kohm_at_100_mv() -> None:
    point = singles().at(0.1)
    assert point.v_p[0] == pytest.approx(36.16e-3, abs=5e-6)
    assert point.v_ap[0] == pytest.approx(48.02e-3, abs=5e-6)
    step = switching(point.rates, 5e-6)
    # Published: 8.09 % of samples differ from the one before.
    flip = 2 * step.to_ap[0] * (step.change[0] - step.to_ap[0]) / step.change[0]
    assert flip == pytest.approx(0.0809, abs=5e-5)
    assert 1 / point.rates.total_hz[0] == pytest.approx(28.3e-6, rel=2e-3)


def test_each_rate_follows_the_voltage_of_its_own_state() -> None:
    point = singles().at(0.1)
    r = REFERENCE
    tau_p = r.tau_p_s * math.exp(r.slope_p_per_v * (point.v_p[0] - r.v_ref_v))
    tau_ap = r.tau_ap_s * math.exp(r.slope_ap_per_v * (point.v_ap[0] - r.v_ref_v))
    assert point.rates.total_hz[0] == pytest.approx(1 / tau_p + 1 / tau_ap)
    assert point.rates.occupancy[0] == pytest.approx(tau_ap / (tau_p + tau_ap))
    at_the_mean = rates(REFERENCE, 42.092e-3, 42.092e-3)
    # Both at the mean voltage would be a third too fast.
    assert at_the_mean.total_hz / point.rates.total_hz[0] == pytest.approx(1.345, abs=0.01)


@pytest.mark.parametrize("source_v", [0.0, 0.05, 0.1, 0.119, 0.2])
def test_occupancy_is_a_sigmoid_in_the_mean_divider(source_v: float) -> None:
    # With slopes +-1/2w: ln(tau_AP / tau_P) = (V_P + V_AP - 2 V50) / 2w exactly.
    point = singles().at(source_v)
    mean_v = (point.v_p[0] + point.v_ap[0]) / 2
    expected = 1 / (1 + math.exp(-(mean_v - REFERENCE.v_ref_v) / 10e-3))
    assert point.rates.occupancy[0] == pytest.approx(expected)


def test_curvature_enters_each_state_by_itself() -> None:
    curved = replace(REFERENCE, curvature_p_per_v2=1e4, curvature_ap_per_v2=-2e4)
    v = 0.06
    x = v - curved.v_ref_v
    tau_p = curved.tau_p_s * math.exp(-50 * x + 1e4 * x**2)
    tau_ap = curved.tau_ap_s * math.exp(50 * x - 2e4 * x**2)
    found = rates(curved, v, v)
    assert found.total_hz == pytest.approx(1 / tau_p + 1 / tau_ap)
    assert found.occupancy == pytest.approx(tau_ap / (tau_p + tau_ap))


def test_a_v50_shift_moves_the_whole_voltage_axis() -> None:
    moved = rates(REFERENCE, 0.05, 0.06, v50_shift_v=0.01)
    plain = rates(REFERENCE, 0.04, 0.05)
    assert moved.total_hz == pytest.approx(plain.total_hz)
    assert moved.occupancy == pytest.approx(plain.occupancy)


@given(v=st.floats(-1e3, 1e3), shift=st.floats(-50, 50))
def test_rates_stay_finite_at_absurd_voltages(v: float, shift: float) -> None:
    found = rates(REFERENCE, v, v, ln_tau_shift=shift)
    assert np.isfinite(found.total_hz)
    assert 0 <= found.occupancy <= 1


@given(
    source_v=st.floats(-5, 5),
    series_ohm=st.floats(0, 1e6),
    half_v=st.floats(0.05, 10),
    tmr=st.floats(0, 3),
)
def test_bias_dependent_tmr_solves_its_own_divider(
    source_v: float, series_ohm: float, half_v: float, tmr: float
) -> None:
    parameters = replace(REFERENCE, tmr_half_v=half_v, tmr=tmr)
    v = singles(parameters=parameters, series_ohm=series_ohm).at(source_v).v_ap[0]
    r_ap = REFERENCE.r_p_ohm * (1 + tmr / (1 + (v / half_v) ** 2))
    assert v == pytest.approx(source_v * r_ap / (r_ap + series_ohm), abs=1e-12)


def test_tmr_without_bias_dependence_is_the_limit_of_a_large_half_voltage() -> None:
    nearly = singles(parameters=replace(REFERENCE, tmr_half_v=1e6)).at(0.1)
    assert nearly.v_ap[0] == pytest.approx(singles().at(0.1).v_ap[0])


def test_divider_and_load() -> None:
    point = singles(divider=0.5).at(0.2)
    assert point.v_p[0] == pytest.approx(singles().at(0.1).v_p[0])
    direct = singles().at(0.1)
    assert 1 / direct.load_p_s[0] == pytest.approx(10e3 + REFERENCE.r_p_ohm)
    # Current and voltage are both halved on the way through the divider.
    assert point.load_p_s[0] == pytest.approx(direct.load_p_s[0] / 4)


@pytest.mark.parametrize(
    ("kind", "v_p", "load_s"),
    [("short", 0.1 * SHORT_OHM / (SHORT_OHM + 10e3), 1 / 10.1e3), ("open", 0.1, 0.0)],
)
def test_short_and_open(kind: str, v_p: float, load_s: float) -> None:
    point = singles(2, faults=(Fault(1, kind),)).at(0.1)
    assert point.v_p[1] == pytest.approx(v_p)
    assert point.v_ap[1] == point.v_p[1]
    assert point.load_ap_s[1] == pytest.approx(load_s)
    assert point.v_p[0] == pytest.approx(36.16e-3, abs=5e-6)


def test_stuck_and_slow() -> None:
    faults = (Fault(0, "stuck_p"), Fault(1, "stuck_ap"), Fault(2, "slow", factor=50.0))
    found = singles(4, faults=faults).at(0.1).rates
    assert list(found.total_hz[:2]) == [0.0, 0.0]
    assert list(found.occupancy[:2]) == [0.0, 1.0]
    assert found.total_hz[2] == pytest.approx(found.total_hz[3] / 50)
    assert found.occupancy[2] == pytest.approx(found.occupancy[3])


def test_a_fault_of_a_missing_junction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"junction 4: there are 0 \.\. 3"):
        singles(4, faults=(Fault(4, "open"),))


class TestSpread:
    SPREAD = Spread(r_sigma=0.1, tmr_sigma=0.03, tau_sigma=0.7, v50_v=0.01)

    def test_same_seed_same_chip(self) -> None:
        one, other = (Devices.draw(REFERENCE, self.SPREAD, (), 8, 5) for _ in range(2))
        assert np.array_equal(one.g_p_s, other.g_p_s)
        different = Devices.draw(REFERENCE, self.SPREAD, (), 8, 6)
        assert not np.array_equal(one.g_p_s, different.g_p_s)

    def test_a_larger_chip_begins_with_the_same_junctions(self) -> None:
        small, large = (Devices.draw(REFERENCE, self.SPREAD, (), n, 5) for n in (8, 32))
        assert np.array_equal(small.ln_tau_shift, large.ln_tau_shift[:8])
        assert np.array_equal(small.v50_shift_v, large.v50_shift_v[:8])

    def test_what_is_known_of_a_junction_replaces_what_is_drawn(self) -> None:
        own = (Own(2, r_p_ohm=7000.0, ln_tau_shift=0.5), Own(3, tmr=0.9, v50_shift_v=1e-3))
        faults = (Fault(2, "slow", factor=10.0),)
        drawn = Devices.draw(REFERENCE, self.SPREAD, (), 8, 5)
        known = Devices.draw(REFERENCE, self.SPREAD, faults, 8, 5, own)
        assert known.g_p_s[2] == 1.0 / 7000.0
        assert known.ln_tau_shift[2] == pytest.approx(0.5 + np.log(10.0))
        assert known.tmr[2] == drawn.tmr[2]
        assert (known.tmr[3], known.v50_shift_v[3]) == (0.9, 1e-3)
        others = [0, 1, 4, 5, 6, 7]
        for name in ("g_p_s", "tmr", "ln_tau_shift", "v50_shift_v"):
            assert np.array_equal(getattr(known, name)[others], getattr(drawn, name)[others])

    @pytest.mark.parametrize("wrong", [{"r_p_ohm": 0.0}, {"tmr": -1.0}, {"v50_shift_v": math.inf}])
    def test_what_no_junction_can_be_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Own(0, **wrong)

    def test_one_spread_changes_no_other(self) -> None:
        wide = Devices.draw(REFERENCE, replace(self.SPREAD, r_sigma=0.3), (), 8, 5)
        narrow = Devices.draw(REFERENCE, self.SPREAD, (), 8, 5)
        assert np.array_equal(wide.v50_shift_v, narrow.v50_shift_v)
        assert not np.array_equal(wide.g_p_s, narrow.g_p_s)

    def test_sizes(self) -> None:
        n = 20_000
        chip = Devices.draw(REFERENCE, self.SPREAD, (), n, 7)
        samples = {
            0.1: -np.log(chip.g_p_s * REFERENCE.r_p_ohm),
            0.03: chip.tmr / REFERENCE.tmr - 1,
            0.7: chip.ln_tau_shift,
            0.01: chip.v50_shift_v,
        }
        for sigma, values in samples.items():
            # 5 standard errors of mean and of standard deviation.
            assert abs(values.mean()) < 5 * sigma / np.sqrt(n)
            assert abs(values.std() / sigma - 1) < 5 / np.sqrt(2 * n)

    def test_none_is_none(self) -> None:
        chip = Devices.draw(REFERENCE, Spread(), (), 4, 1)
        assert np.allclose(1 / chip.g_p_s, REFERENCE.r_p_ohm)
        assert np.array_equal(chip.v50_shift_v, np.zeros(4))
