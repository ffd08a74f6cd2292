import json
import math

import numpy as np
import pytest

from mtjlab.analysis.analyse import analyse_trace
from tests.analysis.traces import DT_S, HIGH_V, LOW_V, SIGMA_V, states, telegraph

N = 20_000


def noise(seed, scale=1.0):
    return scale * SIGMA_V * np.random.default_rng(seed).standard_normal(N)


def test_a_clear_telegraph_says_all_and_notes_nothing():
    found = analyse_trace(telegraph(1, 20.0, 30.0), DT_S)
    assert (found.verdict, found.method, found.notes) == ("telegraph", "threshold", ())
    assert all(one.known for one in found.estimates.values())
    assert found.tau_low_s.covers(20.0 * DT_S)
    assert found.dwells_low is not None
    assert found.dwells_low.exponential


@pytest.mark.parametrize("distance", [4.0, 2.0, 1.4])
def test_overlapping_noise_is_read_by_the_hidden_model(distance):
    found = analyse_trace(telegraph(2, 40.0, 60.0, distance=distance), DT_S)
    assert (found.verdict, found.method) == ("telegraph", "hidden Markov model")
    assert found.tau_low_s.value == pytest.approx(40.0 * DT_S, rel=0.4)
    assert "sigma apart" in found.notes[0]


@pytest.mark.parametrize("distance", [13.0, 3.0])
def test_sampling_far_slower_than_the_junction(distance):
    found = analyse_trace(telegraph(3, 0.2, 0.2, distance=distance), DT_S)
    assert found.verdict == "too fast"
    assert found.low_v.known
    assert found.occupancy_high.covers(0.5)
    assert not found.tau_c_s.known
    assert 0.1 * DT_S < found.tau_c_s.high < DT_S
    assert "Sample faster" in found.conclusion


@pytest.mark.parametrize("seed", range(20, 26))
def test_overlapping_levels_without_any_memory_are_still_two(seed):
    """Three sigma apart, where half of all traces look a little closer than that."""
    found = analyse_trace(telegraph(seed, 0.5, 0.8, distance=3.0), DT_S)
    assert found.verdict in ("too fast", "telegraph")
    assert found.low_v.value == pytest.approx(LOW_V, abs=5e-4)


def test_few_flips_are_slow():
    found = analyse_trace(telegraph(4, 6000.0, 6000.0), DT_S)
    assert found.verdict == "slow"
    assert found.tau_low_s.high > 2.0 * found.tau_low_s.value
    assert "Measure for longer" in found.conclusion


def test_a_trace_that_never_flips():
    found = analyse_trace(LOW_V + noise(5), DT_S)
    assert found.verdict == "one level"
    assert found.low_v.value == pytest.approx(LOW_V, abs=4 * SIGMA_V / np.sqrt(N))
    assert found.low_v.error == pytest.approx(SIGMA_V / np.sqrt(N), rel=0.1)
    assert found.tau_low_s.low == pytest.approx(N * DT_S / 3.0, rel=2e-3)
    assert "stays for longer" in found.conclusion
    assert found.notes == ()


@pytest.mark.parametrize("volts", [0.0, 0.036, -3.0])
def test_a_constant_channel(volts):
    found = analyse_trace(np.full(500, volts), DT_S)
    assert (found.verdict, found.low_v.value) == ("constant", volts)
    assert "Nothing can be concluded about flips" in found.conclusion


def test_codes_of_a_converter_that_toggle_are_constant():
    found = analyse_trace(1e-3 * (np.arange(N) % 2), DT_S, resolution_v=1e-3)
    assert found.verdict == "constant"


@pytest.mark.parametrize("shared", [True, False])
def test_three_levels(shared):
    rng = np.random.default_rng(6)
    steps = states(rng, 50.0, 50.0, N).astype(int) + states(rng, 300.0, 300.0, N)
    levels = steps if shared else rng.integers(0, 3, N)
    found = analyse_trace(LOW_V + 6e-3 * levels + noise(7), DT_S)
    assert found.verdict == "three levels"
    assert found.three is not None
    assert found.three.levels_v == pytest.approx((36e-3, 42e-3, 48e-3), abs=2e-4)
    assert not found.tau_low_s.known


