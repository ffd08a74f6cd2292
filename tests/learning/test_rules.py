"""What the rules beside the noise-based one do, each against the gradient or a closed form."""

import numpy as np
import pytest

from mtjlab.core.errors import BadReply, ParameterError
from mtjlab.learning import evaluate
from mtjlab.learning.alignment import align
from mtjlab.learning.gradient import backpropagated, output_error
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.precision import NodeVariance
from mtjlab.learning.rules.choice import RULE_NAMES, make_rule
from mtjlab.learning.rules.dfa import DirectFeedbackAlignment
from mtjlab.learning.rules.node_perturbation import NodePerturbation
from mtjlab.learning.rules.spsa import Spsa
from mtjlab.learning.simulated import Gaussian, Silent, Telegraph

SAMPLES = 16


class Summing:
    """An optimiser that adds gradients and their squares up and changes nothing."""

    def __init__(self):
        self.updates, self.total, self.squares = 0, {}, {}

    def update(self, parameters, gradients):
        self.updates += 1
        for name, g in gradients.items():
            assert g.shape == parameters[name].shape
            assert g.dtype == np.float32
            wide = g.astype(np.float64)
            self.total[name] = self.total.get(name, 0.0) + wide
            self.squares[name] = self.squares.get(name, 0.0) + wide**2

    def state(self):
        return {}

    def restore(self, state):
        pass


def network(*widths, decorrelate=False):
    return Network(widths, np.random.default_rng(0), decorrelate=decorrelate)


def batch(features=4, classes=3):
    rng = np.random.default_rng(11)
    x = rng.standard_normal((SAMPLES, features)).astype(np.float32)
    return x, rng.integers(0, classes, SAMPLES)


def worst_z(rule, net, fabric, repeats):
    """Largest distance of a mean update from the gradient, in standard errors."""
    x, labels = batch()
    summed = Summing()
    for _ in range(repeats):
        rule.step(net, fabric, summed, x, labels)
    gradient = backpropagated(net, fabric, net.clean_passes(fabric, x), labels)
    worst = 0.0
    for name, total in summed.total.items():
        mean = total / repeats
        variance = summed.squares[name] / repeats - mean**2
        z = np.abs(mean - gradient[name]) / np.sqrt(variance / repeats)
        worst = max(worst, float(z.max()))
    return worst


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("sigma", [0.0, 0.01])
def test_the_mean_update_of_spsa_is_the_gradient(two_sided, sigma):
    # 15 parameters within 4.5 standard errors: a right rule fails once in 10^4 seeds.
    rule = Spsa(np.random.default_rng(1), perturbation=0.003, two_sided=two_sided)
    noise = Gaussian(3, np.random.default_rng(2), sigma=sigma) if sigma else Silent(3)
    assert worst_z(rule, network(4, 3), HostSum((3,), noise), 1500) < 4.5


def test_the_mean_update_of_node_perturbation_is_the_gradient_of_a_linear_layer():
    noise = Gaussian(3, np.random.default_rng(2), sigma=0.003)
    assert worst_z(NodePerturbation(), network(4, 3), HostSum((3,), noise), 1500) < 4.5


@pytest.mark.parametrize("kind", [Gaussian, Telegraph])
def test_node_perturbation_of_a_deep_network_points_along_the_gradient(kind):
    net = network(4, 6, 3)
    level = {"sigma": 0.01} if kind is Gaussian else {"level": 0.01}
    fabric = HostSum((6, 3), kind(9, np.random.default_rng(2), **level))
    found = align(NodePerturbation(), net, fabric, *batch(), repeats=3000)
    # Layer by layer: a layer that also hears the noise of the one below takes longer steps.
    assert min(found.layers) > 0.98
    assert found.total > 0.95


def test_the_inverse_covariance_undoes_unequal_noise_in_node_perturbation():
    sd = np.array([0.001, 0.01, 0.003], dtype=np.float32)

    class Unequal(HostSum):
        precision = None

    rng = np.random.default_rng(4)
    fabric = Unequal((3,), lambda rows: sd * rng.standard_normal((rows, 3), dtype=np.float32))
    raw = align(NodePerturbation(), network(4, 3), fabric, *batch(), repeats=3000)
    fabric.precision = NodeVariance([sd**2])
    weighed = align(NodePerturbation(), network(4, 3), fabric, *batch(), repeats=3000)
    assert raw.total < 0.9
    assert weighed.total > 0.99


