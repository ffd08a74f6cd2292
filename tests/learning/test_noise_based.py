import numpy as np
import pytest

from mtjlab.core.errors import BadReply, ParameterError
from mtjlab.learning.host_sum import HostSum
from mtjlab.learning.losses import cross_entropy
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.simulated import Gaussian, Silent, Telegraph

SAMPLES = 16


class Collecting:
    """An optimiser that adds gradients up and changes nothing."""

    def __init__(self):
        self.total = {}
        self.updates = 0

    def update(self, parameters, gradients):
        self.updates += 1
        for name, gradient in gradients.items():
            assert gradient.shape == parameters[name].shape
            assert gradient.dtype == np.float32
            self.total[name] = self.total.get(name, 0.0) + gradient.astype(np.float64)

    def state(self):
        return {}

    def restore(self, state):
        pass


def batch(features: int = 4, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x = rng.standard_normal((SAMPLES, features)).astype(np.float32)
    return x, rng.integers(0, classes, SAMPLES)


def backpropagated(net: Network, x, labels) -> dict[str, np.ndarray]:
    """Gradient of the summed loss of a noiseless tanh network, float64, without decorrelation."""
    seen = [x.astype(np.float64)]
    for layer in net.layers[:-1]:
        seen.append(np.tanh(seen[-1] @ layer.w.T + layer.b))
    logits = seen[-1] @ net.layers[-1].w.T + net.layers[-1].b
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    delta = softmax / softmax.sum(axis=1, keepdims=True)
    delta[np.arange(len(x)), labels] -= 1.0
    gradients = {}
    for index in reversed(range(len(net.layers))):
        gradients[f"layer{index}.w"] = delta.T @ seen[index]
        gradients[f"layer{index}.b"] = delta.sum(axis=0)
        delta = (delta @ net.layers[index].w) * (1.0 - seen[index] ** 2)
    return gradients


def mean_update(net, noise, *, reads: int, repeats: int) -> dict[str, np.ndarray]:
    x, labels = batch()
    collected = Collecting()
    rule = NoiseBased(reads=reads)
    fabric = HostSum(net.widths[1:], noise)
    for _ in range(repeats):
        rule.step(net, fabric, collected, x, labels)
    return {name: total / repeats for name, total in collected.total.items()}


def flat(gradients) -> np.ndarray:
    return np.concatenate([gradients[name].ravel() for name in sorted(gradients)])


def cosine(a, b) -> float:
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


@pytest.mark.parametrize("reads", [2, 3, 6])
@pytest.mark.parametrize("kind", ["gaussian", "telegraph"])
def test_the_mean_update_of_a_linear_layer_is_the_gradient(kind, reads):
    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    rng = np.random.default_rng(5)
    noise = Gaussian(3, rng, sigma=0.01) if kind == "gaussian" else Telegraph(3, rng, level=0.01)
    update = mean_update(net, noise, reads=reads, repeats=3000)
    gradient = backpropagated(net, *batch())
    assert cosine(flat(update), flat(gradient)) > 0.998
    # Of N = 3 telegraph nodes one sample in 8 shows no difference between 2 reads and says nothing.
    said = 1.0 - 0.5**3 if kind == "telegraph" else 1.0
    if reads == 2 or kind == "gaussian":
        size = np.linalg.norm(flat(update)) / np.linalg.norm(flat(gradient))
        assert size == pytest.approx(said, rel=0.03)


@pytest.mark.parametrize("reads", [2, 4])
def test_the_mean_update_of_a_deep_network_points_along_the_gradient(reads):
    net = Network((4, 6, 3), np.random.default_rng(1), decorrelate=False)
    noise = Telegraph(9, np.random.default_rng(2), level=0.02, sigma=0.002)
    update = mean_update(net, noise, reads=reads, repeats=6000)
    # Layer by layer: a layer that also hears the noise of the one below takes longer steps.
    for name, expected in backpropagated(net, *batch()).items():
        assert cosine(update[name], expected) > 0.98


def test_two_reads_are_the_published_formula_sample_by_sample():
    net = Network((4, 5, 3), np.random.default_rng(1), decorrelate=False)
    x, labels = batch()
    noise = Gaussian(8, np.random.default_rng(2))(2 * SAMPLES)
    collected = Collecting()
    metrics = NoiseBased().step(net, HostSum((5, 3), lambda rows: noise), collected, x, labels)

    fabric = HostSum((5, 3), lambda rows: noise)
    passes = net.forward(fabric, x, repeats=2)
    loss = cross_entropy(passes[-1].output, np.tile(labels, 2))
    d_loss = loss[:SAMPLES] - loss[SAMPLES:]
    da = [(p.activity[:SAMPLES] - p.activity[SAMPLES:]).astype(np.float64) for p in passes]
    nu = 8 / sum((d**2).sum(axis=1) for d in da)
    for index, (p, d) in enumerate(zip(passes, da, strict=True)):
        along = (nu * d_loss)[:, np.newaxis] * d
        expected = along.T @ p.decorrelated[:SAMPLES]
        worst = np.abs(expected).max()
        np.testing.assert_allclose(collected.total[f"layer{index}.w"], expected, atol=1e-4 * worst)
        np.testing.assert_allclose(
            collected.total[f"layer{index}.b"],
            along.sum(axis=0),
            atol=1e-4 * np.abs(along.sum(axis=0)).max(),
        )
    assert metrics.loss == pytest.approx(loss.mean())
    assert metrics.reads == 2 * SAMPLES


@pytest.mark.parametrize("reads", [2, 3, 5])
def test_without_noise_every_sample_is_discarded_and_nothing_changes(reads):
    net = Network((4, 8, 3), np.random.default_rng(0), decorrelate=True)
    before = net.state()
    adam = Adam(0.1, weight_decay=0.1)
    rule = NoiseBased(reads=reads, decorrelation_rate=0.01)
    metrics = rule.step(net, HostSum((8, 3), Silent(11)), adam, *batch())
    assert metrics.discarded == SAMPLES
    assert not metrics.updated
    assert adam.updates == 0
    assert np.isfinite(metrics.loss)
    for name, array in net.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_samples_without_a_difference_are_left_out_and_the_rest_is_as_if_alone():
    x, labels = batch()
    silent = np.arange(SAMPLES) % 3 == 0
    noise = Gaussian(3, np.random.default_rng(3))(2 * SAMPLES)
    noise[SAMPLES:][silent] = noise[:SAMPLES][silent]
    both = np.tile(silent, 2)
    collected, alone = Collecting(), Collecting()
    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    metrics = NoiseBased().step(net, HostSum((3,), lambda rows: noise), collected, x, labels)
    NoiseBased().step(
        net, HostSum((3,), lambda rows: noise[~both]), alone, x[~silent], labels[~silent]
    )
    assert metrics.discarded == silent.sum()
    assert metrics.updated
    for name, total in alone.total.items():
        np.testing.assert_allclose(collected.total[name], total, rtol=1e-4, atol=1e-6)


def test_rare_flips_never_make_a_nan():
    net = Network((4, 4, 3), np.random.default_rng(0), decorrelate=False)
    noise = Telegraph(7, np.random.default_rng(1), occupancy=0.02)
    fabric, adam, rule = HostSum((4, 3), noise), Adam(0.1), NoiseBased()
    discarded = 0
    for _ in range(200):
        discarded += rule.step(net, fabric, adam, *batch()).discarded
    assert 0 < discarded < 200 * SAMPLES
    assert all(np.isfinite(array).all() for array in net.state().values())


@pytest.mark.parametrize("tiny", [1e-30, 1e-20, 1e-16])
def test_differences_below_rounding_are_no_noise(tiny):
    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    net.layers[0].w[...] = 0.0
    noise = np.zeros((2 * SAMPLES, 3), dtype=np.float32)
    noise[0, 0] = tiny
    metrics = NoiseBased().step(net, HostSum((3,), lambda rows: noise), Adam(0.1), *batch())
    assert metrics.discarded == SAMPLES


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_an_activity_that_is_no_number_is_an_error_and_changes_nothing(broken):
    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    before = net.state()

    def noise(rows):
        xi = Gaussian(3, np.random.default_rng(0))(rows)
        xi[5, 1] = broken
        return xi

    with (
        np.errstate(invalid="ignore"),
        pytest.raises(BadReply, match="not a finite number"),
    ):
        NoiseBased().step(net, HostSum((3,), noise), Adam(0.1), *batch())
    np.testing.assert_array_equal(net.layers[0].w, before["layer0.w"])


def test_decorrelation_moves_r_by_the_inputs_of_the_first_read():
    net = Network((4, 3), np.random.default_rng(0), decorrelate=True)
    x, labels = batch()
    fabric = HostSum((3,), Gaussian(3, np.random.default_rng(1)))
    NoiseBased(decorrelation_rate=0.1).step(net, fabric, Adam(0.1), x, labels)
    covariance = x.T @ x / SAMPLES
    expected = np.eye(4) - 0.1 * (covariance - np.diag(np.diag(covariance)))
    np.testing.assert_allclose(net.layers[0].r, expected, atol=1e-6)


def test_parameters_are_kept_under_their_names():
    rule = NoiseBased(reads=4, decorrelation_rate=0.5)
    assert vars(rule) == {"reads": 4, "decorrelation_rate": 0.5}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reads": 1}, "needs at least 2"),
        ({"decorrelation_rate": -1.0}, "decorrelation_rate"),
        ({"decorrelation_rate": np.nan}, "decorrelation_rate"),
    ],
)
def test_impossible_parameters_are_refused(wrong, message):
    with pytest.raises(ParameterError, match=message):
        NoiseBased(**wrong)


def test_a_rate_without_decorrelation_layers_is_refused():
    net = Network((4, 3), np.random.default_rng(0), decorrelate=False)
    with pytest.raises(ParameterError, match="without decorrelation"):
        NoiseBased(decorrelation_rate=0.1).step(net, HostSum((3,), Silent(3)), Adam(0.1), *batch())
