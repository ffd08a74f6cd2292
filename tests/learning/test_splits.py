import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import DataError
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task, split, split_at

IRIS = load_task("iris")


def task_of(labels, seed=0) -> Task:
    labels = np.asarray(labels)
    x = np.random.default_rng(seed).standard_normal((len(labels), 2))
    names = tuple(str(i) for i in range(int(labels.max()) + 1))
    return Task("made up", x, labels, names, ("a", "b"), "")


@given(
    st.lists(st.integers(1, 20), min_size=2, max_size=5),
    st.integers(0, 2**32),
    st.data(),
)
def test_parts_are_disjoint_complete_and_leave_every_class_to_learn_from(counts, seed, data):
    labels = np.repeat(np.arange(len(counts)), counts)
    most = len(labels) - len(counts)
    test_count = data.draw(st.integers(0, most))
    parts = split(task_of(labels), np.random.default_rng(seed), test_count=test_count)
    rows = np.concatenate([parts.train_rows, parts.test_rows])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(labels)))
    assert len(parts.test_labels) == test_count
    assert set(parts.train_labels) == set(range(len(counts)))


def test_iris_gives_ten_flowers_of_each_kind_to_the_test():
    parts = split(IRIS, np.random.default_rng(0))
    assert parts.train_x.shape == (120, 4)
    assert parts.test_x.shape == (30, 4)
    np.testing.assert_array_equal(np.bincount(parts.test_labels), [10, 10, 10])


def test_shares_follow_the_size_of_the_classes():
    parts = split(task_of([0] * 60 + [1] * 30 + [2] * 10), np.random.default_rng(0), 10)
    np.testing.assert_array_equal(np.bincount(parts.test_labels), [6, 3, 1])


def test_the_seed_decides():
    first, again, other = (split(IRIS, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.test_rows, again.test_rows)
    assert not np.array_equal(first.test_rows, other.test_rows)


def test_scaling_knows_the_training_part_only():
    parts = split(IRIS, np.random.default_rng(0))
    np.testing.assert_allclose(parts.mean, IRIS.x[parts.train_rows].mean(axis=0))
    np.testing.assert_allclose(parts.sd, IRIS.x[parts.train_rows].std(axis=0))
    far = IRIS.x.copy()
    far[parts.test_rows] += 1000.0
    moved = split(dataclasses.replace(IRIS, x=far), np.random.default_rng(0))
    np.testing.assert_array_equal(moved.train_x, parts.train_x)
    np.testing.assert_array_equal(moved.test_x, 3.0)


def test_standardised_and_clipped_at_three_standard_deviations():
    x = np.random.default_rng(0).standard_normal((400, 2)) * [1, 1e6] + [0, 1e7]
    x[0] = [50, 0]
    task = Task("t", x, np.arange(400) % 2, ("a", "b"), ("p", "q"), "")
    parts = split(task, np.random.default_rng(0), test_count=0)
    assert np.abs(parts.train_x).max() == 3.0
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(parts.train_x, np.clip(z, -3, 3), rtol=1e-5, atol=1e-6)
    assert parts.train_x.dtype == np.float32


def test_a_split_is_made_again_from_its_rows():
    parts = split(IRIS, np.random.default_rng(3))
    again = split_at(IRIS, parts.state())
    for field in dataclasses.fields(parts):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(parts, field.name))


def test_no_test_part_if_none_is_asked_for():
    parts = split(load_task("xor"), np.random.default_rng(0), test_count=0)
    assert parts.test_x.shape == (0, 2)
    assert len(parts.train_labels) == 4


@pytest.mark.parametrize("count", [-1, 148, 150, 1000])
def test_impossible_test_counts_are_refused_with_what_is_possible(count):
    with pytest.raises(DataError, match=f"test_count = {count} of 150 rows; .* 0 to 147"):
        split(IRIS, np.random.default_rng(0), test_count=count)


def test_a_column_constant_in_the_training_part_is_refused():
    x = np.zeros((20, 2))
    x[:, 0] = np.arange(20)
    x[7, 1] = 1.0
    task = Task("t", x, np.repeat([0, 1], 10), ("a", "b"), ("p", "q"), "")
    rows = {"train_rows": np.array([0, 15]), "test_rows": np.array([7])}
    with pytest.raises(DataError, match="column 'q' has the same value in all 2 training rows"):
        split_at(task, rows)
