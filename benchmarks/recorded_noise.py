"""Noise from a recording in parquet against pyarrow reading the same file: 1510 nodes, batch 64."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.rows import Row, interleaved_s
from mtjlab.learning.recorded import Recorded
from mtjlab.store.traces import open_trace

SAMPLES = 20_000_000
NODES, STRIDE, STEP_ROWS = 1510, 17, 128


def rows() -> list[Row]:
    rng = np.random.default_rng(0)
    # An eight-bit scope: few different values, as in the published recording.
    codes = rng.normal(0.042, 0.006, SAMPLES) / 0.4e-3
    volts = np.round(codes).astype(np.float32) * np.float32(0.4e-3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise_0.parquet"
        table = pa.table({"V": volts}).replace_schema_metadata({"interval_s": "5e-6"})
        parquet.write_table(table, path)

        def bare() -> None:
            file = parquet.ParquetFile(path, memory_map=True, pre_buffer=False)
            for _ in file.iter_batches(2**18, columns=["V"], use_threads=False):
                pass

        with open_trace(path) as trace:

            def ours() -> None:
                noise = Recorded(
                    NODES, trace, stride=STRIDE, mean_v=0.042, unit_v=0.1, step_rows=STEP_ROWS
                )
                for _ in range(noise.rows_per_lap // STEP_ROWS):
                    noise(STEP_ROWS)

            ours_s, bare_s, _ = interleaved_s(ours, bare, calls=1, rounds=5)
    rate, limit = SAMPLES / ours_s / 1e6, SAMPLES / bare_s / 1e6
    return [Row("recorded_noise_msps", rate, "MS/s", None, "higher", limit)]
