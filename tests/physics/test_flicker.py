"""Flicker noise: 1/f in its band, exact for any time step."""

import numpy as np
import pytest

from sim_backend.physics.flicker import bank, follow
from sim_backend.physics.junction import JunctionParameters

KIND = JunctionParameters(flicker=1e-6, flicker_lowest_hz=1.0, flicker_highest_hz=1e5)
BOUND = 4.5


def density(f: np.ndarray) -> np.ndarray:
    """One-sided, of the sum of the processes."""
    made = bank(KIND)
    rates = made.rates_hz[:, np.newaxis]
    return (4 * made.sigma**2 * rates / (rates**2 + (2 * np.pi * f) ** 2)).sum(axis=0)


def test_one_over_f_within_what_is_stated() -> None:
    inside = np.geomspace(2.0, 0.5e5, 500)
    assert np.abs(density(inside) * inside / 1e-6 - 1).max() < 0.06
    band = np.geomspace(1.0, 1e5, 500)
    assert np.abs(density(band) * band / 1e-6 - 1).max() < 0.12
    # Flat below, falling faster above.
    assert density(np.array([0.01]))[0] == pytest.approx(density(np.array([0.001]))[0], rel=0.01)
    assert density(np.array([1e7]))[0] * 1e7 < 0.06e-6


def test_no_flicker_no_processes() -> None:
    assert len(bank(JunctionParameters()).rates_hz) == 0
    assert bank(JunctionParameters()).variance == 0


@pytest.mark.parametrize("dt_s", [1e-6, 1e-3, 1.0])
def test_covariance_is_exact_at_any_time_step(dt_s: float) -> None:
    made = bank(KIND)
    m, n, k = 400, 200, len(made.rates_hz)
    rng = np.random.default_rng(1)
    start = made.sigma * rng.standard_normal((m, k))
    path = follow(made, start, 0.5 * dt_s, dt_s, rng.standard_normal((n, m, k)))
    for process in range(k):
        x = path[..., process]
        for lag, gap_s in ((0, 0.0), (1, dt_s), (10, 10 * dt_s)):
            product = (x[lag:] * x[: n - lag]).mean(axis=0)
            expected = made.sigma**2 * np.exp(-made.rates_hz[process] * gap_s)
            assert abs(product.mean() - expected) < BOUND * product.std(ddof=1) / np.sqrt(m)
    from_start = (path[0] * start).mean(axis=0)
    expected = made.sigma**2 * np.exp(-made.rates_hz * 0.5 * dt_s)
    assert np.abs(from_start - expected).max() < BOUND * made.sigma**2 * np.sqrt(2 / m)


def test_a_periodogram_shows_it() -> None:
    """By octaves, 60 junctions, seed 2; what lies above half the sampling rate folds back."""
    made = bank(KIND)
    m, n, dt_s = 60, 1 << 14, 1e-4
    rng = np.random.default_rng(2)
    start = made.sigma * rng.standard_normal((m, len(made.rates_hz)))
    x = follow(made, start, 0.0, dt_s, rng.standard_normal((n, m, len(made.rates_hz)))).sum(axis=2)
    window = np.hanning(n)[:, np.newaxis]
    power = np.abs(np.fft.rfft(x * window, axis=0)) ** 2 * 2 * dt_s / (window**2).sum()
    f = np.fft.rfftfreq(n, dt_s)
    rho = np.exp(-made.rates_hz * dt_s)[:, np.newaxis]
    spectra = (1 - rho**2) / (1 - 2 * rho * np.cos(2 * np.pi * f * dt_s) + rho**2)
    folded = 2 * dt_s * made.sigma**2 * spectra.sum(axis=0)
    for first_hz in (8.0, 32.0, 128.0, 512.0):
        octave = (f >= first_hz) & (f < 2 * first_hz)
        ratio = (power[octave] / folded[octave, np.newaxis]).mean(axis=0)
        assert abs(ratio.mean() - 1) < BOUND * ratio.std(ddof=1) / np.sqrt(m)
