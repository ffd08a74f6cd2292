import numpy as np
import pytest

from mtjlab.analysis.telegraph import characterise
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching

DT_S = 5e-6


def reference_device(tau_s: float, n: int = 20_000, seed: int = 0) -> np.ndarray:
    """Levels and noise of the published 60 nm device; both dwell times `tau_s`."""
    rng = np.random.default_rng(seed)
    step = switching(Rates(np.array([2 / tau_s]), np.array([0.5])), DT_S)
    states = propagate(np.array([False]), step, rng.random((n, 1)))[:, 0]
    return np.where(states, 0.04802, 0.03616) + 0.908e-3 * rng.standard_normal(n)


def test_the_published_device():
    found = characterise(reference_device(56.7e-6), DT_S)
    assert found.verdict == "telegraph"
    assert found.levels.low_v == pytest.approx(36.16e-3, abs=5e-5)
    assert found.levels.high_v == pytest.approx(48.02e-3, abs=5e-5)
    assert found.levels.sigma_v == pytest.approx(0.908e-3, rel=0.03)
    assert found.rates.tau_c_s == pytest.approx(28.3e-6, abs=4 * found.rates.tau_c_error_s)
    assert found.mean_v == pytest.approx(42.09e-3, abs=1e-3)
    assert found.sd_v == pytest.approx(6.0e-3, rel=0.02)


def test_few_transitions_are_slow():
    found = characterise(reference_device(20e-3, seed=3), DT_S)
    assert found.verdict == "slow"
    assert 0 < found.rates.transitions < 10


def test_independent_samples_of_two_levels_are_a_telegraph_with_a_reason():
    found = characterise(reference_device(0.5e-6), DT_S)
    assert found.verdict == "telegraph"
    assert "sample faster" in str(found.rates.reason)


@pytest.mark.parametrize(
    ("mean_v", "sd_v", "verdict"),
    [
        (0.048, 0.9e-3, "stuck"),
        (-0.048, 0.9e-3, "stuck"),
        (0.048, 0.0, "stuck"),
        (0.0, 0.9e-3, "noise only"),
        (0.3e-3, 0.9e-3, "noise only"),
        (0.0, 0.0, "noise only"),
    ],
)
def test_one_level_is_stuck_if_a_voltage_is_there(mean_v, sd_v, verdict):
    trace = mean_v + sd_v * np.random.default_rng(1).standard_normal(5_000)
    found = characterise(trace, DT_S)
    assert found.verdict == verdict
    assert found.rates.reason is not None


def test_single_precision_traces_give_the_same():
    trace = reference_device(56.7e-6)
    wide, narrow = characterise(trace, DT_S), characterise(trace.astype(np.float32), DT_S)
    assert narrow.verdict == "telegraph"
    assert narrow.levels.low_v == pytest.approx(wide.levels.low_v, rel=1e-5)
    assert narrow.rates.tau_c_s == pytest.approx(wide.rates.tau_c_s, rel=1e-2)
