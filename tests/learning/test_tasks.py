import dataclasses

import numpy as np
import pytest

from mtjlab.core.errors import DataError
from mtjlab.learning.csv_table import read_csv
from mtjlab.learning.tasks import load_task, task_names, validate


def test_iris_has_fishers_numbers():
    task = load_task("iris")
    assert task.x.shape == (150, 4)
    assert task.class_names == ("setosa", "versicolor", "virginica")
    np.testing.assert_array_equal(np.bincount(task.labels), [50, 50, 50])
    np.testing.assert_allclose(task.x.sum(axis=0), [876.5, 458.6, 563.7, 179.9])
    # The two flowers that are wrong in the file of the UCI repository
    np.testing.assert_array_equal(task.x[34], [4.9, 3.1, 1.5, 0.2])
    np.testing.assert_array_equal(task.x[37], [4.9, 3.6, 1.4, 0.1])
    assert "CC BY 4.0" in task.source


def test_xor_is_xor():
    task = load_task("xor")
    for (a, b), label in zip(task.x, task.labels, strict=True):
        assert label == ((a > 0) != (b > 0))


@pytest.mark.parametrize("name", task_names())
def test_shipped_tasks_are_valid(name):
    validate(load_task(name))


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(DataError, match=r"no task 'irsi': did you mean 'iris'\?"):
        load_task("irsi")


def changed(**fields):
    return dataclasses.replace(load_task("iris"), **fields)


def hole(value):
    x = load_task("iris").x.copy()
    x[6, 2] = value
    return changed(x=x)


def constant():
    x = load_task("iris").x.copy()
    x[:, 1] = 3.0
    return changed(x=x)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (hole(np.nan), r"1 values .* row 7, column 'petal_length_cm'"),
        (hole(np.inf), r"row 7"),
        (constant(), r"column 'sepal_width_cm' has the same value \(3\) in all 150 rows"),
        (changed(labels=np.zeros(150, np.int64)), r"1 class \('setosa'\) in 150 rows"),
        (changed(labels=np.zeros(149, np.int64)), r"150 rows of data but labels of shape \(149,\)"),
        (changed(labels=np.arange(150) % 4), r"labels run from 0 to 3, but 3 classes are named"),
        (changed(labels=np.arange(150) % 3 - 1), r"labels run from -1 to 1"),
        (changed(x=np.zeros(150)), r"expected \(rows, features\)"),
        (changed(feature_names=("a",)), r"4 columns but 1 feature names"),
        (changed(x=np.zeros((0, 4)), labels=np.zeros(0, np.int64)), r"0 class in 0 rows"),
    ],
)
def test_data_that_cannot_be_learnt_from_are_refused_in_words(task, message):
    with pytest.raises(DataError, match=message):
        validate(task)


def test_classes_are_numbered_as_they_appear_and_empty_cells_are_nan():
    table = read_csv("a, b,kind\n1,2,x\n\n,4e-3,y\n5,6,x\n", "t.csv")
    assert table.class_names == ("x", "y")
    assert table.feature_names == ("a", "b")
    np.testing.assert_array_equal(table.labels, [0, 1, 0])
    np.testing.assert_array_equal(table.x, [[1, 2], [np.nan, 0.004], [5, 6]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv: the first line has 0 columns"),
        ("a,kind\n", "no rows of data"),
        ("a,kind\n1,x\n2,3,x\n", "t.csv, line 3: 3 columns, but the header has 2"),
        ("a,kind\n1,x\n2;5,x\n", "t.csv, line 3, column 'a': '2;5' is not a number"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(text, message):
    with pytest.raises(DataError, match=message):
        read_csv(text, "t.csv")
