"""The step against a plain float64 reference written from the equations, on one and two threads."""

import math

import numpy as np
import pytest

from mtjlab.learning.crew import Crew, share
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.packed_noise import PackedTelegraph
from mtjlab.learning.precision import NodeVariance
from mtjlab.learning.rules.noise_based import NoiseBased

WIDTHS = (300, 280, 270, 10)
BATCH = 64


class Keeping:
    """Plain descent; keeps the last gradients."""

    def update(self, parameters, gradients):
        self.gradients = {name: g.copy() for name, g in gradients.items()}
        for name, g in gradients.items():
            parameters[name] -= np.float32(1e-4) * g


class Reference:
    """The published rule in float64, each read by itself, the update of R with its n^3 product."""

    def __init__(self, net, rate):
        self.layers = [
            [a.astype(np.float64) for a in (layer.w, layer.b, layer.r, layer.c)]
            for layer in net.layers
        ]
        self.rate = rate

    def read(self, x, xi):
        seen, activities = [], []
        out, column = x.astype(np.float64), 0
        for w, b, r, c in self.layers:
            seen.append(out @ r.T + c)
            a = seen[-1] @ w.T + b + xi[:, column : column + len(b)]
            column += len(b)
            activities.append(a)
            out = np.where(a > 0, a, 0.01 * a)
        return seen, activities

    def step(self, x, labels, xi, weigh=None):
        batch = len(x)
        reads = [self.read(x, xi[k * batch : (k + 1) * batch].astype(np.float64)) for k in (0, 1)]
        losses = []
        for _, activities in reads:
            z = activities[-1] - activities[-1].max(axis=1, keepdims=True)
            losses.append(np.log(np.exp(z).sum(axis=1)) - z[np.arange(batch), labels])
        differences = [one - two for one, two in zip(reads[0][1], reads[1][1], strict=True)]
        weighed = differences if weigh is None else weigh(differences)
        power = sum((d * v).sum(axis=1) for d, v in zip(differences, weighed, strict=True))
        nu = sum(d.shape[1] for d in differences) / power * (losses[0] - losses[1])
        gradients = {}
        for index, (layer, v) in enumerate(zip(self.layers, weighed, strict=True)):
            along, seen = nu[:, np.newaxis] * v, reads[0][0][index]
            gradients[f"layer{index}.w"] = along.T @ seen
            gradients[f"layer{index}.b"] = along.sum(axis=0)
            layer[0] -= 1e-4 * gradients[f"layer{index}.w"]
            layer[1] -= 1e-4 * gradients[f"layer{index}.b"]
            covariance = seen.T @ seen / batch
            np.fill_diagonal(covariance, 0.0)
            layer[2] -= self.rate * covariance @ layer[2]
        return gradients


def batches(count):
    rng = np.random.default_rng(3)
    mixing = rng.standard_normal((WIDTHS[0], WIDTHS[0])) / math.sqrt(WIDTHS[0])
    for _ in range(count):
        x = (rng.standard_normal((BATCH, WIDTHS[0])) @ mixing).astype(np.float32)
        yield x, rng.integers(0, WIDTHS[-1], BATCH)


class Weighed(HostSum):
    precision = NodeVariance([np.linspace(0.5, 2.0, width) for width in WIDTHS[1:]])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("fabric_class", [HostSum, Weighed])
def test_gradients_and_r_are_those_of_a_plain_float64_reference(threads, fabric_class):
    net = Network(WIDTHS, np.random.default_rng(0), decorrelate=True)
    reference = Reference(net, 1e-3)
    source = PackedTelegraph(net.nodes, np.random.default_rng(1), level=0.06, sigma=0.009)
    shown = []

    def noise(rows):
        shown.append(source(rows))
        return shown[-1]

    fabric = fabric_class(WIDTHS[1:], noise, activation="leaky_relu")
    weigh = None
    if fabric.precision is not None:
        inverse = [w.astype(np.float64) for w in fabric.precision.weights]

        def weigh(differences):
            return [d * w for d, w in zip(differences, inverse, strict=True)]

    rule, kept = NoiseBased(decorrelation_rate=1e-3), Keeping()
    with Crew(threads):
        for x, labels in batches(4):
            rule.step(net, fabric, kept, x, labels)
            expected = reference.step(x, labels, shown[-1], weigh)
            for name, gradient in expected.items():
                worst = np.abs(kept.gradients[name] - gradient).max()
                assert worst <= 1e-4 * np.abs(gradient).max(), name
    for layer, (_, _, r, _) in zip(net.layers, reference.layers, strict=True):
        difference = np.abs(layer.r - r)
        assert difference.max() <= 1e-6 * np.abs(r).max()
        # The diagonal is 1 to within rounding; what has been learnt lies beside it.
        beside = ~np.eye(len(r), dtype=bool)
        assert difference[beside].max() <= 1e-4 * np.abs(r[beside]).max()


def learnt(threads):
    net = Network(WIDTHS, np.random.default_rng(0), decorrelate=True)
    noise = PackedTelegraph(net.nodes, np.random.default_rng(1), sigma=0.009)
    fabric = HostSum(WIDTHS[1:], noise, activation="leaky_relu")
    rule, adam = NoiseBased(decorrelation_rate=1e-4), Adam(1e-3, weight_decay=0.1)
    with Crew(threads):
        for x, labels in batches(3):
            rule.step(net, fabric, adam, x, labels)
    return net.state()


@pytest.mark.parametrize("threads", [1, 2])
def test_same_seed_and_threads_same_bytes(threads):
    one, two = learnt(threads), learnt(threads)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_one_and_two_threads_agree():
    one, two = learnt(1), learnt(2)
    for name in one:
        np.testing.assert_allclose(one[name], two[name], atol=2e-3)


def test_the_second_share_fails_as_the_first_would_and_the_crew_goes_on():
    def work(first, end):
        if first:
            raise ValueError("second half")

    done = []
    with Crew(2):
        with pytest.raises(ValueError, match="second half"):
            share(64, work, operations=10**9)
        share(64, lambda first, end: done.append((first, end)), operations=10**9)
        share(64, lambda first, end: done.append((first, end)), operations=1)
    assert sorted(done) == [(0, 32), (0, 64), (32, 64)]
    done.clear()
    share(64, lambda first, end: done.append((first, end)), operations=10**9)
    assert done == [(0, 64)]


@pytest.mark.parametrize("threads", [0, 3])
def test_other_numbers_of_threads_are_refused(threads):
    with pytest.raises(ValueError, match="threads"):
        Crew(threads)
