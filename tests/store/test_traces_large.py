"""A recording costs as much memory as the pieces it is read in, whatever its length."""

import tracemalloc

import h5py
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mtjlab.learning.recorded import Recorded
from mtjlab.store.traces import open_trace

SAMPLES = 4_000_000
PIECE = 50_000
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    volts = np.random.default_rng(0).standard_normal(SAMPLES, dtype=np.float32)
    # One row group: pyarrow would keep all 16 MB of it.
    table = pa.table({"V": volts}).replace_schema_metadata({"dt": "5e-6"})
    parquet.write_table(table, folder / "a.parquet", row_group_size=SAMPLES)
    with h5py.File(folder / "a.h5", "w") as file:
        file.attrs["dt"] = 5e-6
        file["V"] = volts
    with (folder / "a.csv").open("w") as file:
        file.write("dt,5e-6\nV\n")
        file.writelines(f"{value:.4f}\n" for value in volts[: SAMPLES // 20])
    return folder


@pytest.mark.parametrize("name", ["a.parquet", "a.h5", "a.csv"])
def test_reading_all_of_it_takes_no_more_memory_than_a_few_pieces(folder, name):
    with open_trace(folder / name) as trace:
        trace.read(0, PIECE)
        arrow = pa.total_allocated_bytes()
        tracemalloc.start()
        mean, most = 0.0, 0
        for piece in trace.pieces(PIECE):
            mean += float(piece.sum()) / trace.samples
            most = max(most, pa.total_allocated_bytes() - arrow)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert abs(mean) < 0.01
    assert most < 4 * MEGABYTE
    # Lines of text, 57 bytes each in Python, are the largest.
    assert peak < 8 * MEGABYTE


def test_noise_of_a_long_recording_holds_one_piece(folder, monkeypatch):
    monkeypatch.setattr("mtjlab.learning.recorded.PIECE_SAMPLES", 100_000)
    with open_trace(folder / "a.parquet") as trace:
        noise = Recorded(50, trace, stride=17, mean_v=0.0, unit_v=1.0, step_rows=64)
        tracemalloc.start()
        squares = sum(float((noise(64) ** 2).mean()) for _ in range(1000))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE
    assert squares / 1000 == pytest.approx(1.0, abs=0.01)
