import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.analysis.thinning import extremes, running_mean
from mtjlab.pictures.scale import prefixed


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=60), st.integers(1, 70))
def test_running_mean_is_the_mean_of_the_last_values(values: list[float], window: int) -> None:
    expected = [np.mean(values[max(0, i + 1 - window) : i + 1]) for i in range(len(values))]
    np.testing.assert_allclose(running_mean(np.array(values), window), expected, atol=1e-9)


def test_running_mean_leaves_gaps_out() -> None:
    values = np.array([np.nan, 1.0, np.nan, 3.0])
    np.testing.assert_allclose(running_mean(values, 2), [np.nan, 1.0, 1.0, 3.0])


@given(st.integers(1, 40_000), st.integers(0, 10**6))
def test_thinning_keeps_every_spike_and_few_points(length: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=length)
    values[seed % length] = 50.0
    at, line = extremes(values, most=1000)
    assert len(at) == len(line) <= max(1100, length if length <= 1000 else 0)
    assert line.max() == 50.0
    assert line.min() == values.min()
    assert np.all(np.diff(at) > 0)


def test_thinning_keeps_a_gap() -> None:
    values = np.ones(10_000)
    values[2000:6000] = np.nan
    at, line = extremes(values, most=100)
    assert np.isnan(line[(at > 2500) & (at < 5500)]).all()
    assert np.isfinite(line[at < 1500]).all()


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([0.036, 0.048], "V", (1e3, "mV")),
        ([-2e-6], "A", (1e6, "µA")),
        ([5000.0, 1.0], "ohm", (1e-3, "kohm")),
        ([1.0, np.nan], "V", (1.0, "V")),
        ([0.0], "V", (1.0, "V")),
        ([4000.0], "", (1.0, "")),
        ([np.nan], "s", (1.0, "s")),
    ],
)
def test_the_prefix_is_the_one_people_choose(
    values: list[float], unit: str, expected: tuple[float, str]
) -> None:
    factor, text = prefixed(np.array(values), unit)
    assert (pytest.approx(factor), text) == expected