def test_samples_averaged_over_flips_are_no_third_level():
    fine = states(np.random.default_rng(8), 60.0, 60.0, 10 * N).reshape(N, 10).mean(axis=1)
    assert analyse_trace(LOW_V + 12e-3 * fine + noise(9), DT_S).verdict == "telegraph"


def drifting(kind):
    clear = telegraph(10, 20.0, 20.0)
    if kind == "levels drift":
        return clear + np.linspace(0.0, 4e-4, N)
    rng = np.random.default_rng(11)
    both = np.concatenate([states(rng, 20.0, 20.0, N // 2), states(rng, 20.0, 45.0, N // 2)])
    return np.where(both, HIGH_V, LOW_V) + noise(12)


@pytest.mark.parametrize("kind", ["levels drift", "occupancy drifts"])
def test_drift_is_named(kind):
    found = analyse_trace(drifting(kind), DT_S)
    assert found.verdict == "telegraph"
    assert any(kind in note for note in found.notes)
    changed = found.level_drift if kind == "levels drift" else found.occupancy_drift
    assert changed.drifts
    assert changed.change.low > 0.0


def test_a_single_level_that_drifts():
    found = analyse_trace(LOW_V + noise(13) + np.linspace(0.0, 5e-3, N), DT_S)
    assert found.verdict == "one level"
    assert "drifts" in found.notes[0]


def test_noise_with_a_memory_is_no_telegraph_and_widens_the_intervals():
    values = noise(14)
    for k in range(1, N):
        values[k] += 0.95 * values[k - 1]
    found = analyse_trace(LOW_V + values, DT_S)
    assert found.verdict == "one level"
    assert "remembers" in found.notes[0]
    assert found.low_v.error == pytest.approx(values.std() * np.sqrt(39 / N), rel=0.4)


@pytest.mark.parametrize("seed", range(4))
def test_uniform_noise_and_a_random_walk_have_no_rates(seed):
    rng = np.random.default_rng(seed)
    assert analyse_trace(rng.random(N), DT_S).verdict == "one level"
    walk = analyse_trace(np.cumsum(rng.standard_normal(N)), DT_S)
    assert walk.verdict in ("one level", "slow") or walk.notes


def test_the_same_trace_gives_the_same_bytes_and_single_precision_nearly():
    trace = telegraph(15, 20.0, 30.0, distance=4.0)
    texts = [json.dumps(analyse_trace(trace, DT_S).as_json(), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]
    narrow = analyse_trace(trace.astype(np.float32), DT_S)
    assert narrow.tau_c_s.value == pytest.approx(json.loads(texts[0])["tau_c_s"]["value"], rel=1e-3)


def test_no_number_without_a_reason():
    for trace in (
        telegraph(16, 0.2, 0.2),
        LOW_V + noise(17),
        np.ones(50),
        telegraph(18, 9.0, 9.0)[:12],
    ):
        for name, one in analyse_trace(trace, DT_S).estimates.items():
            assert math.isfinite(one.value) or one.reason, name


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (np.zeros((5, 5)), "shape"),
        (np.zeros(3), "n >= 10"),
        (np.array([1.0] * 20 + [np.nan] * 2), "2 of 22 samples are not finite, the first at 20"),
    ],
)
def test_what_is_no_trace_is_refused(trace, message):
    with pytest.raises(ValueError, match=message):
        analyse_trace(trace, DT_S)


@pytest.mark.parametrize("interval", [0.0, -1.0, np.nan])
def test_an_interval_that_is_none_is_refused(interval):
    with pytest.raises(ValueError, match="dt_s"):
        analyse_trace(telegraph(19, 9.0, 9.0), interval)
