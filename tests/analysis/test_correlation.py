import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.analysis.correlation import largest_correlation, noise_ratio


def test_the_pair_that_moves_alike_is_found_whatever_the_sign():
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((2000, 6))
    samples[:, 4] = -0.8 * samples[:, 1] + 0.6 * rng.standard_normal(2000)
    found = largest_correlation(samples)
    assert (found.first, found.second) == (1, 4)
    assert found.value == pytest.approx(abs(np.corrcoef(samples.T)[1, 4]))
    assert found.value == pytest.approx(0.8, abs=0.05)


def test_chance_is_exceeded_once_in_a_hundred_times():
    rng = np.random.default_rng(1)
    found = [largest_correlation(rng.standard_normal((200, 8))) for _ in range(1000)]
    exceeded = sum(f.value > f.chance for f in found)
    # binomial with mean 10, sd 3.1
    assert exceeded <= 23


def test_constant_columns_are_left_out_and_the_indices_stay_those_of_the_input():
    rng = np.random.default_rng(2)
    common = rng.standard_normal(100)
    samples = np.stack([np.full(100, 0.04), common, np.zeros(100), 3.0 - 2.0 * common], axis=1)
    found = largest_correlation(samples)
    assert (found.first, found.second) == (1, 3)
    assert found.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((50, 4)), "0 of 4 nodes vary"),
        (np.eye(50)[:, :1], "1 of 1 nodes vary"),
        (np.eye(2), "2 reads"),
    ],
)
def test_no_value_without_a_reason(samples, reason):
    found = largest_correlation(samples)
    assert found.value is None
    assert reason in str(found.reason)


def test_single_precision_millivolts_on_an_offset_are_no_problem():
    rng = np.random.default_rng(3)
    deviation = rng.standard_normal((500, 3)) * 1e-3
    found = largest_correlation((5.0 + deviation).astype(np.float32))
    assert found.value == pytest.approx(largest_correlation(deviation).value, abs=0.01)


@given(st.floats(1e-6, 1.0), st.floats(0.0, 100.0))
def test_the_ratio_undoes_adding_in_squares(s_off, ratio):
    found = noise_ratio(float(np.hypot(s_off, ratio * s_off)), s_off)
    assert found.value == pytest.approx(ratio, rel=1e-4, abs=1e-7)


def test_no_instrument_noise_means_no_ratio():
    found = noise_ratio(0.006, 0.0)
    assert found.value is None
    assert "no noise" in str(found.reason)


@pytest.mark.parametrize("s_on", [0.0, 0.8e-3, 0.9e-3])
def test_junctions_that_add_nothing_have_ratio_zero_and_say_so(s_on):
    found = noise_ratio(s_on, 0.9e-3)
    assert found.value == 0.0
    assert "no more noise" in str(found.reason)


@pytest.mark.parametrize("wrong", [(-1.0, 1.0), (1.0, -1.0), (np.nan, 1.0), (1.0, np.inf)])
def test_what_is_no_standard_deviation_is_refused(wrong):
    with pytest.raises(ValueError, match="must be finite"):
        noise_ratio(*wrong)
