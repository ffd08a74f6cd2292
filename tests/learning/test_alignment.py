import numpy as np
import pytest

from mtjlab.learning.alignment import align
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.choice import make_rule
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.simulated import Gaussian, Silent
from mtjlab.learning.tasks import load_task, split
from mtjlab.learning.trainer import Trainer


def rng(seed=0):
    return np.random.default_rng(seed)


def batch():
    x = rng(11).standard_normal((16, 4)).astype(np.float32)
    return x, rng(12).integers(0, 3, 16)


def test_the_gradient_lies_along_itself():
    net = Network((4, 6, 3), rng(), decorrelate=True)
    found = align(
        make_rule("backprop", rng=rng()), net, HostSum((6, 3), Silent(9)), *batch(), repeats=1
    )
    assert found.total == pytest.approx(1.0)
    assert found.layers == pytest.approx((1.0, 1.0))
    assert (found.updates, found.reads) == (1, 16)


def test_more_repeats_average_the_noise_away():
    net = Network((4, 6, 3), rng(), decorrelate=False)
    few, many = (
        align(NoiseBased(), net, HostSum((6, 3), Gaussian(9, rng(1))), *batch(), repeats=repeats)
        for repeats in (3, 1000)
    )
    assert few.total < many.total
    assert min(many.layers) > 0.95
    assert many.reads == 1000 * 2 * 16


def test_random_feedback_is_told_from_the_gradient_in_the_hidden_layer_only():
    net = Network((4, 30, 3), rng(), decorrelate=False)
    found = align(
        make_rule("dfa", rng=rng(3)), net, HostSum((30, 3), Silent(33)), *batch(), repeats=1
    )
    assert found.layers[1] == pytest.approx(1.0)
    assert abs(found.layers[0]) < 0.9


def test_nothing_is_learnt_by_looking():
    net = Network((4, 6, 3), rng(), decorrelate=True)
    before = net.state()
    fabric = HostSum((6, 3), Gaussian(9, rng(1)))
    for name in ("noise_based", "spsa", "backprop"):
        rule = make_rule(name, rng=rng(2), decorrelation_rate=0.1)
        align(rule, net, fabric, *batch(), repeats=5)
        for key, array in net.state().items():
            np.testing.assert_array_equal(array, before[key])


def test_without_a_difference_there_is_no_direction():
    net = Network((4, 6, 3), rng(), decorrelate=False)
    found = align(NoiseBased(), net, HostSum((6, 3), Silent(9)), *batch(), repeats=3)
    assert (found.total, found.layers, found.updates) == (None, (None, None), 0)


def test_a_trainer_counts_the_reads_as_evaluation():
    parts = split(load_task("iris"), rng(), 30, 20)
    run = Trainer(
        Network((4, 6, 3), rng(1), decorrelate=False),
        NoiseBased(),
        Adam(0.1),
        HostSum((6, 3), Gaussian(9, rng(2))),
        parts,
        rng(3),
        batch=10,
        epochs=1,
    )
    found = run.alignment(repeats=50, samples=40)
    assert found.total > 0.5
    assert (run.reads, run.evaluation_reads) == (0, 50 * 2 * 40)
    assert run.validate().reads == 20
    assert run.evaluation_reads == 4020
