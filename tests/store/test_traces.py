"""Recordings written by pyarrow, pandas, h5py and by hand, read back in pieces."""

import csv

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.store import traces_csv, traces_parquet
from mtjlab.store.traces import open_trace

VOLTS = np.random.default_rng(1).normal(0.042, 0.006, 1000).astype(np.float32)


def write_parquet(path, volts, *, metadata=None, rows=None, column="V"):
    table = pa.table({column: volts})
    table = table.replace_schema_metadata(metadata or {"interval_s": "5e-6"})
    parquet.write_table(table, path, row_group_size=rows or max(1, len(volts)))


def recording(folder, volts=VOLTS, chunks=12, **options):
    """Chunks named as in the published data: number after the stem, without leading zeros."""
    for index, part in enumerate(np.array_split(volts, chunks)):
        write_parquet(folder / f"series_{index}.pqt", part, **options)
    return folder


def test_a_folder_of_parquet_chunks_is_one_recording_in_the_order_of_its_numbers(tmp_path):
    with open_trace(recording(tmp_path)) as trace:
        assert trace.samples == 1000
        assert trace.interval_s == 5e-6
        assert [chunk.path.name for chunk in trace.chunks][9:] == [
            "series_9.pqt",
            "series_10.pqt",
            "series_11.pqt",
        ]
        np.testing.assert_array_equal(trace.read(0, 1000), VOLTS)
        np.testing.assert_array_equal(np.concatenate([*trace.pieces(77)]), VOLTS)


@pytest.fixture(scope="module")
def same(tmp_path_factory):
    """The same numbers in every format."""
    folder = tmp_path_factory.mktemp("same")
    (folder / "chunks").mkdir()
    recording(folder / "chunks", chunks=3, rows=70)
    write_parquet(folder / "one.parquet", VOLTS, rows=1000)
    with h5py.File(folder / "one.h5", "w") as file:
        file["V"] = VOLTS
        file["V"].attrs["interval_s"] = 5e-6
    with (folder / "one.csv").open("w") as file:
        file.write("# rate: 200 kS/s\nt,V\n")
        csv.writer(file).writerows(zip(np.arange(1000) * 5e-6, VOLTS, strict=True))
    return folder


@pytest.mark.parametrize("name", ["chunks", "one.parquet", "one.h5", "one.csv"])
@given(
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 400)), max_size=6),
    st.sampled_from([1, 7, 2**18]),
)
def test_any_stretch_in_any_order_whatever_the_format(name, same, stretches, batch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces_parquet, "BATCH_ROWS", batch)
        patch.setattr(traces_csv, "_BLOCK_BYTES", max(batch, 40))
        with open_trace(same / name) as trace:
            assert trace.samples == 1000
            assert trace.interval_s == pytest.approx(5e-6)
            for start, count in stretches:
                count = min(count, 1000 - start)
                np.testing.assert_array_equal(
                    trace.read(start, count).astype(np.float32), VOLTS[start : start + count]
                )


@pytest.mark.parametrize(
    "metadata",
    [
        {"dt": "5e-6"},
        {"Sample Interval": "5 us"},
        {"sampling rate": "200 kS/s"},
        {"rate_hz": "200000"},
        {"PANDAS_ATTRS": '{"interval_s": 5e-6}'},
    ],
)
def test_the_interval_is_found_in_the_schema(tmp_path, metadata):
    write_parquet(tmp_path / "a.parquet", VOLTS, metadata=metadata)
    with open_trace(tmp_path / "a.parquet") as trace:
        assert trace.interval_s == pytest.approx(5e-6)


def test_what_pandas_writes(tmp_path):
    frame = pd.DataFrame({"time": np.arange(50) * 25e-6, "V": np.arange(50.0)})
    frame.to_parquet(tmp_path / "a.parquet")
    with open_trace(tmp_path / "a.parquet") as trace:
        assert trace.interval_s == pytest.approx(25e-6)
        np.testing.assert_array_equal(trace.read(48, 2), [48.0, 49.0])
    frame["time"] = frame["time"] ** 2
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="times is not equally spaced"):
        open_trace(tmp_path / "a.parquet")


