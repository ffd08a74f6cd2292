import numpy as np
import pytest

from mtjlab.core.errors import ParameterError
from mtjlab.learning.gradient import backpropagated, output_error
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.losses import cross_entropy
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.backprop import Backprop
from mtjlab.learning.simulated import Gaussian, Silent

WIDTHS = (4, 6, 5, 3)
SAMPLES = 7


def problem(decorrelate: bool, activation: str):
    rng = np.random.default_rng(3)
    net = Network(WIDTHS, rng, decorrelate=decorrelate)
    for layer in net.layers:
        layer.b += 0.2 * rng.standard_normal(layer.b.shape, dtype=np.float32)
        if decorrelate:
            layer.r += 0.2 * rng.standard_normal(layer.r.shape, dtype=np.float32)
            layer.c += 0.2 * rng.standard_normal(layer.c.shape, dtype=np.float32)
    fabric = HostSum(WIDTHS[1:], Silent(sum(WIDTHS[1:])), activation=activation)
    x = rng.standard_normal((SAMPLES, 4)).astype(np.float32)
    return net, fabric, x, rng.integers(0, 3, SAMPLES)


def loss_of(parameters, net, activation, x, labels) -> float:
    """Summed loss in float64, written from the formulae."""
    seen = x.astype(np.float64)
    for index, layer in enumerate(net.layers):
        seen = seen @ layer.r.T.astype(np.float64) + layer.c
        seen = seen @ parameters[f"layer{index}.w"].T + parameters[f"layer{index}.b"]
        if index < 2:
            seen = np.tanh(seen) if activation == "tanh" else np.maximum(seen, 0.01 * seen)
    return float(cross_entropy(seen, labels).sum())


@pytest.mark.parametrize("decorrelate", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "leaky_relu"])
def test_it_is_the_difference_quotient_of_the_loss(decorrelate, activation):
    net, fabric, x, labels = problem(decorrelate, activation)
    gradient = backpropagated(net, fabric, net.clean_passes(fabric, x), labels)
    parameters = {name: p.astype(np.float64) for name, p in net.parameters().items()}
    step = 1e-6
    for name, parameter in parameters.items():
        numerical = np.zeros_like(parameter)
        for index in np.ndindex(parameter.shape):
            before = parameter[index]
            sides = []
            for side in (step, -step):
                parameter[index] = before + side
                sides.append(loss_of(parameters, net, activation, x, labels))
            parameter[index] = before
            numerical[index] = (sides[0] - sides[1]) / (2.0 * step)
        largest = np.abs(numerical).max()
        np.testing.assert_allclose(gradient[name], numerical, atol=1e-5 * largest, err_msg=name)


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_the_error_of_the_output_sums_to_zero_and_survives_large_logits(size):
    rng = np.random.default_rng(0)
    logits = (size * rng.standard_normal((9, 4))).astype(np.float32)
    labels = rng.integers(0, 4, 9)
    before = logits.copy()
    error = output_error(logits, labels)
    np.testing.assert_allclose(error.sum(axis=1), 0.0, atol=1e-6)
    assert (error[np.arange(9), labels] <= 0.0).all()
    np.testing.assert_array_equal(logits, before)


class Given:
    """An optimiser that keeps the last gradients."""

    def update(self, parameters, gradients):
        self.gradients = {name: g.copy() for name, g in gradients.items()}

    def state(self):
        return {}

    def restore(self, state):
        pass


def test_on_measured_activations_it_is_the_chain_rule_at_what_was_measured():
    net, _, x, labels = problem(False, "tanh")
    xi = Gaussian(14, np.random.default_rng(1), sigma=0.5)(SAMPLES)
    fabric = HostSum(WIDTHS[1:], lambda rows: xi)
    measured, model = Given(), Given()
    metrics = Backprop(measured=True).step(net, fabric, measured, x, labels)
    Backprop().step(net, fabric, model, x, labels)
    # The noise of a sample is a bias of its own: the gradient of W is that of the shifted network.
    hidden1 = np.tanh(x @ net.layers[0].w.T + net.layers[0].b + xi[:, :6])
    hidden2 = np.tanh(hidden1 @ net.layers[1].w.T + net.layers[1].b + xi[:, 6:11])
    logits = hidden2 @ net.layers[2].w.T + net.layers[2].b + xi[:, 11:]
    delta = output_error(logits, labels)
    np.testing.assert_allclose(measured.gradients["layer2.w"], delta.T @ hidden2, atol=1e-5)
    delta = (delta @ net.layers[2].w) * (1.0 - hidden2**2)
    np.testing.assert_allclose(measured.gradients["layer1.w"], delta.T @ hidden1, atol=1e-5)
    assert not np.allclose(measured.gradients["layer2.w"], model.gradients["layer2.w"], atol=1e-2)
    assert (metrics.reads, metrics.updated, metrics.discarded) == (SAMPLES, True, 0)


def test_the_model_is_asked_without_a_block_and_the_thing_with_one():
    rng = np.random.default_rng(0)
    net = Network((4, 3), rng, decorrelate=False)
    x = rng.standard_normal((5, 4)).astype(np.float32)
    rows = []

    def noise(count):
        rows.append(count)
        return np.zeros((count, 3), dtype=np.float32)

    fabric, labels = HostSum((3,), noise), np.zeros(5, dtype=np.int64)
    for measured, blocks in ((False, 0), (True, 1)):
        rows.clear()
        rule = Backprop(measured=measured)
        rule.step(net, fabric, Adam(0.1), x, labels)
        assert rows == [5] * blocks
        assert (rule.blocks, rule.passes) == (blocks, 1)


def test_a_fabric_without_a_model_says_so_and_nothing_changes():
    class Unknown(HostSum):
        def slope(self, layer, answer):
            raise ParameterError("no model")

    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    before = net.state()
    x, labels = np.ones((2, 4), dtype=np.float32), np.array([0, 1])
    with pytest.raises(ParameterError, match="no model"):
        Backprop(measured=True).step(net, Unknown((3,), Silent(3)), Adam(0.1), x, labels)
    np.testing.assert_array_equal(net.layers[0].w, before["layer0.w"])
