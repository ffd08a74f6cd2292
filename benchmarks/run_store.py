"""The run file against raw h5py: blocks of 100 rows of 64 numbers, flushed by both."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np

from benchmarks.rows import Row, interleaved_s
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter

BLOCK = np.random.default_rng(0).normal(size=(100, 64))


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        writer = RunWriter.create(Path(folder), _header(), [Stream("rows", "f8", (64,), "V")])

        def ours() -> None:
            writer.append("rows", BLOCK)
            writer.commit(done=1.0, total=1.0, bench_time_s=0.0)

        file = h5py.File(Path(folder) / "raw.h5", "w", libver="latest")
        raw = file.create_dataset(
            "rows", (0, 64), dtype="f8", maxshape=(None, 64), chunks=(1024, 64)
        )
        file.swmr_mode = True

        def bare() -> None:
            raw.resize(len(raw) + len(BLOCK), axis=0)
            raw[-len(BLOCK) :] = BLOCK

        ours_s, bare_s, ratio = interleaved_s(ours, bare, calls=200)
        writer.finish("finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
        file.close()
    return [
        Row("store_over_h5py", 1.0 / ratio, "ratio", 0.5, "higher", 1.0),
        Row("store_block_us", ours_s * 1e6, "us", None, "lower", bare_s * 1e6),
    ]


def _header() -> RunHeader:
    return RunHeader(
        run_id="0" * 32,
        protocol="bench",
        bench="none",
        twin=True,
        seed=0,
        bench_toml="",
        bench_overrides={},
        parameters={},
        versions={},
        revision="",
        host="",
        started=datetime.now(UTC),
    )
