import h5py
import numpy as np
import pytest

from mtjlab.store.traces import open_trace
from mtjlab.store.traces_look import look, resolution_v
from sim_backend.physics.rates import Rates
from sim_backend.physics.telegraph import propagate, switching

STEP_S = 5e-6


def telegraph(samples=200_000, *, sigma_v=0.908e-3, code_v=0.0, seed=3):
    """The published junction: 42.09 mV +- 5.93 mV, flip probability 0.0809 a sample."""
    rng = np.random.default_rng(seed)
    per_sample = -np.log(1 - 2 * 0.0809)
    rates = Rates(np.ones(1), np.full(1, 0.5))
    states = propagate(np.array([True]), switching(rates, per_sample), rng.random((samples, 1)))
    volts = 0.042092104 + np.where(states[:, 0], 1, -1) * 0.0059316154
    volts += sigma_v * rng.standard_normal(samples)
    return np.round(volts / code_v) * code_v if code_v else volts


def looked(tmp_path, volts, **options):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["V"] = np.asarray(volts, dtype=np.float32)
        file.attrs["dt"] = STEP_S
    with open_trace(tmp_path / "a.h5") as trace:
        return look(trace, **options)


@pytest.mark.parametrize("code_v", [0.0, 0.4e-3])
def test_levels_rates_and_noise_of_the_published_junction(tmp_path, code_v):
    found = looked(tmp_path, telegraph(code_v=code_v))
    levels, rates = found.telegraph.levels, found.telegraph.rates
    assert levels.low_v == pytest.approx(0.036160, abs=30e-6)
    assert levels.high_v == pytest.approx(0.048024, abs=30e-6)
    # 16 000 transitions: five standard deviations
    assert rates.tau_c_s == pytest.approx(28.3e-6, rel=0.04)
    assert rates.tau_low_s == pytest.approx(56.7e-6, rel=0.06)
    assert found.telegraph.verdict == "telegraph"
    assert found.noise_ratio.value == pytest.approx(5.93 / 0.908, rel=0.03)
    assert found.resolution_v == pytest.approx(code_v, rel=1e-3)


def test_only_the_beginning_is_looked_at(tmp_path):
    volts = np.concatenate([telegraph(20_000), np.full(1000, 0.3)])
    found = looked(tmp_path, volts, samples=20_000)
    assert found.seen == 20_000
    assert found.telegraph.levels.high_v < 0.05


def test_noise_alone_has_no_ratio_and_says_so(tmp_path):
    found = looked(tmp_path, 1e-3 * np.random.default_rng(0).standard_normal(20_000))
    assert found.telegraph.verdict == "noise only"
    assert found.noise_ratio.value is None
    assert "one level only" in found.noise_ratio.reason


def test_a_toggling_converter_is_no_junction(tmp_path):
    volts = 1e-3 * np.round(0.7 * np.random.default_rng(0).standard_normal(20_000))
    found = looked(tmp_path, volts)
    assert found.resolution_v == pytest.approx(1e-3, rel=1e-4)
    assert not found.telegraph.levels.separated


@pytest.mark.parametrize(
    ("volts", "step_v"),
    [([1.0], 0.0), ([0.0, 1.0] * 9, 0.0), (np.arange(9) / 3, 1 / 3), (np.arange(5000), 0.0)],
)
def test_steps_of_a_converter(volts, step_v):
    assert resolution_v(np.asarray(volts)) == pytest.approx(step_v)
