import numpy as np
import pytest

from mtjlab.analysis.dwell import rates
from mtjlab.analysis.levels import levels

LOW, HIGH = 0.036, 0.048


def telegraph(rng, dt, tau_low, tau_high, *, traces=1, n=20_000, sigma=0.0009):
    """Exact samples of the chain, written out here: independent of the package's own sampler."""
    total = 1 / tau_low + 1 / tau_high
    decay = np.exp(-total * dt)
    occupancy = (1 / tau_low) / total
    up, stay = occupancy * (1 - decay), occupancy + (1 - occupancy) * decay
    states = np.empty((n, traces), dtype=bool)
    now = rng.random(traces) < occupancy
    for row in states:
        row[:] = now
        now = rng.random(traces) < np.where(now, stay, up)
    return np.where(states, HIGH, LOW) + sigma * rng.standard_normal((n, traces))


def measured(trace, dt):
    return rates(trace, dt, levels(trace))


@pytest.mark.parametrize(
    ("dt", "sigma"),
    [(dt, s) for dt in (0.02, 0.1, 0.3, 1.0) for s in (0.0, 0.9e-3, 2e-3)]
    + [(0.3, 3.8e-3), (1.0, 3.8e-3)],
)
def test_known_rates_come_back_within_their_stated_error(dt, sigma):
    """24 traces: the mean of (1/tau - truth) / error lies within 4 standard errors of 0."""
    truth = {"low": 1.0, "high": 2.5, "c": 1 / (1 / 1.0 + 1 / 2.5)}
    traces = telegraph(np.random.default_rng(8), dt, 1.0, 2.5, traces=24, sigma=sigma, n=10_000)
    found = [measured(trace, dt) for trace in traces.T]
    assert all(f.reason is None for f in found)
    for name, tau in truth.items():
        value = np.array([getattr(f, f"tau_{name}_s") for f in found])
        error = np.array([getattr(f, f"tau_{name}_error_s") for f in found])
        z = (1 / value - 1 / tau) / (error / value**2)
        assert abs(z.mean()) < 4 / np.sqrt(24)
        assert 0.55 < z.std(ddof=1) < 1.6


def test_changes_that_may_all_be_misread_samples_are_not_called_transitions():
    trace = telegraph(np.random.default_rng(8), 1.0, 1000.0, 1000.0, sigma=3.8e-3)[:, 0]
    found = measured(trace, 1.0)
    assert "misread" in str(found.reason)
    assert np.isnan(found.tau_c_s)


def test_the_naive_estimate_is_wrong_where_this_one_is_right():
    dt = 1.0
    trace = telegraph(np.random.default_rng(3), dt, 1.0, 1.0, n=100_000)[:, 0]
    found = measured(trace, dt)
    changed = np.mean(np.diff(trace > 0.042))
    assert dt / changed > 2.0
    assert found.tau_low_s == pytest.approx(1.0, abs=5 * found.tau_low_error_s)


def test_time_scales_with_the_sampling_interval():
    trace = telegraph(np.random.default_rng(4), 0.1, 1.0, 1.0)[:, 0]
    slow, fast = measured(trace, 0.1), measured(trace, 5e-6)
    assert fast.tau_low_s / slow.tau_low_s == pytest.approx(5e-5)
    assert fast.tau_c_error_s / slow.tau_c_error_s == pytest.approx(5e-5)
    assert fast.transitions == slow.transitions


def test_the_correlation_time_is_that_of_both_rates():
    found = measured(telegraph(np.random.default_rng(5), 0.2, 1.0, 3.0)[:, 0], 0.2)
    assert 1 / found.tau_c_s == pytest.approx(1 / found.tau_low_s + 1 / found.tau_high_s)


def test_transitions_are_counted():
    trace = np.repeat([LOW, HIGH, LOW, HIGH, LOW], 100)
    found = measured(trace, 1.0)
    assert found.transitions == 4
    assert found.tau_high_s == pytest.approx(100.0, rel=0.02)
    assert found.tau_low_s == pytest.approx(150.0, rel=0.02)


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        (np.full(100, LOW), "one level only"),
        (np.repeat([LOW, HIGH], 100), "1 transitions in 200 s: measure for longer"),
        (
            np.where(np.random.default_rng(6).random(5000) < 0.5, LOW, HIGH),
            "successive samples are independent: the correlation time is below 1 s",
        ),
        (np.tile([LOW, HIGH], 100), "successive samples are independent"),
    ],
)
def test_no_number_without_a_reason(trace, reason):
    found = measured(trace, 1.0)
    assert reason in str(found.reason)
    assert np.isnan([found.tau_low_s, found.tau_high_s, found.tau_c_s, found.tau_c_error_s]).all()


@pytest.mark.parametrize("dt", [0.0, -1.0, np.nan])
def test_a_sampling_interval_that_is_none_is_refused(dt):
    trace = np.repeat([LOW, HIGH], 100)
    with pytest.raises(ValueError, match="dt_s"):
        rates(trace, dt, levels(trace))
