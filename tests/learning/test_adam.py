import math

import numpy as np
import pytest

from mtjlab.learning.optimisers import Adam


def reference(start, gradients, *, rate, decay=0.0, schedule=lambda t: 1.0):
    """Adam in float64, written from the paper; t counts from 0."""
    p, m, v = start.astype(np.float64), 0.0, 0.0
    for t, g in enumerate(gradients):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        step = rate * schedule(t)
        p = p - step * decay * p
        p = p - step * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    return p


def run(adam, start, gradients):
    parameters = {"w": start.copy()}
    for gradient in gradients:
        adam.update(parameters, {"w": gradient})
    return parameters["w"]


@pytest.fixture
def start():
    return np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


@pytest.fixture
def gradients():
    return np.random.default_rng(1).standard_normal((40, 3, 4)).astype(np.float32)


def test_as_the_paper(start, gradients):
    np.testing.assert_allclose(
        run(Adam(0.03), start, gradients), reference(start, gradients, rate=0.03), atol=2e-6
    )


def test_decoupled_decay_and_cosine_schedule(start, gradients):
    adam = Adam(0.03, weight_decay=0.1, schedule="cosine", total_updates=40)
    expected = reference(
        start,
        gradients,
        rate=0.03,
        decay=0.1,
        schedule=lambda t: 0.5 * (1 + math.cos(math.pi * t / 40)),
    )
    np.testing.assert_allclose(run(adam, start, gradients), expected, atol=2e-6)


def test_the_cosine_ends_at_zero_and_stays_there(start, gradients):
    adam = Adam(0.03, schedule="cosine", total_updates=10)
    at_the_end = run(adam, start, gradients[:10])
    np.testing.assert_array_equal(run(adam, at_the_end, gradients[10:15]), at_the_end)


def test_biases_do_not_decay():
    adam = Adam(0.5, weight_decay=0.1)
    parameters = {"w": np.ones((1, 2), np.float32), "b": np.ones(2, np.float32)}
    adam.update(parameters, {name: np.zeros_like(p) for name, p in parameters.items()})
    np.testing.assert_allclose(parameters["w"], 0.95, rtol=1e-6)
    np.testing.assert_array_equal(parameters["b"], 1.0)


def test_parameters_change_in_place_and_stay_float32(start, gradients):
    parameters = {"w": start}
    before = start.copy()
    Adam(0.1).update(parameters, {"w": gradients[0]})
    assert parameters["w"] is start
    assert start.dtype == np.float32
    assert not np.array_equal(start, before)


def test_gradients_are_left_alone(start, gradients):
    before = gradients[0].copy()
    Adam(0.1).update({"w": start}, {"w": gradients[0]})
    np.testing.assert_array_equal(gradients[0], before)


def test_restored_in_the_middle_it_goes_on_bit_by_bit(start, gradients):
    whole = run(Adam(0.1, weight_decay=0.01), start, gradients)
    first = Adam(0.1, weight_decay=0.01)
    middle = run(first, start, gradients[:17])
    saved = first.state()
    run(first, middle, gradients[17:19])
    second = Adam(0.1, weight_decay=0.01)
    second.restore(saved)
    np.testing.assert_array_equal(run(second, middle, gradients[17:]), whole)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_that_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="learning_rate"):
        Adam(rate)


def test_a_cosine_needs_to_know_its_end():
    with pytest.raises(ValueError, match="total_updates"):
        Adam(0.1, schedule="cosine")
