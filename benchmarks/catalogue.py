"""Ten thousand runs listed, and what a file of ten gigabytes says of itself.

The limits beside them: finding and stating the same files, and opening the same file with h5py.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.rows import Row
from mtjlab.core.protocol import Stream
from mtjlab.store import Catalogue, Query, RunHeader, RunReader, RunWriter
from mtjlab.store.entry import entry_of

RUNS = 10_000
PER_DAY = 50
# Rows of 5000 samples of 8 bytes on 8 channels: 10.24 GB, of which the last chunk is written.
LARGE_ROWS, CHANNELS, SAMPLES = 32_000, 8, 5_000


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_many(folder / "many"), *_large(folder / "large")]


def _many(folder: Path) -> list[Row]:
    many(folder, RUNS)
    with Catalogue(folder) as catalogue:
        build_s, _ = _timed(catalogue.refresh)

    def listed() -> None:
        with Catalogue(folder) as catalogue:
            assert catalogue.refresh() == 0
            assert len(catalogue.find(Query(limit=None))) == RUNS

    def stated() -> None:
        for day in os.scandir(folder):
            if day.is_dir():
                for file in os.scandir(day):
                    file.stat()

    bare_s = min(_timed(stated)[0] for _ in range(3))
    listed_s = min(_timed(listed)[0] for _ in range(3))
    return [
        Row("catalogue_10k_s", listed_s, "s", 1.0, "lower", bare_s),
        Row("catalogue_10k_first_s", build_s, "s", None, "lower"),
    ]


def _large(folder: Path) -> list[Row]:
    path = large(folder)

    def bare() -> None:
        with h5py.File(path) as file:
            file["summary"][:]

    bare_s = min(_timed(bare)[0] for _ in range(5))
    summary_s = min(_timed(lambda: _summary(path))[0] for _ in range(5))
    entry_s = min(_timed(lambda: entry_of(path, folder))[0] for _ in range(5))
    return [Row("summary_10gb_s", max(summary_s, entry_s), "s", 1.0, "lower", bare_s)]


def _summary(path: Path) -> tuple[Any, ...]:
    """What `mtjlab show` asks of a file."""
    with RunReader.open(path) as run:
        return run.header, run.status_text, run.results, run.streams, run.committed, run.log()


def many(folder: Path, count: int) -> None:
    """So many tiny finished runs, `PER_DAY` a day: copies with an id and a number of their own."""
    header, streams = _header(), [Stream("step", "f8", (4,), "", "reads,loss,accuracy,discarded")]
    writer = RunWriter.create(folder / "one", header, streams)
    writer.append("step", np.zeros((3, 4)))
    writer.finish(
        "finished",
        error=None,
        results={"train_accuracy": 0.97, "notes": []},
        bench_time_s=1.0,
        wall_time_s=1.0,
    )
    with h5py.File(writer.path, "r+") as file:
        file["header"].attrs["run_id"] = np.bytes_("0" * 32)
    pattern = writer.path.read_bytes()
    shutil.rmtree(folder / "one")
    for number in range(count):
        day = np.datetime64("2026-01-01") + number // PER_DAY
        below = folder / str(day)
        below.mkdir(parents=True, exist_ok=True)
        name = f"{number % PER_DAY + 1:03d}-noise_learning-{number:08x}.h5"
        (below / name).write_bytes(pattern)


def large(folder: Path) -> Path:
    """A finished run of ten gigabytes; what was never written takes no room on the disk."""
    streams = [
        Stream("trace", "f8", (CHANNELS, SAMPLES), "V", "rows: blocks"),
        Stream("junctions", "f8", (3,), "", "row,column,tau_c_s"),
    ]
    writer = RunWriter.create(folder, _header(), streams)
    writer.append("junctions", np.zeros((100, 3)))
    for _ in range(1000):
        writer.log("info", "said", 0.0)
    writer.commit(done=1.0, total=1.0, bench_time_s=0.0)
    writer.finish("finished", error=None, results={"x": 1.0}, bench_time_s=0.0, wall_time_s=0.0)
    with h5py.File(writer.path, "r+", libver="latest") as file:
        trace = file["data/trace"]
        trace.resize(LARGE_ROWS, axis=0)
        for start in range(0, LARGE_ROWS, LARGE_ROWS // 16):
            trace[start] = 1.0
        trace[-1] = 1.0
    return writer.path


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    began_s = time.perf_counter()
    result = work()
    return time.perf_counter() - began_s, result


def _header() -> RunHeader:
    return RunHeader(
        run_id="0" * 32,
        protocol="noise_learning",
        bench="twin",
        chip="twin-60nm",
        twin=True,
        seed=1,
        bench_toml="[bench]\n" * 100,
        bench_overrides={},
        parameters={f"parameter_{n}": n for n in range(40)},
        versions={"mtjlab": "0.1", "numpy": "2"},
        revision="",
        host="host",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        command="mtjlab run noise_learning",
    )
