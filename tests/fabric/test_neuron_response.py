"""A neuron's mean response, its noise and the fit, against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.fabric.neuron_response import Response, Values, averaged, fit_sigmoid

R_P_OHM, TMR, R_S_OHM = 5664.3, 0.63119, 10e3
K_P = R_P_OHM / (R_P_OHM + R_S_OHM)
K_AP = R_P_OHM * (1 + TMR) / (R_P_OHM * (1 + TMR) + R_S_OHM)
V50_V, WIDTH_V, TAU_S = 0.050, 0.010, 28.3e-6


def published() -> Response:
    one = np.ones(1)
    bias_v = V50_V / (0.5 * (K_P + K_AP))
    return Response(K_P * one, K_AP * one, V50_V * one, WIDTH_V * one, bias_v * one, TAU_S * one)


def rates_hz(level_v: Values) -> tuple[Values, Values]:
    """Of leaving P and AP, each from the voltage in that state; their sum is 1/TAU_S at V50."""
    bias_v = V50_V / (0.5 * (K_P + K_AP))
    g0_hz = np.exp(bias_v * (K_AP - K_P) / (4 * WIDTH_V)) / (2 * TAU_S)
    leave_p = g0_hz * np.exp((K_P * level_v - V50_V) / (2 * WIDTH_V))
    leave_ap = g0_hz * np.exp(-(K_AP * level_v - V50_V) / (2 * WIDTH_V))
    return leave_p, leave_ap


def test_the_occupancy_is_a_sigmoid_of_the_mean_divider_exactly() -> None:
    level_v = np.linspace(0.03, 0.2, 35)[:, np.newaxis]
    leave_p, leave_ap = rates_hz(level_v)
    response = published()
    assert np.allclose(response.occupancy(level_v), leave_p / (leave_p + leave_ap), rtol=1e-12)
    p = response.occupancy(level_v)
    expected_v = level_v * (K_P * (1 - p) + K_AP * p)
    assert np.allclose(response.mean_v(level_v), expected_v, rtol=1e-12)


def test_the_gain_of_4_8_w_makes_the_state_a_tanh() -> None:
    response = published()
    pre = np.linspace(-1.5, 1.5, 13)[:, np.newaxis]
    state = 2 * response.occupancy(response.bias_v + 4.8 * WIDTH_V * pre) - 1
    assert np.allclose(state, np.tanh(pre), atol=0.01)


@given(
    k_p=st.floats(0.2, 0.6),
    apart=st.floats(0.01, 0.3),
    v50_v=st.floats(-0.05, 0.1),
    width_v=st.floats(0.002, 0.05),
    level_v=st.floats(0.03, 0.2),
)
def test_the_slope_is_the_derivative_of_the_mean_and_positive(
    k_p: float, apart: float, v50_v: float, width_v: float, level_v: float
) -> None:
    one, step_v = np.ones(1), 1e-6
    r = Response(k_p * one, (k_p + apart) * one, v50_v * one, width_v * one, one, one)
    rise_v = r.mean_v(np.array([level_v + step_v])) - r.mean_v(np.array([level_v - step_v]))
    assert r.slope(np.array([level_v])) == pytest.approx(rise_v / (2 * step_v), rel=1e-4)
    assert r.slope(np.array([level_v])) > 0


@given(keep=st.integers(1, 60), interval=st.floats(1e-3, 20))
def test_the_variance_of_a_mean_is_the_sum_over_all_pairs_of_samples(
    keep: int, interval: float
) -> None:
    apart = np.abs(np.subtract.outer(np.arange(keep), np.arange(keep)))
    assert averaged(keep, interval) == pytest.approx(np.exp(-interval * apart).mean(), rel=1e-9)


@pytest.mark.parametrize("x", [0.1, 1.0, 30.0])
def test_many_close_samples_are_a_detector_that_averages(x: float) -> None:
    detector = 2 / x * (1 - (1 - np.exp(-x)) / x)
    assert averaged(20_000, x / 20_000) == pytest.approx(detector, rel=1e-3)


def test_the_noise_of_the_averaged_state() -> None:
    """0.1633 of the state -1 .. 1 at the operating point over 100 samples of 5 us."""
    response = published()
    sd = 2 * response.sd_v(response.bias_v, 100, 5e-6) / (response.bias_v * (K_AP - K_P))
    t = 500e-6 / TAU_S
    assert sd == pytest.approx(np.sqrt(2 / t * (1 - (1 - np.exp(-t)) / t)), rel=5e-3)


def test_the_noise_away_from_the_operating_point() -> None:
    """The correlation time falls as 1/cosh; the rates themselves say by how much."""
    level_v = np.linspace(0.06, 0.18, 13)[:, np.newaxis]
    leave_p, leave_ap = rates_hz(level_v)
    tau_s, p = 1 / (leave_p + leave_ap), leave_p / (leave_p + leave_ap)
    variance = (level_v * (K_AP - K_P)) ** 2 * p * (1 - p) * averaged(20, 5e-6 / tau_s)
    assert np.allclose(published().sd_v(level_v, 20, 5e-6), np.sqrt(variance), rtol=0.15)


def test_a_step_has_no_noise_beside_it_and_overflows_nowhere() -> None:
    one = np.ones(1)
    step = Response(0.36 * one, 0.48 * one, 0.05 * one, 1e-5 * one, 0.119 * one, 1e-5 * one)
    assert step.sd_v(np.array([0.03]), 4, 5e-6) == 0.0


@given(v50_v=st.floats(0.03, 0.07), width_v=st.floats(0.005, 0.02))
def test_a_fit_finds_the_sigmoid_it_was_given(v50_v: float, width_v: float) -> None:
    mid_v = np.array([0.03, 0.04, 0.05, 0.06, 0.07])
    found = fit_sigmoid(mid_v, 1 / (1 + np.exp(-(mid_v - v50_v) / width_v)))
    assert found == pytest.approx((v50_v, width_v), rel=1e-6)


def test_a_fit_to_noise_stays_near() -> None:
    rng = np.random.default_rng(2)
    mid_v = np.array([0.03, 0.04, 0.05, 0.06, 0.07])
    p = 1 / (1 + np.exp(-(mid_v - 0.051) / 0.01))
    found = [fit_sigmoid(mid_v, p + rng.normal(0, 0.02, 5)) for _ in range(200)]
    assert np.mean(found, axis=0) == pytest.approx((0.051, 0.01), rel=0.03)


@pytest.mark.parametrize("occupancy", [[0.5, 0.5, 0.5], [0.9, 0.5, 0.1], [0.0, 0.0, 0.0]])
def test_what_does_not_rise_with_the_bias_has_no_sigmoid(occupancy: list[float]) -> None:
    assert np.isnan(fit_sigmoid(np.array([0.04, 0.05, 0.06]), np.array(occupancy))).all()


def test_a_step_is_fitted_as_a_narrow_one() -> None:
    v50_v, width_v = fit_sigmoid(np.array([0.03, 0.04, 0.06, 0.07]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert v50_v == pytest.approx(0.05, abs=1e-3)
    assert 0 < width_v < 2e-3