def test_node_perturbation_is_refused_on_a_thing_with_the_reason():
    class Thing(HostSum):
        physical = True

    with pytest.raises(ParameterError, match="no pass without noise"):
        NodePerturbation().step(network(4, 3), Thing((3,), Silent(3)), Adam(0.1), *batch())


def test_node_perturbation_discards_what_says_nothing():
    x, labels = batch()
    noise = Gaussian(3, np.random.default_rng(3))(SAMPLES)
    noise[::4] = 0.0
    summed = Summing()
    rule, net = NodePerturbation(), network(4, 3)
    metrics = rule.step(net, HostSum((3,), lambda rows: noise), summed, x, labels)
    assert (metrics.discarded, metrics.updated, metrics.reads) == (4, True, 2 * SAMPLES)
    assert all(np.isfinite(total).all() for total in summed.total.values())
    metrics = rule.step(net, HostSum((3,), Silent(3)), summed, x, labels)
    assert (metrics.discarded, metrics.updated, summed.updates) == (SAMPLES, False, 1)


@pytest.mark.parametrize("at", [1, 2])
def test_spsa_puts_the_weights_back_when_a_trial_fails(at):
    net = network(4, 3, 3)
    before = net.state()
    calls = []

    def noise(rows):
        calls.append(rows)
        if len(calls) == at:
            raise BadReply("no sample came")
        return np.zeros((rows, 6), dtype=np.float32)

    rule = Spsa(np.random.default_rng(0), perturbation=0.1)
    with pytest.raises(BadReply, match="no sample came"):
        rule.step(net, HostSum((3, 3), noise), Adam(0.1), *batch())
    for name, array in net.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_spsa_shows_the_weights_moved_up_then_down_in_blocks_of_their_own():
    net, shown, rows = network(4, 3), [], []

    class Watching(HostSum):
        def begin(self, count):
            rows.append(count)
            super().begin(count)

        def forward(self, layer, x, w, b):
            shown.append((w.copy(), b.copy()))
            return super().forward(layer, x, w, b)

    before = net.state()
    rule = Spsa(np.random.default_rng(0), perturbation=0.25)
    rule.step(net, Watching((3,), Silent(3)), Summing(), *batch())
    (up_w, up_b), (down_w, down_b) = shown
    assert rows == [SAMPLES, SAMPLES]
    assert len(rows) == rule.blocks
    np.testing.assert_allclose(np.abs(up_w - before["layer0.w"]), 0.25, atol=1e-6)
    np.testing.assert_allclose(up_w + down_w, 2.0 * before["layer0.w"], atol=1e-6)
    np.testing.assert_allclose(up_b, -down_b)
    np.testing.assert_array_equal(net.layers[0].w, before["layer0.w"])


def test_feedback_alignment_is_its_formula():
    net = network(4, 6, 5, 3)
    x, labels = batch()
    xi = Gaussian(14, np.random.default_rng(1))(SAMPLES)
    fabric, summed = HostSum((6, 5, 3), lambda rows: xi), Summing()
    rule = DirectFeedbackAlignment(np.random.default_rng(5))
    rule.step(net, fabric, summed, x, labels)
    feedback = rule.state()
    passes = net.forward(fabric, x)
    error = output_error(passes[-1].output, labels)
    for index, p in enumerate(passes):
        along = error
        if index < 2:
            along = (error @ feedback[f"feedback{index}"]) * (1.0 - p.output**2)
        expected = along.T @ p.decorrelated
        np.testing.assert_allclose(summed.total[f"layer{index}.w"], expected, atol=1e-5)
        np.testing.assert_allclose(summed.total[f"layer{index}.b"], along.sum(axis=0), atol=1e-5)


