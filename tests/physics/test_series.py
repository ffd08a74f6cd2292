"""Two junctions in series are the four-state chain that follows from single ones.

Talatchian et al., arXiv 2106.03604. Chi-square and Kolmogorov tests fail once in 10 000 fresh
seeds, bounds of 4.5 standard errors once in 150 000.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import chisquare

from sim_backend.physics.devices import Devices
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.physics.population import Population
from sim_backend.physics.rates import Rates
from sim_backend.physics.series import Joint, Series
from sim_backend.physics.singles import Singles

BOUND = 4.5
SMALLEST_P = 1e-4
KIND = JunctionParameters(
    v_ref_v=0.0, tau_p_s=1e-3, tau_ap_s=1e-3, slope_p_per_v=-20.0, slope_ap_per_v=20.0
)
SERIES_OHM = 1e3
SPREAD = Spread(r_sigma=0.1, tmr_sigma=0.05, tau_sigma=0.3, v50_v=5e-3)


def pair(kind: JunctionParameters = KIND, m: int = 2) -> Series:
    return Series(Devices.draw(kind, SPREAD, (), m, 3), SERIES_OHM)


def indicator(joint: Joint, probability: np.ndarray) -> np.ndarray:
    """Mean of `AP` of each junction."""
    return probability @ joint.ap


def correlation(joint: Joint) -> float:
    pi = joint.stationary()
    mean = indicator(joint, pi)
    both = pi @ (joint.ap[:, 0] & joint.ap[:, 1])
    return float((both - mean.prod()) / np.sqrt((mean * (1 - mean)).prod()))


@pytest.mark.parametrize("half_v", [np.inf, 0.1])
def test_each_rate_is_that_of_a_single_junction_on_what_is_left_of_the_circuit(
    half_v: float,
) -> None:
    """Independent of the code under test: a single behind resistor and the other's resistance."""
    series = pair(replace(KIND, tmr_half_v=half_v))
    joint = series.at(0.2)
    for state in range(4):
        for j in (0, 1):
            other = 1 - j
            d = series.devices
            v_other = joint.v[state]
            g = (
                d.conductance_ap_s(v_other)
                if joint.ap[state, other]
                else d.conductance_p_s(v_other)
            )
            single = Singles(
                d.take(np.array([j])), np.array([SERIES_OHM + 1 / g[other]]), np.array([1.0])
            )
            point = single.at(0.2)
            own_v = (point.v_ap if joint.ap[state, j] else point.v_p).item()
            assert joint.v[state, j] == pytest.approx(own_v, rel=1e-9)
            q = point.rates.occupancy.item()
            leaving = point.rates.total_hz.item() * (1 - q if joint.ap[state, j] else q)
            assert joint.leaving_hz[state, j] == pytest.approx(leaving, rel=1e-7)


def test_the_master_equation() -> None:
    joint = pair(m=3).at(0.3)
    q, pi = joint.generator(), joint.stationary()
    assert np.abs(q.sum(axis=1)).max() < 1e-9 * np.abs(q).max()
    assert np.abs(pi @ q).max() < 1e-12 * np.abs(q).max()
    assert pi.sum() == pytest.approx(1)
    assert np.allclose(expm(q * 1.0)[0], pi)


@pytest.mark.parametrize("source_v", [0.2, -0.2, 0.0])
def test_event_by_event_it_becomes_the_stationary_distribution(source_v: float) -> None:
    r = 20_000
    joint = pair().at(source_v)
    rng = np.random.default_rng(11)
    after = joint.run(np.zeros(r, dtype=np.intp), 0.05, rng)
    seen = np.bincount(after, minlength=4)
    expected = joint.stationary()
    assert np.allclose(expm(joint.generator() * 0.05)[0], expected, atol=1e-4)
    assert chisquare(seen, expected * r).pvalue > SMALLEST_P


@pytest.mark.parametrize("lag_s", [1e-4, 1e-3, 5e-3])
def test_cross_correlation_in_time(lag_s: float) -> None:
    """Junction 1 a little later than junction 0, and the other way round."""
    r = 40_000
    joint = pair().at(0.2)
    pi = joint.stationary()
    rng = np.random.default_rng(12)
    start = rng.choice(4, size=r, p=pi)
    after = joint.run(start, lag_s, rng)
    step = expm(joint.generator() * lag_s)
    x, y = joint.ap[start] - indicator(joint, pi), joint.ap[after] - indicator(joint, pi)
    centred = joint.ap - indicator(joint, pi)
    expected = centred.T @ (pi[:, np.newaxis] * step) @ centred
    for i in (0, 1):
        for j in (0, 1):
            product = x[:, i] * y[:, j]
            error = product.std(ddof=1) / np.sqrt(r)
            assert abs(product.mean() - expected[i, j]) < BOUND * error


def test_the_correlation_changes_sign_with_the_polarity() -> None:
    """One in AP takes voltage from the other: against its way to AP at V > 0, to P at V < 0."""
    assert correlation(pair().at(0.1)) < -0.03
    assert correlation(pair().at(-0.1)) > 0.03
    assert abs(correlation(pair().at(0.0))) < 1e-9


def test_a_population_whose_rates_are_found_anew_at_each_step_is_the_same_chain() -> None:
    """As an array is simulated: steps of 1/50 of a dwell time, each under the states before it."""
    r, n, dt_s = 4000, 400, 2e-5
    series = pair()
    joint = series.at(0.2)
    devices = series.devices.take(np.tile([0, 1], r))
    rng = np.random.default_rng(13)
    pi = joint.stationary()
    people = Population.start(devices, np.full(2 * r, 0.5), 0.0, rng)
    everyone = np.arange(2 * r)
    counts = np.zeros(4)
    for step in range(1, n + 1):
        state = people.ap.reshape(r, 2) @ np.array([1, 2])
        counts += (step > n // 2) * np.bincount(state, minlength=4)
        # With the other one as it is, a junction has one voltage in each state of its own.
        other = state[:, np.newaxis] & np.array([2, 1])
        leave_p = joint.leaving_hz[other, [0, 1]].ravel()
        leave_ap = joint.leaving_hz[other | np.array([1, 2]), [0, 1]].ravel()
        rates = Rates(leave_p + leave_ap, leave_p / (leave_p + leave_ap))
        people.advance(everyone, rates, rates, None, t0_s=step * dt_s, dt_s=0.0, n=1, rng=rng)
    share = counts / counts.sum()
    # 200 steps are 4 dwell times: about four independent looks at each of 4000 pairs.
    error = np.sqrt(pi * (1 - pi) / (4 * r))
    assert (np.abs(share - pi) < BOUND * error + 0.02 * pi).all()


def test_what_cannot_be_in_series_is_refused() -> None:
    with pytest.raises(ValueError, match="11 junctions in series; expected 1 to 10"):
        pair(m=11)
    with pytest.raises(ValueError, match="open junction"):
        Series(Devices.draw(KIND, SPREAD, (Fault(1, "open"),), 2, 0), 1e3)
    with pytest.raises(ValueError, match=r"series_ohm = -1.0 must not be negative"):
        Series(Devices.draw(KIND, SPREAD, (), 2, 0), -1.0)


def test_a_stuck_pair_stays() -> None:
    faults = (Fault(0, "stuck_p"), Fault(1, "stuck_ap"))
    joint = Series(Devices.draw(KIND, SPREAD, faults, 2, 0), 1e3).at(0.1)
    after = joint.run(np.full(5, 2, dtype=np.intp), 1e3, np.random.default_rng(0))
    assert (after == 2).all()
