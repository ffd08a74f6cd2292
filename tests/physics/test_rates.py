"""The fitted form of the dwell times, and what a chip's seed makes of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.physics.rates import Rates
from sim_backend.physics.singles import Singles

KIND = JunctionParameters(
    tmr=0.8,
    tmr_half_v=0.4,
    v_ref_v=0.1,
    tau_p_s=3e-3,
    tau_ap_s=8e-3,
    slope_p_per_v=-11.0,
    slope_ap_per_v=14.0,
    curvature_p_per_v2=-30.0,
    curvature_ap_per_v2=20.0,
    field_ref_t=2e-3,
    field_slope_p_per_t=900.0,
    field_slope_ap_per_t=-1100.0,
    field_curvature_p_per_t2=-4e4,
    field_curvature_ap_per_t2=6e4,
    temperature_ref_k=310.0,
    activation_p_k=6000.0,
    activation_ap_k=7000.0,
    heating_k_per_w=2e6,
)
ALONE = Spread()


def leaving_hz(rates: Rates) -> tuple[float, float]:
    """Out of P, out of AP."""
    return (
        (rates.total_hz * rates.occupancy).item(),
        (rates.total_hz * (1 - rates.occupancy)).item(),
    )


@given(
    v_p=st.floats(-0.5, 0.5),
    v_ap=st.floats(-0.5, 0.5),
    field_t=st.floats(-0.02, 0.02),
    ambient_k=st.floats(250, 400),
)
def test_the_fitted_form_in_voltage_field_and_temperature(
    v_p: float, v_ap: float, field_t: float, ambient_k: float
) -> None:
    k = KIND
    device = Devices.draw(k, ALONE, (), 1, 0)
    found = device.rates(np.array([v_p]), np.array([v_ap]), field_t=field_t, ambient_k=ambient_k)
    h = field_t - 2e-3
    g_ap = 1 / k.r_p_ohm / (1 + 0.8 / (1 + (v_ap / 0.4) ** 2))
    p_k = ambient_k + 2e6 * v_p**2 / k.r_p_ohm
    ap_k = ambient_k + 2e6 * v_ap**2 * g_ap
    ln_p = math.log(3e-3) - 11 * (v_p - 0.1) - 30 * (v_p - 0.1) ** 2 + 900 * h - 4e4 * h**2
    ln_ap = math.log(8e-3) + 14 * (v_ap - 0.1) + 20 * (v_ap - 0.1) ** 2 - 1100 * h + 6e4 * h**2
    ln_p += 6000 * (1 / p_k - 1 / 310)
    ln_ap += 7000 * (1 / ap_k - 1 / 310)
    # 1 - occupancy is a difference of doubles.
    rounding = 4e-16 * found.total_hz.item()
    expected = (math.exp(-ln_p), math.exp(-ln_ap))
    assert leaving_hz(found) == pytest.approx(expected, rel=1e-9, abs=rounding)


def test_nothing_but_voltage_counts_unless_asked_for() -> None:
    device = Devices.draw(JunctionParameters(), ALONE, (), 3, 0)
    v = np.array([0.01, 0.04, 0.3])
    plain = device.rates(v, v)
    elsewhere = device.rates(v, v, field_t=0.1, ambient_k=77.0, t_s=1e9)
    assert np.array_equal(plain.total_hz, elsewhere.total_hz)
    assert np.array_equal(plain.occupancy, elsewhere.occupancy)


def test_heat_makes_a_biased_junction_fast_and_spin_torque_decides_the_state() -> None:
    """Schnitzspan et al., arXiv 2301.05694: the rate rises with |V|, the occupancy with V."""
    kind = replace(
        JunctionParameters(),
        v_ref_v=0.0,
        slope_p_per_v=-4.0,
        slope_ap_per_v=4.0,
        activation_p_k=5000.0,
        activation_ap_k=5000.0,
        heating_k_per_w=2e6,
    )
    bias = np.array([[-0.4], [0.0], [0.4]])
    found = Devices.draw(kind, ALONE, (), 1, 0).rates(bias, bias)
    assert found.total_hz[0] > 1.5 * found.total_hz[1] < found.total_hz[2] / 1.5
    assert found.occupancy[0] < 0.1 < 0.9 < found.occupancy[2]


def test_operating_point_with_heat_and_bias_dependent_tmr_is_consistent() -> None:
    """Voltage, TMR and temperature of AP each follow from the two others."""
    single = Singles(Devices.draw(KIND, ALONE, (), 1, 0), np.array([5e3]), np.array([1.0]))
    point = single.at(0.6, field_t=1e-3, ambient_k=320.0)
    v = point.v_ap.item()
    r_ap = KIND.r_p_ohm * (1 + 0.8 / (1 + (v / 0.4) ** 2))
    assert v == pytest.approx(0.6 * r_ap / (r_ap + 5e3), rel=1e-12)
    h, x = 1e-3 - 2e-3, v - 0.1
    warm_k = 320 + 2e6 * v**2 / r_ap
    ln_ap = math.log(8e-3) + 14 * x + 20 * x**2 - 1100 * h + 6e4 * h**2
    ln_ap += 7000 * (1 / warm_k - 1 / 310)
    assert leaving_hz(point.rates)[1] == pytest.approx(math.exp(-ln_ap))


def test_a_drifting_junction_moves_with_bench_time_and_others_stay() -> None:
    faults = (
        Fault(0, "drifting", v50_v_per_s=1e-6),
        Fault(1, "drifting", ln_tau_per_s=1e-4),
    )
    chip = Devices.draw(JunctionParameters(), ALONE, faults, 3, 0)
    assert chip.drifting
    assert not chip.take(np.array([2])).drifting
    v = np.full(3, 0.042)
    hour = 3600.0
    now, later = chip.rates(v, v), chip.rates(v, v, t_s=hour)
    shifted = chip.rates(v - [1e-6 * hour, 0, 0], v - [1e-6 * hour, 0, 0])
    assert later.occupancy[0] == pytest.approx(shifted.occupancy[0])
    assert later.total_hz[1] == pytest.approx(now.total_hz[1] * math.exp(-1e-4 * hour))
    assert later.total_hz[2] == now.total_hz[2]
    # One row per instant, as a block of samples needs it.
    rows = chip.rates(v, v, t_s=np.array([[0.0], [hour]]))
    assert np.array_equal(rows.total_hz, [now.total_hz, later.total_hz])


@pytest.mark.parametrize("ambient_k", [0.0, -1.0, math.nan])
def test_no_temperature_below_zero(ambient_k: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 K"):
        Devices.draw(KIND, ALONE, (), 1, 0).rates(np.zeros(1), np.zeros(1), ambient_k=ambient_k)


class TestChip:
    def test_old_chips_stay_as_they_were(self) -> None:
        """Four normal numbers per device; what is new is drawn from another stream."""
        z = np.random.default_rng(9).standard_normal((50, 4))
        spread = Spread(0.05, 0.03, 0.3, 2e-3)
        for chip in (
            Devices.draw(JunctionParameters(), spread, (), 50, 9),
            Devices.draw(JunctionParameters(), replace(spread, field_t=1e-3), (), 50, 9),
        ):
            assert np.array_equal(chip.g_p_s, np.exp(-0.05 * z[:, 0]) / 5664.3)
            assert np.array_equal(chip.tmr, 0.63119 * (1 + 0.03 * z[:, 1]))
            assert np.array_equal(chip.ln_tau_shift, 0.3 * z[:, 2])
            assert np.array_equal(chip.v50_shift_v, 2e-3 * z[:, 3])

    @pytest.mark.parametrize("rho", [-0.9, 0.0, 0.5])
    def test_correlated_lognormal_resistance_and_dwell(self, rho: float) -> None:
        n = 40_000
        spread = Spread(r_sigma=0.12, tau_sigma=1.2, r_tau_correlation=rho)
        chip = Devices.draw(JunctionParameters(), spread, (), n, 4)
        ln_r, ln_tau = -np.log(chip.g_p_s * 5664.3), chip.ln_tau_shift
        # 4.5 standard errors of standard deviations and of a correlation.
        assert abs(ln_r.std() / 0.12 - 1) < 4.5 / np.sqrt(2 * n)
        assert abs(ln_tau.std() / 1.2 - 1) < 4.5 / np.sqrt(2 * n)
        assert abs(np.corrcoef(ln_r, ln_tau)[0, 1] - rho) < 4.5 * (1 - rho**2) / np.sqrt(n)

    def test_a_stray_field_moves_the_field_axis(self) -> None:
        chip = Devices.draw(KIND, Spread(field_t=1e-3), (), 2000, 3)
        assert abs(chip.field_shift_t.std() / 1e-3 - 1) < 4.5 / np.sqrt(4000)
        v = np.full(2000, 0.1)
        seen = chip.rates(v, v, field_t=KIND.field_ref_t + chip.field_shift_t)
        assert np.allclose(seen.total_hz, seen.total_hz[0])


IMPOSSIBLE = (
    ({"r_p_ohm": -1.0}, "r_p_ohm = -1.0 must be positive"),
    ({"tmr": -1.0}, "above -1: the resistance would vanish"),
    ({"tau_p_s": 0.0}, "tau_p_s = 0.0 must be positive"),
    ({"tau_ap_s": math.inf}, "tau_ap_s = inf must be finite"),
    ({"slope_p_per_v": math.nan}, "must be finite"),
    ({"tmr_half_v": -math.inf}, "tmr_half_v"),
    ({"temperature_ref_k": -3.0}, "must be positive"),
    ({"heating_k_per_w": -1.0}, "must not be negative"),
    ({"trap_depth": 1.0}, "share of the conductance"),
    ({"trap_depth": -0.1}, "share of the conductance"),
    ({"trap_filled_s": 0.0}, "must be positive"),
    ({"flicker": -1e-9}, "must not be negative"),
    ({"flicker": 0.01}, "at most 0.3 is a small fluctuation"),
    ({"flicker_lowest_hz": 1e6}, "must lie below"),
)


@pytest.mark.parametrize(("values", "reason"), IMPOSSIBLE, ids=lambda x: str(x))
def test_an_impossible_junction_is_refused_with_the_reason(
    values: dict[str, float], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        JunctionParameters(**values)


def test_an_impossible_spread_or_fault_is_refused_with_the_reason() -> None:
    for rho in (-1.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="positive definite"):
            Spread(r_tau_correlation=rho)
    with pytest.raises(ValueError, match=r"spread field_t = -0.001 must not be negative"):
        Spread(field_t=-1e-3)
    with pytest.raises(ValueError, match=r"factor = 0.0 must be positive"):
        Fault(0, "slow", factor=0.0)
    with pytest.raises(ValueError, match="needs v50_v_per_s or ln_tau_per_s"):
        Fault(0, "drifting")
    with pytest.raises(ValueError, match=r"level = -0.1 must not be negative"):
        Fault(0, "three_level", level=-0.1)
    inverted = JunctionParameters(tmr=-0.5)
    with pytest.raises(ValueError, match=r"junction 0: with a TMR of -0.5 the level 2.5 has no"):
        Devices.draw(inverted, ALONE, (Fault(0, "three_level", level=2.5),), 1, 0)