def test_feedback_is_drawn_once_and_goes_on_from_its_state():
    net, fabric = network(4, 6, 3), HostSum((6, 3), Silent(9))
    first = DirectFeedbackAlignment(np.random.default_rng(5))
    for _ in range(3):
        first.step(net, fabric, Adam(0.1), *batch())
    second = DirectFeedbackAlignment(np.random.default_rng(77))
    second.restore(first.state())
    ours, theirs = Summing(), Summing()
    first.step(net, fabric, ours, *batch())
    second.step(net, fabric, theirs, *batch())
    for name, total in ours.total.items():
        np.testing.assert_array_equal(theirs.total[name], total)


def solve_xor(name, seed, *, steps, rate, **more):
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=np.float32)
    labels = np.array([0, 1, 1, 0])
    weights, noise, rule_rng = np.random.default_rng(seed).spawn(3)
    net = Network((2, 16, 2), weights, decorrelate=False)
    fabric = HostSum((16, 2), Telegraph(18, noise))
    rule, adam = make_rule(name, rng=rule_rng, **more), Adam(rate)
    for _ in range(steps):
        rule.step(net, fabric, adam, corners, labels)
    return evaluate.clean(net, fabric, corners, labels).accuracy


@pytest.mark.parametrize(
    ("name", "steps", "rate", "more"),
    [
        ("backprop", 100, 0.03, {}),
        ("backprop", 100, 0.03, {"measured": True}),
        ("dfa", 100, 0.03, {}),
        ("noise_based", 600, 0.03, {}),
        ("node_perturbation", 600, 0.03, {}),
        ("spsa", 600, 0.03, {"perturbation": 0.1}),
    ],
)
def test_every_rule_learns_to_tell_equal_from_different(name, steps, rate, more):
    assert [solve_xor(name, seed, steps=steps, rate=rate, **more) for seed in range(5)] == [1.0] * 5


@pytest.mark.parametrize("name", RULE_NAMES)
def test_with_decorrelation_every_rule_moves_r_and_only_then(name):
    for rate in (0.0, 0.05):
        net = network(4, 6, 3, decorrelate=True)
        before = net.state()
        fabric = HostSum((6, 3), Gaussian(9, np.random.default_rng(1)))
        rule = make_rule(name, rng=np.random.default_rng(2), decorrelation_rate=rate)
        x, labels = batch()
        metrics = rule.step(net, fabric, Adam(0.1), x, labels)
        covariance = x.T @ x / SAMPLES
        expected = np.eye(4) - rate * (covariance - np.diag(np.diag(covariance)))
        np.testing.assert_allclose(net.layers[0].r, expected, atol=1e-6)
        assert np.array_equal(net.layers[1].r, before["layer1.r"]) == (rate == 0.0)
        assert metrics.reads == rule.passes * SAMPLES


@pytest.mark.parametrize("name", RULE_NAMES)
def test_bad_settings_are_refused_by_every_rule(name):
    rng = np.random.default_rng(0)
    with pytest.raises(ParameterError, match="decorrelation_rate = -1"):
        make_rule(name, rng=rng, decorrelation_rate=-1.0)
    rule = make_rule(name, rng=rng, decorrelation_rate=0.1)
    with pytest.raises(ParameterError, match="without decorrelation"):
        rule.step(network(4, 3), HostSum((3,), Silent(3)), Adam(0.1), *batch())


@pytest.mark.parametrize("name", ["spsa", "dfa", "backprop", "node_perturbation"])
def test_an_activity_that_is_no_number_changes_nothing(name):
    net = network(4, 3)
    before = net.state()

    def noise(rows):
        xi = np.zeros((rows, 3), dtype=np.float32)
        xi[1, 1] = np.nan
        return xi

    rule = make_rule(name, rng=np.random.default_rng(0), measured=True)
    with pytest.raises(BadReply, match="not a finite number"):
        rule.step(net, HostSum((3,), noise), Adam(0.1), *batch())
    for key, array in net.state().items():
        np.testing.assert_array_equal(array, before[key])


def test_an_unknown_rule_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="did you mean 'backprop'"):
        make_rule("backpop", rng=np.random.default_rng(0))


@pytest.mark.parametrize("perturbation", [0.0, -1.0, np.nan, np.inf])
def test_a_perturbation_that_is_none_is_refused(perturbation):
    with pytest.raises(ParameterError, match="perturbation"):
        make_rule("spsa", rng=np.random.default_rng(0), perturbation=perturbation)
