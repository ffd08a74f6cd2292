import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import DataError
from mtjlab.learning.task import Task
from mtjlab.learning.tasks import load_task, split, split_at

IRIS = load_task("iris")
# Recorded before there was a validation part.
FIRST_ROWS = [2, 3, 4, 18, 20, 23, 24, 26, 34, 36]


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
    validation_count = data.draw(st.integers(0, most - test_count))
    rng = np.random.default_rng(seed)
    parts = split(task_of(labels), rng, test_count, validation_count)
    rows = np.concatenate([parts.train_rows, parts.validation_rows, parts.test_rows])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(labels)))
    assert len(parts.test_labels) == test_count
    assert len(parts.validation_labels) == validation_count
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


def test_the_draws_of_a_seed_are_those_they_always_were():
    rows = split(IRIS, np.random.default_rng(0)).test_rows
    assert rows[:10].tolist() == FIRST_ROWS
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(np.arange(50) + 50 * label)[:10] for label in range(3)]
    np.testing.assert_array_equal(rows, np.sort(np.concatenate(drawn)))


def test_a_validation_part_leaves_the_test_part_as_it_is():
    parts = split(IRIS, np.random.default_rng(0), 30, 15)
    without = split(IRIS, np.random.default_rng(0), 30)
    np.testing.assert_array_equal(parts.test_rows, without.test_rows)
    np.testing.assert_array_equal(np.bincount(parts.validation_labels), [5, 5, 5])
    z = (IRIS.x[parts.validation_rows] - parts.mean) / parts.sd
    np.testing.assert_allclose(parts.validation_x, np.clip(z, -3, 3), rtol=1e-5)
    assert without.validation_x.shape == (0, 4)


def test_a_fifth_is_the_test_part_where_nobody_says_otherwise():
    assert len(split(IRIS, np.random.default_rng(0), None).test_labels) == 30


def test_scaling_knows_the_training_part_only():
    parts = split(IRIS, np.random.default_rng(0), 30, 30)
    np.testing.assert_allclose(parts.mean, IRIS.x[parts.train_rows].mean(axis=0))
    np.testing.assert_allclose(parts.sd, IRIS.x[parts.train_rows].std(axis=0))
    far = IRIS.x.copy()
    far[parts.test_rows] += 1000.0
    far[parts.validation_rows] -= 1000.0
    moved = split(dataclasses.replace(IRIS, x=far), np.random.default_rng(0), 30, 30)
    np.testing.assert_array_equal(moved.train_x, parts.train_x)
    np.testing.assert_array_equal(moved.test_x, 3.0)
    np.testing.assert_array_equal(moved.validation_x, -3.0)


def test_one_scale_for_all_columns():
    parts = split(IRIS, np.random.default_rng(0), scaling="common")
    learnt = IRIS.x[parts.train_rows]
    z = ((learnt - learnt.mean()) / learnt.std()).clip(-3, 3)
    np.testing.assert_allclose(parts.train_x, z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(parts.sd, learnt.std())


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
    parts = split(IRIS, np.random.default_rng(3), 30, 20)
    again = split_at(IRIS, parts.state())
    for field in dataclasses.fields(parts):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(parts, field.name))


def test_a_split_of_other_data_is_not_made_again():
    state = split(IRIS, np.random.default_rng(3)).state()
    other = IRIS.x.copy()
    other[7, 1] += 0.1
    with pytest.raises(DataError, match="not the data that the run began with"):
        split_at(dataclasses.replace(IRIS, x=other), state)


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
