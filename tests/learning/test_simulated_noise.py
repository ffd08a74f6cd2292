import math

import numpy as np
import pytest

from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.simulated import Gaussian, Silent, Telegraph


def test_independent_telegraph_has_two_levels_mean_zero_and_no_memory():
    noise = Telegraph(5, np.random.default_rng(0), level=0.06, occupancy=0.25)(40_000)
    np.testing.assert_allclose(np.unique(noise), [-0.03, 0.09], rtol=1e-6)
    # 5 sigma of a mean and of a correlation coefficient
    assert np.abs(noise.mean(axis=0)).max() < 5 * 0.12 * math.sqrt(0.1875 / 40_000)
    lagged = [np.corrcoef(column[1:], column[:-1])[0, 1] for column in noise.T]
    assert np.abs(lagged).max() < 5 / math.sqrt(40_000)
    across = np.corrcoef(noise.T) - np.eye(5)
    assert np.abs(across).max() < 5 / math.sqrt(40_000)


@pytest.mark.parametrize("spacing", [0.1, 1.0])
def test_memory_of_the_telegraph_is_that_of_its_spacing_also_across_calls(spacing):
    source = Telegraph(400, np.random.default_rng(1), spacing=spacing)
    noise = np.concatenate([source(10) for _ in range(50)])
    products = (noise[1:] * noise[:-1]).mean() / (noise**2).mean()
    assert products == pytest.approx(math.exp(-spacing), abs=0.02)


def test_instrument_noise_is_added():
    noise = Telegraph(1, np.random.default_rng(2), level=0.0, sigma=0.01)(20_000)
    assert noise.std() == pytest.approx(0.01, rel=0.03)
    assert Gaussian(3, np.random.default_rng(3), sigma=0.5)(9_000).std() == pytest.approx(
        0.5, rel=0.03
    )


def test_the_same_generator_gives_the_same_noise():
    first, second = (Telegraph(4, np.random.default_rng(5), sigma=0.01)(9) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "wrong", [{"occupancy": 1.5}, {"occupancy": -0.1}, {"spacing": 0.0}, {"spacing": -1.0}]
)
def test_impossible_telegraphs_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Telegraph(1, np.random.default_rng(0), **wrong)


def test_each_layer_gets_its_own_columns_of_the_noise():
    def numbered(rows):
        return np.tile(np.arange(5, dtype=np.float32), (rows, 1))

    fabric = HostSum((3, 2), numbered)
    fabric.begin(2)
    x = np.zeros((2, 4), dtype=np.float32)
    hidden = fabric.forward(0, x, np.zeros((3, 4), np.float32), np.zeros(3, np.float32))
    np.testing.assert_array_equal(hidden.activity, [[0, 1, 2]] * 2)
    np.testing.assert_allclose(hidden.output, np.tanh([[0, 1, 2]] * 2), rtol=1e-6)
    last = fabric.forward(1, hidden.output, np.zeros((2, 3), np.float32), np.ones(2, np.float32))
    np.testing.assert_array_equal(last.output, [[4, 5]] * 2)


def test_noise_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        HostSum((3, 2), Silent(4)).begin(2)
