import math

import numpy as np
import pytest
from scipy.signal import welch

from mtjlab.analysis.autocorrelation import trace_autocorrelation
from mtjlab.analysis.spectrum import trace_spectrum
from tests.analysis.traces import DT_S, HIGH_V, LOW_V, telegraph


def test_the_density_is_that_of_scipy():
    trace = telegraph(1, 30.0, 30.0, n=16_384)
    found = trace_spectrum(trace, DT_S, tau_c_s=2.0 * DT_S)
    pieces = trace.reshape(32, 512) - trace.mean()
    segment = 2 * (len(found.frequency_hz) + 1)
    frequency, density = welch(
        pieces, 1.0 / DT_S, "hann", segment, segment // 2, detrend=False, axis=1
    )
    assert found.frequency_hz == pytest.approx(frequency[2:])
    # SciPy halves the bin at the Nyquist frequency, which has no partner.
    assert found.density[:-1] == pytest.approx(density.mean(axis=0)[2:-1])


@pytest.mark.parametrize(("tau", "distance"), [(40.0, 13.0), (40.0, 3.0), (4.0, 13.0)])
def test_lorentzian_and_floor(tau, distance):
    trace = telegraph(2, tau, 1.5 * tau, n=200_000, distance=distance)
    tau_c_s = 0.6 * tau * DT_S
    found = trace_spectrum(trace, DT_S, tau_c_s=tau_c_s)
    sigma = (HIGH_V - LOW_V) / distance
    corner = 1.0 / (2.0 * math.pi * tau_c_s)
    plateau = 4.0 * (HIGH_V - LOW_V) ** 2 * 0.24 * tau_c_s
    for estimate, truth in ((found.corner_hz, corner), (found.plateau, plateau)):
        assert estimate.value == pytest.approx(truth, rel=0.1)
        assert estimate.low < estimate.value < estimate.high < 1.3 * estimate.value
    assert found.floor.covers(2.0 * sigma**2 * DT_S)
    assert found.model == pytest.approx(found.density, rel=0.6)


def test_white_noise_has_no_corner_and_says_so():
    noise = np.random.default_rng(3).standard_normal(50_000)
    found = trace_spectrum(noise, DT_S)
    assert not found.corner_hz.known
    assert "white floor" in str(found.corner_hz.reason)
    assert not trace_autocorrelation(noise, DT_S).tau_c_s.known


def test_the_correlation_is_an_exponential():
    trace = telegraph(4, 20.0, 30.0, n=200_000)
    found = trace_autocorrelation(trace, DT_S)
    truth = np.exp(-found.lag_s / (12.0 * DT_S))
    signal = found.correlation[1] / truth[1]
    assert np.abs(found.correlation[1:] - signal * truth[1:]).max() < 5 * found.error.max()
    assert found.tau_c_s.value == pytest.approx(12.0 * DT_S, rel=0.08)


@pytest.mark.parametrize("trace", [np.ones(5000), np.random.default_rng(5).standard_normal(60)])
def test_no_number_without_a_reason(trace):
    assert trace_spectrum(trace, DT_S).corner_hz.reason is not None
    assert trace_autocorrelation(trace, DT_S, guess_s=1e-3).tau_c_s.reason is not None
