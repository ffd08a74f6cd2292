import math

import numpy as np
import pytest

from mtjlab.core.errors import ParameterError
from mtjlab.learning.optimisers import OPTIMISER_NAMES, Clipped, Schedule, Sgd, make_optimiser


def run(optimiser, start, gradients):
    parameters = {"w": start.copy()}
    for gradient in gradients:
        optimiser.update(parameters, {"w": gradient})
    return parameters["w"]


@pytest.fixture
def start():
    return np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


@pytest.fixture
def gradients():
    return np.random.default_rng(1).standard_normal((40, 3, 4)).astype(np.float32)


def test_plain_descent_is_the_sum_of_gradients(start, gradients):
    expected = start - 0.03 * gradients.astype(np.float64).sum(axis=0)
    np.testing.assert_allclose(run(Sgd(0.03), start, gradients), expected, atol=1e-5)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_under_a_constant_gradient_is_a_geometric_sum(start, nesterov):
    rate, keep, steps = 0.01, 0.8, 25
    constant = np.full((steps, 3, 4), 0.5, dtype=np.float32)
    moved = start - run(Sgd(rate, momentum=keep, nesterov=nesterov), start, constant)
    velocities = (1.0 - keep ** np.arange(1, steps + 1)) / (1.0 - keep)
    sums = (1.0 + keep * velocities).sum() if nesterov else velocities.sum()
    np.testing.assert_allclose(moved, rate * 0.5 * sums, rtol=1e-4)


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_every_one_goes_down_a_quadratic_bowl(name):
    scale = np.array([[1.0, 5.0, 0.3, 2.0]], dtype=np.float32)
    parameters = {"w": np.ones((1, 4), dtype=np.float32)}
    optimiser = make_optimiser(name, 0.05, schedule="cosine", total_updates=400)
    for _ in range(400):
        optimiser.update(parameters, {"w": scale * parameters["w"]})
    assert np.abs(parameters["w"]).max() < 0.06


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_decay_is_decoupled_and_spares_biases(name):
    optimiser = make_optimiser(name, 0.5, weight_decay=0.1)
    parameters = {"w": np.ones((1, 2), np.float32), "b": np.ones(2, np.float32)}
    optimiser.update(parameters, {key: np.zeros_like(p) for key, p in parameters.items()})
    np.testing.assert_allclose(parameters["w"], 0.95, rtol=1e-6)
    np.testing.assert_array_equal(parameters["b"], 1.0)


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_restored_in_the_middle_they_go_on_bit_by_bit(name, start, gradients):
    def make():
        return make_optimiser(
            name,
            0.1,
            weight_decay=0.01,
            schedule="linear",
            total_updates=40,
            warm_up=5,
            weight_clip=1.5,
        )

    whole = make()
    expected = run(whole, start, gradients)
    first = make()
    middle = run(first, start, gradients[:17])
    saved = first.state()
    run(first, middle, gradients[17:19])
    second = make()
    second.restore(saved)
    np.testing.assert_array_equal(run(second, middle, gradients[17:]), expected)
    assert second.state().keys() == whole.state().keys()
    assert second.clipped == whole.clipped > 0


def test_gradients_are_left_alone(start, gradients):
    before = gradients.copy()
    for name in OPTIMISER_NAMES:
        run(make_optimiser(name, 0.1), start, gradients)
    np.testing.assert_array_equal(gradients, before)


@pytest.mark.parametrize("name", OPTIMISER_NAMES)
def test_clipped_parameters_never_leave_the_range(name, start, gradients):
    optimiser = make_optimiser(name, 0.3, weight_clip=1.2)
    parameters = {"w": start, "other": np.full(3, 9.0, dtype=np.float32)}
    for gradient in gradients:
        optimiser.update(parameters, {"w": gradient})
        assert np.abs(parameters["w"]).max() <= np.float32(1.2)
    assert isinstance(optimiser, Clipped)
    np.testing.assert_array_equal(parameters["other"], 9.0)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", lambda t: 1.0),
        ("cosine", lambda t: 0.5 * (1.0 + math.cos(math.pi * min(1.0, t / 20)))),
        ("linear", lambda t: max(0.0, 1.0 - t / 20)),
    ],
)
@pytest.mark.parametrize("warm_up", [0, 5])
def test_schedules(schedule, expected, warm_up):
    this = Schedule(0.3, schedule, 20, warm_up)
    for t in range(30):
        rise = (t + 1) / warm_up if t < warm_up else 1.0
        assert this.rate(t) == pytest.approx(0.3 * rise * expected(t), abs=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate = 0"),
        ({"learning_rate": math.nan}, "learning_rate = nan"),
        ({"schedule": "cosine"}, "total_updates = None"),
        ({"schedule": "linear", "total_updates": 0}, "total_updates = 0"),
        ({"schedule": "steps"}, "schedule = 'steps'"),
        ({"warm_up": -1}, "warm_up = -1"),
        ({"momentum": 1.0}, "momentum = 1"),
        ({"name": "nesterov", "momentum": 0.0}, "nesterov"),
        ({"name": "rmsprop"}, "no optimiser 'rmsprop'"),
        ({"weight_clip": 0.0}, "weight_clip = 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        make_optimiser(**{"name": "momentum", "learning_rate": 0.1, **arguments})
