"""The sampler against the closed forms of the two-state chain.

Statistical bounds are stated in standard errors of the closed form (correlation included). With
the seeds written here every comparison is one fixed number; over fresh seeds a bound of 4.5 would
be crossed once in 150 000 comparisons.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import Switching, propagate, switching

BOUND = 4.5
JUNCTIONS = 200


def process(leaving_p_hz: float, leaving_ap_hz: float) -> Rates:
    total = leaving_p_hz + leaving_ap_hz
    return Rates(np.full(JUNCTIONS, total), np.full(JUNCTIONS, leaving_p_hz / total))


def stationary(rates: Rates, dt_s: float, n: int, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    start = rng.random(JUNCTIONS) < rates.occupancy
    return propagate(start, switching(rates, dt_s), rng.random((n, JUNCTIONS)))


@pytest.mark.parametrize("dt_over_tau", [0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0])
def test_occupancy_and_correlation_are_exact_at_any_time_step(dt_over_tau: float) -> None:
    rates = process(1.0, 0.4)
    occupancy, total = 1.0 / 1.4, 1.4
    n = 4000
    states = stationary(rates, dt_over_tau, n, seed=11)
    rho = np.exp(-total * dt_over_tau)
    variance = occupancy * (1.0 - occupancy)

    # Junctions are independent; samples of one are an AR(1) series.
    effective = JUNCTIONS * n * (1.0 - rho) / (1.0 + rho)
    assert abs(states.mean() - occupancy) < BOUND * np.sqrt(variance / effective)

    x = states - occupancy
    lag1 = (x[1:] * x[:-1]).sum(axis=0) / (n - 1)
    # Spread over the junctions gives the standard error without a model.
    error = lag1.std(ddof=1) / np.sqrt(JUNCTIONS)
    assert abs(lag1.mean() - variance * rho) < BOUND * error


@pytest.mark.parametrize("lag", [1, 3, 10, 30])
def test_autocovariance_is_exponential(lag: int) -> None:
    states = stationary(process(0.7, 1.3), 0.05, 6000, seed=12)
    occupancy = 0.35
    x = states - occupancy
    covariance = (x[lag:] * x[:-lag]).mean(axis=0)
    expected = occupancy * (1 - occupancy) * np.exp(-2.0 * lag * 0.05)
    error = covariance.std(ddof=1) / np.sqrt(JUNCTIONS)
    assert abs(covariance.mean() - expected) < BOUND * error


@pytest.mark.parametrize("dt_over_tau", [0.01, 0.5, 5.0])
def test_dwell_times_are_geometric(dt_over_tau: float) -> None:
    rates = process(1.0, 0.4)
    states = stationary(rates, dt_over_tau, 8000, seed=13)
    leave_ap = float((1 - np.exp(-1.4 * dt_over_tau)) * 0.4 / 1.4)
    lengths = []
    for one in states.T:
        edges = np.flatnonzero(np.diff(one.astype(np.int8)))
        runs = np.diff(edges)
        # The run after a rise is in AP; first and last runs are cut and left out.
        first = 0 if one[edges[0] + 1] else 1 if len(edges) else 0
        lengths.append(runs[first::2])
    dwell = np.concatenate(lengths)
    sd_of_mean = np.sqrt(1 - leave_ap) / leave_ap / np.sqrt(len(dwell))
    assert abs(dwell.mean() - 1 / leave_ap) < BOUND * sd_of_mean
    for steps in (1, 2, 5):
        survival = (1 - leave_ap) ** steps
        error = np.sqrt(survival * (1 - survival) / len(dwell))
        assert abs((dwell > steps).mean() - survival) < BOUND * error


@given(
    total=st.floats(0, 1e9),
    occupancy=st.floats(0, 1),
    dt=st.floats(0, 1e3),
    share=st.floats(0, 1),
)
def test_two_steps_make_one_step(total: float, occupancy: float, dt: float, share: float) -> None:
    def matrix(dt_s: float) -> NDArray[np.float64]:
        s = switching(Rates(np.array([total]), np.array([occupancy])), dt_s)
        up, change = float(s.to_ap[0]), float(s.change[0])
        return np.array([[1 - up, up], [change - up, 1 - change + up]])

    assert np.allclose(matrix(share * dt) @ matrix((1 - share) * dt), matrix(dt), atol=1e-12)


@given(st.data())
def test_vectorised_like_a_loop_over_steps(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    shape = (n, m) if data.draw(st.booleans()) else (m,)
    change = rng.random(shape)
    to_ap = change * rng.random(shape)
    u, start = rng.random((n, m)), rng.random(m) < 0.5

    expected = np.empty((n, m), dtype=bool)
    state = start.copy()
    for k in range(n):
        for j in range(m):
            up = np.broadcast_to(to_ap, (n, m))[k, j]
            both = np.broadcast_to(change, (n, m))[k, j]
            if u[k, j] < up:
                state[j] = True
            elif u[k, j] < both:
                state[j] = False
        expected[k] = state
    assert np.array_equal(propagate(start, Switching(to_ap, change), u), expected)


@given(cut=st.integers(0, 50), seed=st.integers(0, 2**32))
def test_cutting_a_series_in_two_changes_nothing(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    step = switching(Rates(np.array([3.0, 9.0]), np.array([0.2, 0.6])), 0.1)
    u, start = rng.random((50, 2)), np.array([True, False])
    whole = propagate(start, step, u)
    head = propagate(start, step, u[:cut])
    tail = propagate(head[-1] if cut else start, step, u[cut:])
    assert np.array_equal(np.concatenate([head, tail]), whole)


def test_frozen_and_infinitely_fast_junctions() -> None:
    rates = Rates(np.array([0.0, np.finfo(float).max]), np.array([0.3, 0.25]))
    u = np.random.default_rng(1).random((20_000, 2))
    states = propagate(np.array([True, True]), switching(rates, 1e6), u)
    assert states[:, 0].all()
    assert abs(states[:, 1].mean() - 0.25) < BOUND * np.sqrt(0.25 * 0.75 / 20_000)
    assert np.array_equal(switching(rates, 0.0).change, [0.0, 0.0])


def test_memory_is_enough_for_no_step_at_all() -> None:
    step = switching(Rates(np.ones(2), np.ones(2)), 1.0)
    assert propagate(np.array([True, False]), step, np.empty((0, 2))).shape == (0, 2)
