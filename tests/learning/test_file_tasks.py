"""CSV and IDX files by path; the IDX files are written here byte by byte, as the format says."""

import gzip
import os
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mtjlab.core.errors import DataError
from mtjlab.learning.idx_files import read_idx
from mtjlab.learning.tasks import load_task, split, usual_test_count

CSV = "a,class,b\n1,x,2\n3,y,5\n2,x,2\n4,y,1\n"


def idx(array, kind=8):
    array = np.asarray(array, dtype=np.uint8)
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
    return head + array.tobytes()


def pictures(count, seed=0, size=(3, 2)):
    """Random pictures whose first pixel is always 7, as the margins of real ones are always 0."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, *size), dtype=np.uint8)
    images[:, 0, 0] = 7
    return images, np.arange(count) % 3 + 4


def put(folder, stem, images, labels, *, zipped=False, dot="-"):
    for what, dims, array in (("images", 3, images), ("labels", 1, labels)):
        data = idx(array)
        name = f"{stem}-{what}{dot}idx{dims}-ubyte"
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)
    return folder


@given(arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4, max_side=5)), st.booleans())
def test_any_array_of_bytes_comes_back(tmp_path_factory, array, zipped):
    path = tmp_path_factory.mktemp("idx") / "a"
    path.write_bytes(gzip.compress(idx(array)) if zipped else idx(array))
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dot", ["-", "."])
def test_one_pair_is_one_set(tmp_path, zipped, dot):
    images, labels = pictures(30)
    put(tmp_path, "t10k", images, labels, zipped=zipped, dot=dot)
    for name in (f"idx:{tmp_path}", f"idx:{tmp_path}/t10k"):
        task = load_task(name)
        assert task.name == name
        np.testing.assert_array_equal(task.x, images.reshape(30, 6))
        assert task.class_names == ("4", "5", "6")
        np.testing.assert_array_equal(task.labels, labels - 4)
        assert task.feature_names[:3] == ("0,0", "0,1", "1,0")
        assert task.given_test == 0
        assert usual_test_count(task) == 6
    parts = split(task, np.random.default_rng(0), None)
    assert (len(parts.train_x), len(parts.test_x)) == (24, 6)


def test_pixels_are_scaled_as_numbers_are_and_constant_ones_are_nothing(tmp_path):
    images, labels = pictures(30)
    parts = split(load_task(f"idx:{put(tmp_path, 'train', images, labels)}"), seeded(), 6)
    learnt = images.reshape(30, 6)[parts.train_rows].astype(float)
    np.testing.assert_allclose(parts.mean, learnt.mean(axis=0))
    np.testing.assert_allclose(parts.sd, learnt.std(axis=0), atol=1e-12)
    assert parts.sd[0] == 0.0
    assert not parts.train_x[:, 0].any()
    z = (learnt - learnt.mean(axis=0))[:, 1:] / learnt.std(axis=0)[1:]
    np.testing.assert_allclose(parts.train_x[:, 1:], z, rtol=1e-5, atol=1e-6)
    common = split(load_task(f"idx:{tmp_path}"), seeded(), 6, scaling="common")
    z = (learnt - learnt.mean()) / learnt.std()
    np.testing.assert_allclose(common.train_x, z.clip(-3, 3), rtol=1e-5, atol=1e-6)


def seeded():
    return np.random.default_rng(1)


@pytest.mark.parametrize("test_stem", ["t10k", "emnist-test"])
def test_of_two_pairs_the_test_set_is_the_test_part(tmp_path, test_stem):
    images, labels = pictures(40)
    put(tmp_path, "train", images[:30], labels[:30], zipped=True)
    put(tmp_path, test_stem, images[30:], labels[30:])
    task = load_task(f"idx:{tmp_path}")
    assert usual_test_count(task) == 10
    for count in (None, 10):
        rng = seeded()
        parts = split(task, rng, count)
        np.testing.assert_array_equal(parts.test_rows, np.arange(30, 40))
        np.testing.assert_array_equal(parts.train_rows, np.arange(30))
        assert rng.random() == seeded().random()
    fewer = split(task, seeded(), 6, 9)
    assert fewer.test_rows.min() >= 30
    np.testing.assert_array_equal(np.bincount(fewer.validation_labels), [3, 3, 3])
    np.testing.assert_array_equal(
        np.sort(np.concatenate([fewer.train_rows, fewer.validation_rows])), np.arange(30)
    )
    with pytest.raises(DataError, match="test_count = 11 of 10 rows; 0 to 10 are possible"):
        split(task, seeded(), 11)


def test_a_file_that_has_changed_is_read_again(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    first = load_task(f"csv:{path}")
    assert load_task(f"csv:{path}") is first
    path.write_text(CSV.replace("1,x,2", "9,x,2"))
    os.utime(path, (1, 1))
    assert load_task(f"csv:{path}").x[0, 0] == 9


def test_csv_by_path(tmp_path):
    for name, data in (
        ("a.csv", CSV.encode()),
        ("b.csv.gz", gzip.compress(b"\xef\xbb\xbf" + CSV.encode(), mtime=0)),
    ):
        (tmp_path / name).write_bytes(data)
        task = load_task(f"csv:{tmp_path / name}")
        np.testing.assert_array_equal(task.x, [[1, 2], [3, 5], [2, 2], [4, 1]])
        assert task.class_names == ("x", "y")
        assert str(tmp_path / name) in task.source


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CSV.replace("3,y", "nan,y"), r"1 values are missing or not finite, .* row 2, column 'a'"),
        (CSV.replace("3,y,5", ",y,5"), r"row 2, column 'a'"),
        (CSV.replace("y", "x"), r"1 class \('x'\) in 4 rows; two are needed"),
        ("a,b,class\n1,2,x\n1,3,y\n", r"column 'a' has the same value \(1\) in all 2 rows"),
        ("a;b;class\n1;2;x\n", r"the first line has 1 columns"),
    ],
)
def test_csv_that_cannot_be_learnt_from(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        load_task(f"csv:{tmp_path}/a.csv")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("csv:nothing.csv", None, r"nothing.csv cannot be read: no such file"),
        ("csv:", None, r"task 'csv:' names no file; expected csv:PATH"),
        ("idx:nowhere/at/all", None, r"no folder .*nowhere/at with IDX files"),
        ("csv:a.csv", b"a,class\n1,\xff\n", r"a.csv is not text in UTF-8 \(byte 10\)"),
        ("csv:a.csv.gz", b"a,class\n", r"a.csv.gz is named .gz, but does not begin as gzip"),
        ("csv:a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-9], r"a.csv.gz cannot be unpacked"),
    ],
)
def test_paths_that_lead_nowhere(tmp_path, monkeypatch, name, data, message):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / name.partition(":")[2]).write_bytes(data)
    with pytest.raises(DataError, match=message):
        load_task(name)


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def damage(**files):
    """A folder of twelve pictures with some files replaced; None removes one."""

    def make(folder):
        put(folder, "train", *pictures(12))
        for name, data in files.items():
            path = folder / {"images": IMAGES, "labels": LABELS}[name]
            path.unlink()
            if data is not None:
                path.write_bytes(data)

    return make


def extra_set(stem, count=4, size=(3, 2), shift=0):
    def make(folder):
        put(folder, "train", *pictures(12))
        images, labels = pictures(count, size=size)
        put(folder, stem, images, labels + shift)

    return make


TWELVE = idx(pictures(12)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, r"has no IDX images; expected files such as train-images"),
        (damage(labels=None), r"has no labels beside it; expected train-labels-idx1-ubyte or"),
        (damage(images=TWELVE[:-1]), r"is cut short: 12 x 3 x 2 bytes .* are 88, the file has 87"),
        (damage(images=TWELVE + b"x"), r"is too long: 12 x 3 x 2 bytes"),
        (damage(images=TWELVE[:9]), r"cut short: it ends within its dimensions, after 9 bytes"),
        (damage(images=b""), r"not an IDX file: it begins with nothing"),
        (damage(images=b"\x89PNG"), r"not an IDX file: it begins with 89 50 4e 47"),
        (damage(images=idx(np.zeros((12, 3, 2)), kind=13)), r"numbers of type 0x0d; only unsigned"),
        (damage(labels=idx(np.arange(11))), r"12 images, but train-labels-idx1-ubyte 11 labels"),
        (damage(labels=idx(np.zeros((12, 1)))), r"and train-labels-idx1-ubyte 2; expected images"),
        (damage(images=gzip.compress(TWELVE)[:-9]), r"cannot be unpacked"),
        (damage(labels=idx(np.zeros(12))), r"1 class \('0'\) in 12 rows"),
        (damage(images=idx(np.ones((12, 3, 2)))), r"every pixel has the same value \(1\)"),
        (damage(images=idx(np.ones((0, 3, 2))), labels=idx([])), r"0 images of 3 x 2: nothing"),
        (extra_set("t10k", size=(2, 2)), r"has images of 2 x 2, train-images.* of 3 x 2"),
        (extra_set("t10k", shift=1), r"class '7' is in the test part only"),
        (
            extra_set("letters"),
            r"2 pairs of IDX files: .*name one by the beginning .*idx:.*/letters",
        ),
    ],
)
def test_idx_files_that_are_none_are_refused_in_words(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        load_task(f"idx:{tmp_path}")


def test_a_prefix_that_nothing_has(tmp_path):
    put(tmp_path, "train", *pictures(12))
    with pytest.raises(DataError, match=r"no IDX images whose names begin with 'fashion'"):
        load_task(f"idx:{tmp_path}/fashion")
