import numpy as np

from mtjlab.learning import decorrelation
from mtjlab.learning.network import Layer


def layer(n: int, rng: np.random.Generator) -> Layer:
    r = (np.eye(n) + 0.2 * rng.standard_normal((n, n))).astype(np.float32)
    zeros = np.zeros(n, dtype=np.float32)
    return Layer(np.zeros((2, n), np.float32), np.zeros(2, np.float32), r, zeros)


def test_the_cheap_form_is_the_off_diagonal_covariance_times_r():
    rng = np.random.default_rng(0)
    this = layer(7, rng)
    x = rng.standard_normal((12, 7)).astype(np.float32)
    covariance = x.T.astype(np.float64) @ x / 12
    off_diagonal = covariance - np.diag(np.diag(covariance))
    expected = this.r - 0.05 * off_diagonal @ this.r
    r = this.r
    decorrelation.update(this, x, 0.05)
    assert this.r is r
    np.testing.assert_allclose(r, expected, atol=1e-6)


def test_uncorrelated_inputs_are_left_alone():
    this = layer(4, np.random.default_rng(1))
    before = this.r.copy()
    decorrelation.update(this, np.eye(4, dtype=np.float32) * 2, 0.1)
    np.testing.assert_allclose(this.r, before, atol=1e-7)


def test_correlated_inputs_become_uncorrelated():
    rng = np.random.default_rng(5)
    x = (rng.standard_normal((500, 3)) @ rng.standard_normal((3, 3))).astype(np.float32)
    this = layer(3, rng)
    this.r[...] = np.eye(3)

    def worst():
        return np.abs(np.corrcoef((x @ this.r.T).T) - np.eye(3)).max()

    assert worst() > 0.5
    for _ in range(2000):
        decorrelation.update(this, x @ this.r.T, 0.02)
    assert worst() < 0.02
