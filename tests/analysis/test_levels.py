import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.analysis.levels import levels


def mixture(rng, *, low=0.036, high=0.048, sigma=0.0009, occupancy=0.5, n=20_000):
    states = rng.random(n) < occupancy
    return np.where(states, high, low) + sigma * rng.standard_normal(n)


@pytest.mark.parametrize("occupancy", [0.5, 0.1, 0.01, 0.99])
@pytest.mark.parametrize("sigma", [0.0002, 0.0009, 0.002])
def test_levels_width_and_occupancy_of_a_mixture(occupancy, sigma):
    found = levels(mixture(np.random.default_rng(1), sigma=sigma, occupancy=occupancy))
    assert found.separated
    n_rare = 20_000 * min(occupancy, 1 - occupancy)
    error = 6 * sigma / np.sqrt(n_rare)
    assert found.low_v == pytest.approx(0.036, abs=error)
    assert found.high_v == pytest.approx(0.048, abs=error)
    assert found.sigma_v == pytest.approx(sigma, rel=0.04)
    assert found.occupancy_high == pytest.approx(occupancy, abs=6 * np.sqrt(n_rare) / 20_000)


def test_without_noise_the_levels_are_exact():
    rng = np.random.default_rng(2)
    found = levels(mixture(rng, sigma=0.0, occupancy=0.3))
    assert found.separated
    assert found.low_v == pytest.approx(0.036, rel=1e-9)
    assert found.high_v == pytest.approx(0.048, rel=1e-9)
    assert found.sigma_v < 1e-7


@given(
    st.floats(-10, 10),
    st.floats(1e-6, 1e3),
    st.sampled_from([1.0, -1.0]),
)
def test_offset_scale_and_sign_of_the_trace_carry_over(offset, scale, sign):
    trace = mixture(np.random.default_rng(3), low=-1, high=1, sigma=0.1, occupancy=0.3, n=2000)
    plain = levels(trace)
    moved = levels(offset + sign * scale * trace)
    assert moved.separated
    distance = scale * (plain.high_v - plain.low_v)
    tolerance = 1e-3 * distance + 1e-12 * abs(offset)
    assert moved.high_v - moved.low_v == pytest.approx(distance, abs=tolerance)
    expected = plain.occupancy_high if sign > 0 else 1.0 - plain.occupancy_high
    assert moved.occupancy_high == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_noise_alone_is_one_level(seed):
    rng = np.random.default_rng(seed)
    found = levels(0.04 + 0.0009 * rng.standard_normal(20_000))
    assert not found.separated
    assert found.low_v == found.high_v == pytest.approx(0.04, abs=5e-5)
    assert found.sigma_v == pytest.approx(0.0009, rel=0.03)
    assert np.isnan(found.occupancy_high)


TIME = np.arange(20_000)


@pytest.mark.parametrize(
    "shape",
    [
        np.linspace(0.0, 0.01, 20_000),
        0.01 * np.sin(TIME / 100),
        np.random.default_rng(9).random(20_000) * 0.02,
    ],
    ids=["drift", "mains", "uniform noise"],
)
def test_a_wide_histogram_without_a_valley_is_one_level(shape):
    noise = 0.0009 * np.random.default_rng(0).standard_normal(20_000)
    assert not levels(0.04 + shape + noise).separated


def test_flips_within_samples_do_not_hide_a_telegraph():
    rng = np.random.default_rng(4)
    states = np.logical_xor.accumulate(rng.random(80_000) < 0.08)
    fast = np.where(states, 0.048, 0.036) + 0.0018 * rng.standard_normal(80_000)
    assert levels(fast.reshape(-1, 4).mean(axis=1)).separated


def test_noise_below_a_step_of_the_converter_is_no_telegraph():
    step = 30e-6
    trace = step * np.round(0.4 * np.random.default_rng(5).standard_normal(20_000))
    assert not levels(trace, resolution_v=step).separated


def test_a_glitch_is_no_level():
    trace = 0.0009 * np.random.default_rng(6).standard_normal(20_000)
    trace[[5, 700]] += 0.05
    assert not levels(trace).separated


@pytest.mark.parametrize("volts", [0.0, 0.04, -3.0])
def test_a_constant_is_one_level(volts):
    found = levels(np.full(100, volts))
    assert (found.low_v, found.sigma_v, found.separated) == (volts, 0.0, False)


@pytest.mark.parametrize("trace", [[], [[1.0, 2.0]], [1.0, np.nan], [np.inf, 0.0]])
def test_what_is_no_trace_is_refused(trace):
    with pytest.raises(ValueError, match="trace of shape"):
        levels(np.array(trace))
