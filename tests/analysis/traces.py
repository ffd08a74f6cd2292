"""Telegraphs for tests, drawn dwell by dwell: nothing of the package's own sampler."""

import numpy as np

LOW_V, HIGH_V, SIGMA_V = 36e-3, 48e-3, 0.9e-3
DT_S = 5e-6


def states(rng, tau_low, tau_high, n):
    """Both in samples."""
    count = int(2 * n / (tau_low + tau_high) + 10 * np.sqrt(n / (tau_low + tau_high)) + 20)
    high = bool(rng.random() < tau_high / (tau_low + tau_high))
    means = np.where((np.arange(count) % 2 == 0) == high, tau_high, tau_low)
    flips = np.cumsum(rng.exponential(means))
    assert flips[-1] > n
    return (np.searchsorted(flips, np.arange(n), side="right") % 2 == 1) ^ high


def telegraph(seed, tau_low, tau_high, *, n=20_000, distance=13.0):
    rng = np.random.default_rng(seed)
    high = states(rng, tau_low, tau_high, n)
    sigma = (HIGH_V - LOW_V) / distance
    return np.where(high, HIGH_V, LOW_V) + sigma * rng.standard_normal(n)
