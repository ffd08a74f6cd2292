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


# Sums that the descriptions of the data sets, or their makers, state: rows per class, and for wine
# and breast cancer the least and largest value of a column.
@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [
        ("wine", (178, 13), [59, 71, 48]),
        ("breast_cancer", (569, 30), [212, 357]),
        ("digits", (1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        ("moons", (200, 2), [100, 100]),
    ],
)
def test_shipped_tasks_have_the_size_their_makers_state(name, shape, counts):
    task = load_task(name)
    assert task.x.shape == shape
    np.testing.assert_array_equal(np.bincount(task.labels), counts)


def test_columns_run_as_their_makers_state():
    wine, cancer, digits = (load_task(name) for name in ("wine", "breast_cancer", "digits"))
    proline = wine.x[:, wine.feature_names.index("proline")]
    assert (proline.min(), proline.max()) == (278, 1680)
    assert wine.x[:, 0].mean() == pytest.approx(13.0, abs=0.05)
    area = cancer.x[:, cancer.feature_names.index("worst_area")]
    assert (area.min(), area.max()) == (185.2, 4254.0)
    assert (cancer.x[:, 0].min(), cancer.x[:, 0].max()) == (6.981, 28.11)
    assert cancer.class_names == ("malignant", "benign")
    assert set(np.unique(digits.x)) == set(range(17))
    assert digits.class_names == tuple("0123456789")


def test_moons_are_half_circles_in_noise_and_the_same_for_ever():
    task = load_task("moons")
    assert task.x.sum() == pytest.approx(151.35943228416093, rel=1e-12)
    centre = np.where(task.labels[:, None] == 0, [0.0, 0.0], [1.0, 0.5])
    radius = np.hypot(*(task.x - centre).T)
    # 200 points in noise of 0.1: mean and sd of the radius to 0.007 and 0.005
    assert radius.mean() == pytest.approx(1.005, abs=0.02)
    assert radius.std() == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize("name", task_names())
def test_shipped_tasks_are_valid(name):
    validate(load_task(name))


def test_an_unknown_task_names_the_nearest():
    with pytest.raises(DataError, match=r"no task 'irsi': did you mean 'iris'\?"):
        load_task("irsi")
    with pytest.raises(DataError, match=r"no task 'cvs:a': known: .*csv:PATH, .*idx:FOLDER"):
        load_task("cvs:a")


def test_a_task_is_read_once_and_cannot_be_changed_by_who_uses_it():
    task = load_task("wine")
    assert load_task("wine") is task
    with pytest.raises(ValueError, match="read-only"):
        task.x[0, 0] = 1.0


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


@pytest.mark.parametrize("header", ["class,a,b", "a,Class,b", "a,b,kind", "label,a,b"])
def test_the_class_is_in_the_column_of_that_name_or_in_the_last(header):
    cells = {"a": "1", "b": "2"}
    line = ",".join(cells.get(name, "x") for name in header.split(","))
    table = read_csv(f"{header}\n{line}\n", "t.csv")
    assert table.feature_names == ("a", "b")
    assert table.class_names == ("x",)
    np.testing.assert_array_equal(table.x, [[1, 2]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv: the first line has 0 columns"),
        ("a,kind\n", "no rows of data"),
        ("a,kind\n1,x\n2,3,x\n", "t.csv, line 3: 3 columns, but the header has 2"),
        ("a,kind\n1,x\n2;5,x\n", "t.csv, line 3, column 'a': '2;5' is not a number"),
        ("1,2\n3,4\n", "the first line has numbers only"),
        ("a,b,a\n1,2,x\n", "two columns are named 'a'"),
        ("a,kind\n1,x\n2, \n", "t.csv, line 3: the class, column 'kind', is empty"),
        ("a,b\n" + "".join(f"1,{i}\n" for i in range(30)), "'b' has 30 different values in 30"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(text, message):
    with pytest.raises(DataError, match=message):
        read_csv(text, "t.csv")
