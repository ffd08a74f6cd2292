import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.analysis.chain import chain_rates, pair_counts


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_pairs_are_counted(values):
    counted = np.zeros((2, 2))
    for one, other in itertools.pairwise(values):
        counted[int(one), int(other)] += 1
    assert (pair_counts(np.array(values)) == counted).all()


@pytest.mark.parametrize("step", [0.01, 0.3, 2.0, 4.0])
def test_expected_counts_give_the_rates_back_exactly(step):
    """Counts as the master equation has them, of a chain with tau_low = 1 s, tau_high = 2.5 s."""
    change = -math.expm1(-1.4 * step)
    up, down = change / 1.4, change * 0.4 / 1.4
    share = up / change
    pairs = 1e8 * np.array(
        [[(1 - share) * (1 - up), (1 - share) * up], [share * down, share * (1 - down)]]
    )
    found = chain_rates(pairs, step)
    assert found.tau_low_s.value == pytest.approx(1.0)
    assert found.tau_high_s.value == pytest.approx(2.5)
    assert found.tau_c_s.value == pytest.approx(1.0 / 1.4)
    assert found.occupancy_high.value == pytest.approx(1.0 / 1.4)


def test_intervals_of_many_flips_are_those_of_a_count():
    pairs = np.array([[1e6, 400.0], [400.0, 1e6]])
    found = chain_rates(pairs, 1.0).tau_low_s
    # Second order of the likelihood of a Poisson mean: z / root n, and z^2 / 3 n.
    assert found.value / found.low == pytest.approx(1 + 1.96 / 20 + 1.96**2 / 1200, rel=1e-3)
    assert found.value / found.high == pytest.approx(1 - 1.96 / 20 + 1.96**2 / 1200, rel=1e-3)


def test_the_profile_agrees_with_a_brute_search():
    pairs = np.array([[40.0, 6.0], [5.0, 30.0]])
    totals, shares = np.exp(np.linspace(-5, 2, 1401)), np.linspace(0.005, 0.995, 991)
    change = -np.expm1(-totals)[:, None]
    up, down = change * shares, change * (1 - shares)
    likelihood = 40 * np.log1p(-up) + 6 * np.log(up) + 5 * np.log(down) + 30 * np.log1p(-down)
    best = likelihood.max(axis=1)
    inside = totals[best > likelihood.max() - 1.92073]
    found = chain_rates(pairs, 1.0).tau_c_s
    assert found.low == pytest.approx(1 / inside[-1], rel=0.01)
    assert found.high == pytest.approx(1 / inside[0], rel=0.01)


def test_independent_samples_bound_the_times_from_above_only():
    found = chain_rates(np.array([[250.0, 250.0], [250.0, 250.0]]), 1e-3)
    for estimate in (found.tau_low_s, found.tau_high_s, found.tau_c_s):
        assert not estimate.known
        assert (estimate.low, "sample faster" in str(estimate.reason)) == (0.0, True)
        assert 0.0 < estimate.high < 2e-3
    assert found.occupancy_high.value == 0.5


def test_anticorrelated_samples_are_as_good_as_independent():
    found = chain_rates(np.array([[10.0, 490.0], [490.0, 10.0]]), 1.0)
    assert not found.tau_c_s.known
    assert found.tau_c_s.high < 0.5


def test_a_trace_that_never_flips_bounds_the_rate_by_its_length():
    found = chain_rates(np.array([[999.0, 0.0], [0.0, 0.0]]), 1e-2)
    assert not found.tau_low_s.known
    assert found.tau_low_s.low == pytest.approx(9.99 / 3.0, rel=2e-3)
    assert math.isinf(found.tau_low_s.high)
    assert "not visited" in str(found.tau_high_s.reason)
    assert found.transitions == 0


def test_one_way_flips_bound_the_way_back():
    found = chain_rates(np.array([[500.0, 1.0], [0.0, 500.0]]), 1.0)
    assert found.tau_low_s.covers(500.0)
    assert not found.tau_high_s.known
    assert found.tau_high_s.low > 100.0


@pytest.mark.parametrize("dt", [0.0, -1.0, math.nan, math.inf])
def test_an_interval_that_is_none_is_refused(dt):
    with pytest.raises(ValueError, match="dt_s"):
        chain_rates(np.ones((2, 2)), dt)


def test_counts_that_are_none_are_refused():
    with pytest.raises(ValueError, match="pairs"):
        chain_rates(np.array([[1.0, -1.0], [0.0, 2.0]]), 1.0)
