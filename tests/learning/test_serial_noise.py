import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.core.errors import ParameterError
from mtjlab.learning.fabric import Precision
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.serial_noise import Serial, least_batch
from sim_backend.physics.packed import Packed
from sim_backend.physics.rates import Rates

RHO = 0.838
# Levels and instrument noise of the reference rig, mV.
SIGMA = 0.90841466 / 5.9316154


def correlation(nodes: int, rho: float, white: float = 0.0) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(nodes), np.arange(nodes)))
    return (rho**apart + white * np.eye(nodes)) / (1.0 + white)


@settings(deadline=None)  # the first one compiles
@given(
    widths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    rho=st.floats(0.0, 0.99),
    white=st.floats(0.0, 30.0),
    shape=st.lists(st.integers(1, 20), min_size=1, max_size=2),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_is_the_inverse_of_the_matrix(widths, rho, white, shape, seed):
    rng = np.random.default_rng(seed)
    given = [rng.standard_normal((*shape, m), dtype=np.float32) for m in widths]
    before = [d.copy() for d in given]
    weighed = Serial(widths, rho, white).weigh(given)
    joined = np.concatenate(given, axis=-1).astype(np.float64)
    expected = joined @ np.linalg.inv(correlation(sum(widths), rho, white))
    worst = np.abs(expected).max()
    np.testing.assert_allclose(np.concatenate(weighed, axis=-1), expected, atol=1e-6 * worst)
    for part, one, was in zip(weighed, given, before, strict=True):
        assert part.shape == one.shape
        assert part.dtype == np.float32
        np.testing.assert_array_equal(one, was)


def test_independent_nodes_are_left_alone_whatever_the_instrument_adds():
    rng = np.random.default_rng(0)
    given = [rng.standard_normal((7, m), dtype=np.float32) for m in (3, 2)]
    precision: Precision = Serial((3, 2), 0.0, 5.0)
    for part, one in zip(precision.weigh(given), given, strict=True):
        np.testing.assert_allclose(part, one, rtol=1e-6)


def test_a_missing_sample_is_no_concern_of_its_neighbours():
    given = np.ones((3, 5), dtype=np.float32)
    given[1, 2] = np.nan
    (weighed,) = Serial([5], 0.5, 0.1).weigh([given])
    assert np.isfinite(weighed[[0, 2]]).all()
    assert np.isnan(weighed[1]).any()


@pytest.mark.parametrize(
    ("rho", "white", "named"), [(1.0, 0, "rho"), (-0.1, 0, "rho"), (0.5, -1, "white_ratio")]
)
def test_impossible_noise_is_refused(rho, white, named):
    with pytest.raises(ParameterError, match=named):
        Serial([3], rho, white)


def summed(serial: Serial | None, sigma: float, samples: int, nodes: int = 500) -> float:
    """Cosine between summed update and gradient of a linear loss, two noisy reads per sample."""
    rng = np.random.default_rng(1)
    chains = 4096
    gradient = rng.standard_normal(nodes).astype(np.float32)
    junctions = Packed(Rates(np.ones(chains), np.full(chains, 0.5)), -math.log(RHO), chains, rng)
    update = np.zeros(nodes)
    for _ in range(-(-samples // chains)):
        first, second = (junctions.read(nodes, -1.0, 1.0, sigma).T for _ in range(2))
        difference = first - second
        weighed = difference if serial is None else serial.weigh([difference])[0]
        power = np.einsum("sn,sn->s", difference, weighed)
        update += (difference @ gradient / power) @ weighed
    return float(update @ gradient / np.linalg.norm(update) / np.linalg.norm(gradient))


def test_nodes_in_series_teach_a_smeared_gradient_and_the_inverse_undoes_it():
    cap = math.sqrt((1 - RHO**2) / (1 + RHO**2))
    assert summed(None, 0.0, 100_000) == pytest.approx(cap, abs=0.06)
    # What is left is the scatter of so few samples: 1 / sqrt(1 + N (1 + rho^2) / (1 - rho^2) / S).
    assert summed(Serial([500], RHO), 0.0, 200_000) > 0.99
    assert summed(Serial([500], RHO, SIGMA**2), SIGMA, 200_000) > 0.99


def in_series(nodes: int, seed: int):
    """One two-level junction serves all nodes of all rows, in their order."""
    rng = np.random.default_rng(seed)
    upper = bool(rng.integers(2))

    def noise(rows: int) -> np.ndarray:
        nonlocal upper
        keeps = rng.random(rows * nodes) < 0.5 * (1.0 + RHO)
        states = upper ^ (np.cumsum(~keeps) % 2).astype(bool)
        upper = bool(states[-1])
        return np.where(states, 0.02, -0.02).astype(np.float32).reshape(rows, nodes)

    return noise


class Fabric(HostSum):
    def __init__(self, widths, noise, precision):
        super().__init__(widths, noise)
        self.own = precision

    @property
    def precision(self):
        return self.own


class Summing:
    def __init__(self):
        self.total = 0.0

    def update(self, parameters, gradients):
        flat = [gradients[name].ravel() for name in sorted(gradients)]
        self.total = self.total + np.concatenate(flat).astype(np.float64)


def rule_against_gradient(batch: int, *, undo: bool, repeats: int) -> float:
    """The rule itself, softmax of one layer of 4 nodes; gradient softmax - one-hot."""
    network = Network((2, 4), np.random.default_rng(0), decorrelate=False)
    rng = np.random.default_rng(3)
    x = rng.standard_normal((batch, 2)).astype(np.float32)
    labels = rng.integers(0, 4, batch)
    summing = Summing()
    fabric = Fabric((4,), in_series(4, 5), Serial([4], RHO) if undo else None)
    for _ in range(repeats):
        NoiseBased().step(network, fabric, summing, x, labels)
    logits = x @ network.layers[0].w.T
    delta = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    delta[np.arange(batch), labels] -= 1.0
    gradient = np.concatenate([delta.sum(axis=0), (delta.T @ x).ravel()])
    size = np.linalg.norm(summing.total) * np.linalg.norm(gradient)
    return float(summing.total @ gradient / size)


def test_two_reads_of_a_sample_must_lie_a_few_correlation_times_apart():
    enough = least_batch(4, RHO)
    assert enough == math.ceil(3 / (4 * -math.log(RHO))) == 5
    assert least_batch(1000, RHO) == least_batch(3, 0.0) == 1
    assert rule_against_gradient(2 * enough, undo=True, repeats=4000) > 0.99
    assert rule_against_gradient(2 * enough, undo=False, repeats=4000) < 0.97


def test_what_is_left_of_one_read_in_the_other_is_what_the_spacing_says():
    """One node, read again after L steps: differences keep the direction, and lose size."""
    rng = np.random.default_rng(2)
    for batch in (1, 5, 17):
        noise = in_series(1, int(rng.integers(100)))
        rows = np.concatenate([noise(2 * batch) for _ in range(40_000 // batch)])
        reads = rows.reshape(-1, 2, batch)
        left = (reads[:, 0] * reads[:, 1]).mean() / (reads**2).mean()
        assert left == pytest.approx(RHO**batch, abs=0.04)
