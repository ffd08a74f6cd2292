"""Where the published code of the method goes wrong, and this one does not."""

import numpy as np
import pytest

from mtjlab.learning import decorrelation
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.simulated import Telegraph

CORNERS = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])


@pytest.mark.parametrize("name", ["noise_based", "node_perturbation"])
def test_a_small_network_on_two_level_noise_survives_samples_without_a_difference(name):
    # Of 6 nodes with two equal levels, two reads agree in all once in 64 samples.
    for seed in range(3):
        weights, noise = np.random.default_rng(seed).spawn(2)
        net = Network((2, 4, 2), weights, decorrelate=False)
        fabric = HostSum((4, 2), Telegraph(6, noise))
        rule, adam, discarded = make_rule(name, rng=weights), Adam(0.03), 0
        for _ in range(300):
            discarded += rule.step(net, fabric, adam, CORNERS, LABELS).discarded
        assert all(np.isfinite(array).all() for array in net.state().values())
        # A clean pass differs from a noisy one in every node.
        expected = 300 * 4 / 64 if name == "noise_based" else 0.0
        # Seven standard deviations of a Poisson count.
        assert abs(discarded - expected) <= 7.0 * np.sqrt(expected)


def test_time_between_reads_is_known_and_reads_within_a_dwell_are_discarded():
    net = Network((2, 4, 2), np.random.default_rng(0), decorrelate=False)
    fraction = {}
    for spacing in (10.0, 0.001):
        fabric = HostSum((4, 2), Telegraph(6, np.random.default_rng(1), spacing=spacing))
        rule, adam, discarded = (
            make_rule("noise_based", rng=np.random.default_rng(2)),
            Adam(0.03),
            0,
        )
        for _ in range(200):
            discarded += rule.step(net, fabric, adam, CORNERS, LABELS).discarded
        fraction[spacing] = discarded / 800
    assert fraction[10.0] < 0.05
    # Four rows lie between the reads of a sample: 6 nodes hold still with exp(-6 * .004 / 2).
    assert fraction[0.001] > 0.95


@pytest.mark.parametrize("spacing", [0.05, 3.0])
def test_slow_noise_is_correlated_in_time_and_never_across_nodes(spacing):
    noise = Telegraph(8, np.random.default_rng(3), spacing=spacing)(20_000)
    across = np.corrcoef(noise.T)
    np.fill_diagonal(across, 0.0)
    along = [np.corrcoef(node[:-1], node[1:])[0, 1] for node in noise.T]
    # Each estimate has about 20000 tanh(spacing) independent samples; 5 standard errors.
    assert np.abs(across).max() < 5.0 / np.sqrt(20_000 * np.tanh(spacing))
    assert np.mean(along) == pytest.approx(np.exp(-spacing), abs=0.02)


def correlated_inputs(rng, rows):
    common = rng.standard_normal((rows, 1))
    return (0.6 * common + 0.8 * rng.standard_normal((rows, 20))).astype(np.float32)


def test_a_rate_that_is_worth_having_decorrelates_within_ten_epochs():
    rng = np.random.default_rng(4)
    left = {}
    for rate in (1.9e-7, 1e-3):
        net = Network((20, 2), rng, decorrelate=True)
        layer = net.layers[0]
        for _ in range(10 * 100):
            x = correlated_inputs(rng, 64)
            decorrelation.update(layer, x @ layer.r.T + layer.c, rate)
        x = correlated_inputs(rng, 4000)
        correlation = np.corrcoef((x @ layer.r.T).T)
        left[rate] = np.abs(correlation[~np.eye(20, dtype=bool)]).mean()
    assert left[1.9e-7] > 0.3
    assert left[1e-3] < 0.1


def test_all_passes_share_one_decorrelation_of_the_input_and_no_bias_appears_unasked():
    net = Network((4, 6, 3), np.random.default_rng(0), decorrelate=True)
    x = correlated_inputs(np.random.default_rng(1), 5)[:, :4].copy()
    fabric = HostSum((6, 3), Telegraph(9, np.random.default_rng(2)))
    rule = make_rule("noise_based", rng=np.random.default_rng(3), decorrelation_rate=0.1)
    for _ in range(5):
        rule.step(net, fabric, Adam(0.1), x, np.zeros(5, dtype=np.int64))
    first = net.forward(fabric, x, repeats=2)[0].decorrelated
    np.testing.assert_array_equal(first[:5], first[5:])
    for layer in net.layers:
        np.testing.assert_array_equal(layer.c, 0.0)
