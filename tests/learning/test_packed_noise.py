import math

import numpy as np
import pytest

from mtjlab.learning.packed_noise import PackedTelegraph
from mtjlab.learning.simulated import Bernoulli


def test_two_levels_mean_zero_and_the_noise_of_the_instrument():
    source = PackedTelegraph(150, np.random.default_rng(0), level=0.06, occupancy=0.25)
    noise = source(4000)
    np.testing.assert_allclose(np.unique(noise), [-0.03, 0.09], rtol=1e-6)
    assert abs(noise.mean()) < 5 * 0.12 * math.sqrt(0.1875 / noise.size)
    quiet = PackedTelegraph(150, np.random.default_rng(1), level=0.0, sigma=0.01)
    assert quiet(4000).std() == pytest.approx(0.01, rel=0.01)


@pytest.mark.parametrize("spacing", [0.1, 1.0, math.inf])
def test_memory_of_the_telegraph_is_that_of_its_spacing_also_across_calls(spacing):
    source = PackedTelegraph(401, np.random.default_rng(2), spacing=spacing)
    noise = np.concatenate([source(10) for _ in range(50)])
    lagged = (noise[1:] * noise[:-1]).mean() / (noise**2).mean()
    assert lagged == pytest.approx(math.exp(-spacing), abs=0.02)
    across = np.corrcoef(noise[::25].T) if spacing == math.inf else None
    assert across is None or abs((across - np.eye(401)).mean()) < 0.01


def test_restored_it_goes_on_bit_by_bit_in_another_source():
    source = PackedTelegraph(70, np.random.default_rng(3), spacing=0.5, sigma=0.01)
    source(7)
    saved = source.state()
    following = source(20)
    other = PackedTelegraph(70, np.random.default_rng(4), spacing=0.5, sigma=0.01)
    other.restore(saved)
    np.testing.assert_array_equal(other(20), following)


@pytest.mark.parametrize("wrong", [{"nodes": 1}, {"occupancy": 1.5}, {"spacing": 0.0}])
def test_impossible_sources_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PackedTelegraph(**({"nodes": 4, "rng": np.random.default_rng(0)} | wrong))


def test_bernoulli_is_nothing_or_the_amplitude():
    noise = Bernoulli(5, np.random.default_rng(0), amplitude=0.125, probability=0.3)(20_000)
    np.testing.assert_array_equal(np.unique(noise), [0.0, 0.125])
    assert noise.dtype == np.float32
    assert noise.mean() == pytest.approx(0.125 * 0.3, abs=5 * 0.125 * math.sqrt(0.21 / 1e5))
    with pytest.raises(ValueError, match="probability"):
        Bernoulli(5, np.random.default_rng(0), probability=1.2)