def test_the_interval_may_be_given_and_then_counts(tmp_path):
    write_parquet(tmp_path / "a.parquet", VOLTS, metadata={"device": "r1c3p14"})
    with pytest.raises(DataError, match=r"does not say how fast .* --interval 5us"):
        open_trace(tmp_path / "a.parquet")
    with open_trace(tmp_path / "a.parquet", interval_s=1e-3) as trace:
        assert trace.interval_s == 1e-3
    with pytest.raises(DataError, match=r"interval of 0.0 s; it must be positive"):
        open_trace(tmp_path / "a.parquet", interval_s=0.0)


def test_a_column_or_dataset_may_be_named(tmp_path):
    write_parquet(tmp_path / "a.parquet", VOLTS, column="CH1")
    with open_trace(f"{tmp_path}/a.parquet::CH1") as trace:
        np.testing.assert_array_equal(trace.read(0, 5), VOLTS[:5])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["dt"] = 1e-3
        file["scope/x"], file["scope/y"] = VOLTS, np.stack([VOLTS, -VOLTS])
    with open_trace(f"{tmp_path}/a.h5::scope/y[1]") as trace:
        np.testing.assert_array_equal(trace.read(3, 4), -VOLTS[3:7])


def test_traces_of_a_run_file_are_cut_where_they_were_filled_up(tmp_path):
    rows = np.full((2, 10), np.nan, dtype=np.float32)
    rows[0, :7], rows[1] = 1.0, 2.0
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file.attrs["format"] = "mtjlab run"
        file["data/trace"] = rows
        text = b'{"results": {"trace_interval_s": 1e-5, "slowest_tau_c_s": 3e-5}}'
        file["summary"] = np.frombuffer(text, np.uint8)
    with open_trace(f"{tmp_path}/run.h5::data/trace[0]") as trace:
        assert trace.samples == 7
        assert trace.interval_s == 1e-5
    with pytest.raises(DataError, match=r"holds 2 traces; name one, as in .*data/trace\[0\]"):
        open_trace(tmp_path / "run.h5")
    with pytest.raises(DataError, match="there is no row 2"):
        open_trace(f"{tmp_path}/run.h5::data/trace[2]")


