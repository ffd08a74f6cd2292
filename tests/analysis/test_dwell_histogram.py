import numpy as np
import pytest

from mtjlab.analysis.dwell_histogram import dwells
from tests.analysis.traces import states


def of(high, seed=0):
    return dwells(high, 1e-3, rng=np.random.default_rng(seed))


def test_dwells_are_cut_out_and_the_ends_set_apart():
    high = np.repeat([False, True, False, True] * 6, [3, 2, 5, 4] * 6)
    low, upper = of(high)
    assert low.counts.sum() == 11
    assert upper.counts.sum() == 11
    assert low.censored_s == pytest.approx((3e-3,))
    assert upper.censored_s == pytest.approx((4e-3,))
    # 11 departures, seen staying in 6 x 8 - 3 whole steps and 2 cut ones.
    assert low.mean_s.value == pytest.approx(1e-3 * (45 + 2) / 11)


def test_the_expected_counts_follow_the_seen_ones():
    high = states(np.random.default_rng(1), 20.0, 8.0, 200_000)
    for found, tau in zip(of(high), (20.0, 8.0), strict=True):
        whole = found.counts.sum()
        assert found.expected.sum() == pytest.approx(whole)
        assert np.abs(found.counts - found.expected).max() < 5 * np.sqrt(found.expected.max())
        # Flips that come in pairs within a step are not seen: dt / p, not tau.
        rate = 1 / 20.0 + 1 / 8.0
        assert found.mean_s.value == pytest.approx(1e-3 * tau * rate / -np.expm1(-rate), rel=0.04)
        assert found.exponential


def test_p_values_are_uniform_for_a_telegraph():
    """200 levels: the share below 0.1 is within 4 standard errors of it, for long and short."""
    p = []
    for seed in range(100):
        high = states(np.random.default_rng(seed), 3.0, 40.0, 4000)
        p += [one.p_value.value for one in of(high, seed)]
    assert abs(np.mean(np.array(p) < 0.1) - 0.1) < 4 * np.sqrt(0.09 / 200)
    assert abs(np.mean(p) - 0.5) < 4 * np.sqrt(1 / 12 / 200)


def test_two_kinds_of_dwells_are_not_exponential():
    rng = np.random.default_rng(2)
    lengths = np.where(rng.random(600) < 0.5, 5, rng.geometric(0.01, 600))
    low, upper = of(np.repeat(np.arange(600) % 2 == 1, lengths))
    assert low.exponential is False
    assert upper.exponential is False


def test_too_few_say_so():
    low, upper = of(np.repeat([False, True, False], 10))
    assert low.exponential is None
    assert "1 whole dwells" in str(upper.mean_s.reason)
    assert "0 whole dwells" in str(low.p_value.reason)


def test_without_any_memory_every_dwell_may_be_one_step():
    low, _ = of(np.arange(100) % 2 == 1)
    assert low.mean_s.value == pytest.approx(1e-3)
