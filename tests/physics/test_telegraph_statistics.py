"""Sampled junctions against the closed forms, for 20 random ones and steps of 0.01 to 100 dwells.

Every comparison is a fixed number under the seeds written here. Over fresh seeds each Kolmogorov-
Smirnov test would fail once in 10 000, each bound of 4.5 standard errors (64 junctions give the
error) once in 30 000: all of this file about once in 100.
"""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import Switching, propagate, switching

BOUND = 4.5
SMALLEST_P = 1e-4
JUNCTIONS, STEPS = 64, 8192
SEED = 2026


class Case(NamedTuple):
    """A junction, the step it is sampled with, and what is expected of the samples."""

    tau_p_s: float
    tau_ap_s: float
    dt_s: float
    seed: int

    @property
    def total_hz(self) -> float:
        return 1 / self.tau_p_s + 1 / self.tau_ap_s

    @property
    def occupancy(self) -> float:
        return self.tau_ap_s / (self.tau_p_s + self.tau_ap_s)

    @property
    def rho(self) -> float:
        return float(np.exp(-self.total_hz * self.dt_s))

    @property
    def variance(self) -> float:
        return self.occupancy * (1 - self.occupancy)

    def states(self) -> NDArray[np.bool_]:
        rng = np.random.default_rng(self.seed)
        rates = Rates(np.full(JUNCTIONS, self.total_hz), np.full(JUNCTIONS, self.occupancy))
        start = rng.random(JUNCTIONS) < self.occupancy
        return propagate(start, switching(rates, self.dt_s), rng.random((STEPS, JUNCTIONS)))


def cases() -> list[Case]:
    rng = np.random.default_rng(SEED)
    found = []
    for seed, steps_per_dwell in enumerate(np.geomspace(0.01, 100, 20)):
        mean_s = 10 ** rng.uniform(-6, 0)
        split = np.exp(rng.uniform(-1.5, 1.5))
        tau_p_s, tau_ap_s = mean_s * split, mean_s / split
        dt_s = steps_per_dwell * 2 / (1 / tau_p_s + 1 / tau_ap_s)
        found.append(Case(tau_p_s, tau_ap_s, dt_s, seed))
    return found


CASES = cases()
every = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.dt_s / c.tau_p_s:.2g}-dwells")


def closeness(per_junction: NDArray[np.float64], expected: float) -> float:
    """Distance of the mean from `expected` in standard errors, from the spread of junctions."""
    error = per_junction.std(ddof=1) / np.sqrt(len(per_junction))
    return abs(per_junction.mean() - expected) / error


@every
def test_occupancy(case: Case) -> None:
    assert closeness(case.states().mean(axis=0), case.occupancy) < BOUND


@every
def test_dwell_times_are_exponential(case: Case) -> None:
    """By Kolmogorov-Smirnov, at any step: what sampling does to a dwell time is undone exactly.

    A dwell of L samples lasts between L - 1 and L steps in the chain of the samples. A time drawn
    from an exponential cut to one step, added to L - 1 steps, makes it continuous; it is
    exponential in turn with exactly the rate -ln(1 - p) of leaving per step. Only dwells that begin
    in the first half count, so that none is cut off by the end of the record.
    """
    states = case.states()
    rng = np.random.default_rng((case.seed, 1))
    change = 1 - case.rho
    for ap, leaving in ((True, change * (1 - case.occupancy)), (False, change * case.occupancy)):
        rate = -np.log1p(-leaving)
        dwells = np.concatenate([lengths(one, ap) for one in states.T])
        within = -np.log1p(rng.random(len(dwells)) * np.expm1(-rate)) / rate
        assert len(dwells) > 200
        assert kstest((dwells - 1 + within) * rate, "expon").pvalue > SMALLEST_P


def lengths(states: NDArray[np.bool_], ap: bool) -> NDArray[np.int64]:
    """Samples of each whole dwell in one state."""
    edges = np.flatnonzero(states[1:] != states[:-1]) + 1
    begins, ends = edges[:-1], edges[1:]
    mine = (states[begins] == ap) & (begins < len(states) // 2)
    return (ends - begins)[mine]


@every
def test_autocorrelation(case: Case) -> None:
    x = case.states() - case.occupancy
    for lag in (1, 2, 7):
        covariance = (x[lag:] * x[:-lag]).mean(axis=0)
        assert closeness(covariance, case.variance * case.rho**lag) < BOUND


@every
def test_power_spectrum(case: Case) -> None:
    """Periodograms, by octaves, against the expectation of the sampled exponential covariance."""
    x = case.states() - case.occupancy
    power = np.abs(np.fft.rfft(x, axis=0)) ** 2 / STEPS
    lag = np.minimum(np.arange(2 * STEPS), 2 * STEPS - np.arange(2 * STEPS))
    covariance = case.variance * case.rho**lag * np.maximum(1 - lag / STEPS, 0)
    expected = np.fft.rfft(covariance).real[::2]
    for first in 2 ** np.arange(3, 12):
        octave = slice(first, 2 * first)
        ratio = (power[octave] / expected[octave, np.newaxis]).mean(axis=0)
        assert closeness(ratio, 1.0) < BOUND


@pytest.mark.parametrize("case", CASES[:6], ids=lambda c: f"{c.dt_s / c.tau_p_s:.2g}-dwells")
def test_the_spectrum_is_the_lorentzian_of_machlup(case: Case) -> None:
    """Where sampling is fine enough to see it: below 1/20 of the sampling rate, to 1 %."""
    x = case.states() - case.occupancy
    density = 2 * case.dt_s * np.abs(np.fft.rfft(x, axis=0)) ** 2 / STEPS
    f = np.fft.rfftfreq(STEPS, case.dt_s)
    lorentzian = 4 / ((case.tau_p_s + case.tau_ap_s) * (case.total_hz**2 + (2 * np.pi * f) ** 2))
    seen = (f > 8 / (STEPS * case.dt_s)) & (f < 0.05 / case.dt_s)
    ratio = (density[seen] / lorentzian[seen, np.newaxis]).mean(axis=0)
    error = ratio.std(ddof=1) / np.sqrt(JUNCTIONS)
    assert abs(ratio.mean() - 1) < BOUND * error + 0.01
    # Its integral is the variance of the telegraph.
    band = np.arctan(2 * np.pi * f[-1] / case.total_hz) * 2 / np.pi
    whole = density.sum(axis=0).mean() * f[1]
    assert whole == pytest.approx(case.variance, rel=0.1)
    assert 0.7 < band < 1


def test_a_wrong_process_does_not_pass() -> None:
    """Naive probabilities, rate x step, at a third of a dwell."""
    case = CASES[7]
    naive = np.full(JUNCTIONS, case.total_hz * case.dt_s)
    assert 0.3 < naive[0] < 1
    rng = np.random.default_rng(0)
    wrong = Switching(naive * case.occupancy, naive)
    states = propagate(rng.random(JUNCTIONS) < 0.5, wrong, rng.random((STEPS, JUNCTIONS)))
    x = states - case.occupancy
    covariance = (x[1:] * x[:-1]).mean(axis=0)
    assert closeness(covariance, case.variance * case.rho) > 2 * BOUND