@pytest.mark.parametrize(
    ("head", "separator"),
    [
        ("", ","),
        ("V\n", ","),
        ("Model,DPO7354\nSample Interval,5e-6,s\n\nTIME,CH1\n", ","),
        ("# a comment\n# dt = 5us\ntime;V;other\n", ";"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", ""])
def test_heads_of_text_files(tmp_path, head, separator, ending):
    columns = {"": 1, "V\n": 1}.get(head, 3 if separator == ";" else 2)
    line = {1: "{v}", 2: "{t}{s}{v}", 3: "{t}{s}{v}{s}9"}[columns]
    rows = [line.format(t=i * 5e-6, v=i + 0.5, s=separator) for i in range(30)]
    path = tmp_path / "a.csv"
    newline = "\r\n" if ending == "\r\n" else "\n"
    path.write_bytes((head.replace("\n", newline) + newline.join(rows) + ending).encode())
    with open_trace(path, interval_s=5e-6) as trace:
        assert trace.samples == 30
        np.testing.assert_array_equal(trace.read(28, 2), [28.5, 29.5])
    if columns > 1:
        with open_trace(path) as trace:
            assert trace.interval_s == pytest.approx(5e-6)


def bad_rate(folder):
    recording(folder)
    write_parquet(folder / "series_7.pqt", VOLTS, metadata={"interval_s": "10e-6"})


def no_rate(folder):
    recording(folder)
    write_parquet(folder / "series_7.pqt", VOLTS, metadata={"device": "other"})


def other_type(folder):
    recording(folder)
    write_parquet(folder / "series_7.pqt", VOLTS.astype(np.float64))


def other_column(folder):
    recording(folder)
    write_parquet(folder / "series_7.pqt", VOLTS, column="I")


def integers(folder):
    write_parquet(folder / "a.pqt", np.arange(5))


def not_parquet(folder):
    (folder / "a.parquet").write_bytes(b"PAR1 and nothing else")


def cut_short(folder):
    write_parquet(folder / "whole.parquet", VOLTS)
    data = (folder / "whole.parquet").read_bytes()
    (folder / "whole.parquet").write_bytes(data[: len(data) // 2])


def empty(folder):
    write_parquet(folder / "a.parquet", VOLTS[:0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            bad_rate,
            r"series_7.pqt does not belong .*100 kS/s \(10 us\), while series_0.pqt has 200",
        ),
        (
            no_rate,
            r"series_7.pqt does not belong .*no stated rate, while series_0.pqt has 200 kS/s",
        ),
        (other_type, r"series_7.pqt does not belong .*'V' of double, while .* 'V' of float"),
        (other_column, r"series_7.pqt has no column 'V'; its columns are I"),
        (integers, r"a.pqt: column 'V' of int64; expected floats, in volts"),
        (not_parquet, r"a.parquet cannot be read as parquet"),
        (cut_short, r"whole.parquet cannot be read as parquet"),
        (empty, r"has no samples"),
        (lambda folder: None, r"has no files of a recording \(.parquet"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        open_trace(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nothing.csv", None, "no such file or folder"),
        ("a.xlsx", b"x", "no recording by its name; known endings are .parquet"),
        ("a.csv", b"V\none\ntwo\n", "no line of numbers among its first 3 lines"),
        ("a.csv", b"a,b\n1,2\n", "no column 'V'; its columns are a, b"),
        ("a.csv", b"dt,5 quick\nV\n1\n", "dt: '5 quick'.* neither an SI prefix nor a unit"),
        ("a.csv", b"dt,0\nV\n1\n", "dt = 0 must be positive"),
        ("a.h5", b"nothing", "cannot be read as HDF5"),
    ],
)
def test_files_that_are_none_are_refused_in_words(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_trace(tmp_path / name)


def test_hdf5_files_without_a_clear_trace_say_what_they_have(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"], file["n"] = VOLTS, VOLTS, np.arange(3)
    with pytest.raises(DataError, match=r"2 datasets of floats: x, y; name one, as in .*a.h5::x"):
        open_trace(tmp_path / "a.h5")
    with pytest.raises(DataError, match="no dataset of floats 'n'; it has x, y"):
        open_trace(f"{tmp_path}/a.h5::n")
    with pytest.raises(DataError, match="one trace, without rows"):
        open_trace(f"{tmp_path}/a.h5::x[0]")


def test_a_line_or_sample_that_is_no_number_is_named_when_it_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("dt,1e-6\nV\n1\n2\nOL\n4\n\n6\n")
    with open_trace(tmp_path / "a.csv") as trace:
        np.testing.assert_array_equal(trace.read(0, 2), [1, 2])
        with pytest.raises(DataError, match=r"a.csv, line 5: 'OL' is not a number"):
            trace.read(1, 2)
        with pytest.raises(DataError, match=r"a.csv, line 7: '' is not a number"):
            trace.read(3, 3)
        with pytest.raises(DataError, match="samples 5 to 9 of 6 were asked for"):
            trace.read(5, 4)
    volts = VOLTS.copy()
    volts[500] = np.nan
    (tmp_path / "chunks").mkdir()
    with open_trace(recording(tmp_path / "chunks", volts, chunks=2)) as trace:
        trace.read(0, 500)
        with pytest.raises(DataError, match=r"series_1.pqt: sample 0 is nan; cut it out"):
            trace.read(499, 3)
    write_parquet(tmp_path / "null.pqt", pa.array([1.0, None], pa.float32()))
    with (
        open_trace(tmp_path / "null.pqt") as trace,
        pytest.raises(DataError, match=r"1 samples after 0 are missing \(null\)"),
    ):
        trace.read(0, 2)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    write_parquet(tmp_path / "a.parquet", VOLTS)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ParameterError, match=r"install the extra `export`"):
        open_trace(tmp_path / "a.parquet")
