import itertools
import math

import numpy as np
import pytest

from mtjlab.analysis.chain import chain_rates, pair_counts
from mtjlab.analysis.hidden_markov import HiddenMarkov, Model, fit_hidden_markov
from mtjlab.analysis.hidden_markov_kernels import smooth
from mtjlab.analysis.hidden_rates import hidden_rates
from tests.analysis.traces import states, telegraph

START = Model(37e-3, 47e-3, 2e-3, 0.1, 0.1)


def enumerated(values, low, high, sigma, up, down):
    """All paths of a short trace: likelihood, posterior, expected steps, the best path."""
    step = np.array([[1 - up, up], [down, 1 - down]])
    paths = list(itertools.product((0, 1), repeat=len(values)))
    weight = []
    for path in paths:
        levels = np.where(path, high, low)
        density = np.exp(-0.5 * ((values - levels) / sigma) ** 2).prod()
        moves = np.prod([step[a, b] for a, b in itertools.pairwise(path)])
        weight.append(0.5 * density * moves)
    weight = np.array(weight)
    share = weight / weight.sum()
    table = np.array(paths)
    ups = (np.diff(table, axis=1) == 1).sum(axis=1)
    downs = (np.diff(table, axis=1) == -1).sum(axis=1)
    return math.log(weight.sum()), share @ table, share @ ups, share @ downs, paths[weight.argmax()]


@pytest.mark.parametrize("seed", range(5))
def test_forward_backward_and_viterbi_agree_with_all_paths(seed):
    values = np.random.default_rng(seed).standard_normal(10)
    model = Model(-0.6, 0.9, 0.8, 0.2, 0.35)
    likelihood, posterior, ups, downs, path = enumerated(values, *model)
    high = np.empty(10)
    slope = (model.high - model.low) / model.sigma**2
    sums = smooth(values, 0.5 * (model.low + model.high), slope, model.up, model.down, high)
    low_only = -0.5 * (((values - model.low) / model.sigma) ** 2).sum()
    assert sums[0] + low_only == pytest.approx(likelihood)
    assert high == pytest.approx(posterior)
    assert (sums[1], sums[2]) == pytest.approx((ups, downs))
    assert (sums[4], sums[5]) == pytest.approx((posterior.sum(), posterior @ values))
    fit = HiddenMarkov(model, np.eye(5), 0.0, ups, downs, True)
    assert fit.states(values).astype(int).tolist() == list(path)


def test_clear_levels_give_what_a_threshold_gives():
    trace = telegraph(1, 20.0, 30.0)
    fit = fit_hidden_markov(trace, START)
    by_threshold = chain_rates(pair_counts(trace > 42e-3), 1.0)
    hidden = hidden_rates(fit, 1.0)
    assert (fit.states(trace) == (trace > 42e-3)).all()
    for name in ("tau_low_s", "tau_high_s", "tau_c_s", "occupancy_high"):
        one, other = getattr(by_threshold, name), getattr(hidden, name)
        assert other.value == pytest.approx(one.value, rel=1e-3)
        assert (other.low, other.high) == pytest.approx((one.low, one.high), rel=5e-3)


def test_rates_in_noise_that_a_threshold_misreads():
    trace = telegraph(2, 50.0, 80.0, distance=2.5)
    naive = chain_rates(pair_counts(trace > 42e-3), 1.0)
    found = hidden_rates(fit_hidden_markov(trace, START), 1.0)
    assert naive.tau_low_s.high < 25.0
    assert found.tau_low_s.covers(50.0)
    assert found.tau_high_s.covers(80.0)


def test_levels_far_from_zero_and_swapped_guesses():
    trace = telegraph(3, 20.0, 30.0, distance=4.0)
    plain = fit_hidden_markov(trace, START)
    moved = fit_hidden_markov(trace + 10.0, START._replace(low=10.037, high=10.047))
    assert moved.model.high - 10.0 == pytest.approx(plain.model.high, abs=1e-8)
    assert moved.model.up == pytest.approx(plain.model.up, rel=1e-5)


def test_a_long_trace_is_begun_on_sections_and_ends_the_same():
    rng = np.random.default_rng(4)
    trace = states(rng, 12.0, 12.0, 900_000) + rng.standard_normal(900_000) / 3.0
    fit = fit_hidden_markov(trace, Model(0.1, 0.9, 0.4, 0.1, 0.1))
    assert fit.converged
    assert hidden_rates(fit, 1.0).tau_c_s.covers(6.0)


def test_sampling_too_slow_bounds_from_above_only():
    trace = telegraph(5, 0.2, 0.2, distance=3.0)
    found = hidden_rates(fit_hidden_markov(trace, START), 1.0)
    assert not found.tau_c_s.known
    assert found.tau_c_s.covers(0.1)
    assert found.occupancy_high.covers(0.5)


def test_a_constant_is_refused():
    with pytest.raises(ValueError, match="10 or more"):
        fit_hidden_markov(np.ones(100), START)
