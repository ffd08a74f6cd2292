import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mtjlab.learning.losses import correct, cross_entropy

LABELS = np.array([0, 1, 2])


def test_equal_logits_cost_the_log_of_the_number_of_classes():
    np.testing.assert_allclose(cross_entropy(np.zeros((3, 4)), LABELS), math.log(4), rtol=1e-12)


def test_two_classes_are_a_softplus_of_the_difference():
    logits = np.array([[0.3, -1.2]], dtype=np.float32)
    expected = math.log1p(math.exp(-1.2 - 0.3))
    assert math.isclose(cross_entropy(logits, np.array([0]))[0], expected, rel_tol=1e-6)


@given(arrays(np.float32, (3, 3), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_finite_and_not_negative_for_any_finite_logits(logits):
    loss = cross_entropy(logits, LABELS)
    assert np.isfinite(loss).all()
    assert (loss >= 0).all()


@given(arrays(np.float64, (3, 3), elements=st.floats(-30, 30)), st.floats(-1e3, 1e3))
def test_a_common_offset_changes_nothing(logits, offset):
    np.testing.assert_allclose(
        cross_entropy(logits + offset, LABELS), cross_entropy(logits, LABELS), atol=1e-9
    )


def test_a_small_loss_keeps_its_digits():
    # ln(1 + e^-40) rounds to zero if computed as log(1 + ...)
    loss = cross_entropy(np.array([[40.0, 0.0]]), np.array([0]))[0]
    assert math.isclose(loss, math.exp(-40.0), rel_tol=1e-6)


def test_correct_is_the_largest_logit():
    logits = np.array([[3, 1, 2], [3, 1, 2], [0, 1, 5]], dtype=np.float32)
    np.testing.assert_array_equal(correct(logits, LABELS), [True, False, True])
