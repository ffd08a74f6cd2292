"""One run, written and read back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import LogLine, RunHeader, RunReader, RunWriter
from mtjlab.store.schema import LARGEST_CHUNK_BYTES, chunk_shape

MakeHeader = Callable[..., RunHeader]
Streams = list[Stream]


def end(writer: RunWriter, **changes: Any) -> Path:
    how: dict[str, Any] = {
        "status": "finished",
        "error": None,
        "results": {},
        "bench_time_s": 2.0,
        "wall_time_s": 1.0,
    }
    writer.finish(**how | changes)
    return writer.path


def write(runs: Path, header: RunHeader, streams: Streams, *, steps: int = 4) -> Path:
    writer = RunWriter.create(runs, header, streams)
    for step in range(steps):
        writer.append("step", np.full((2, 3), step / 3))
        writer.append("trace", np.full((1, 5), step, dtype=np.float32))
        writer.append("count", np.array([step], dtype=np.int32))
        writer.commit(done=step + 1, total=steps, bench_time_s=step * 0.5)
    return end(writer)


def test_rows_come_back_with_type_unit_and_words(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    path = write(tmp_path, make_header(), streams)
    with RunReader.open(path) as run:
        np.testing.assert_array_equal(
            run.stream("step"), np.repeat(np.arange(4) / 3, 2)[:, None].repeat(3, axis=1)
        )
        assert run.stream("trace").dtype == np.float32
        assert run.stream("count").tolist() == [0, 1, 2, 3]
        assert run.stream("count", 1, 3).tolist() == [1, 2]
        assert run.stream("count", -1).tolist() == [3]
        assert list(run.streams) == ["step", "trace", "count"]
        assert replace(run.streams["trace"], dtype="f4") == streams[1]
        assert (run.done, run.total, run.committed["step"]) == (4, 4, 8)


def test_the_header_comes_back_whole(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    tokyo = timezone(timedelta(hours=9))
    started = datetime(2026, 3, 10, 1, 0, tzinfo=tokyo)
    header = make_header(started=started, chip="A7", seed=2**100, bench_toml="µ" * 100_000)
    path = write(tmp_path, header, streams)
    with RunReader.open(path) as run:
        assert run.header == header
        assert run.header.twin is True
    assert path.parent.name == "2026-03-09", "the day is that of UTC"


def test_a_start_without_time_zone_is_refused(make_header: MakeHeader) -> None:
    with pytest.raises(ValueError, match="time zone"):
        make_header(started=datetime(2026, 1, 1))


def test_an_ending_says_how_and_when(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams, unix_s=lambda: 1.75e9)
    results = {"energy_j": np.float64(1e-9), "missing": float("nan"), "widths": (4, 8)}
    end(writer, status="failed", error="Timeout: no answer", results=results)
    with RunReader.open(writer.path) as run:
        assert (run.status, run.error) == ("failed", "Timeout: no answer")
        assert run.status_text == "failed: Timeout: no answer"
        assert run.results == {"energy_j": 1e-9, "missing": None, "widths": [4, 8]}
        assert run.ended == datetime.fromtimestamp(1.75e9, UTC)
        assert (run.bench_time_s, run.wall_time_s) == (2.0, 1.0)


def test_a_finished_file_opens_with_plain_h5py(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    path = write(tmp_path, make_header(), streams)
    with h5py.File(path) as file:
        assert file.attrs["complete"]
        assert file.attrs["status"] == b"finished"
        assert file["data/trace"].attrs["unit"] == "V"
        assert json.loads(file["header"].attrs["parameters"])["bias_v"] == 0.1
        assert json.loads(file["summary"][:].tobytes())["status"] == "finished"
        assert file["data/step"].shape == (8, 3)


def test_rows_after_the_last_commit_never_count(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    writer.append("count", np.array([1]))
    writer.commit(done=1, total=2, bench_time_s=0.0)
    writer.append("count", np.array([2]))
    end(writer, status="aborted")
    with RunReader.open(writer.path) as run:
        assert run.stream("count").tolist() == [1]
    with h5py.File(writer.path) as file:
        assert file["data/count"].shape == (1,)


def data_bytes(path: Path) -> dict[str, tuple[str, bytes]]:
    with h5py.File(path) as file:
        return {k: (d.dtype.str, d[()].tobytes()) for k, d in file["data"].items()}


def test_same_rows_give_the_same_bytes_whatever_the_clock(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    one = write(tmp_path, make_header(), streams)
    other = RunWriter.create(tmp_path, make_header(host="other"), streams, monotonic_s=lambda: 0.0)
    for step in range(4):
        other.log("warning", "a line in between", 0.0)
        other.append("step", np.full((1, 3), step / 3))
        other.append("step", np.full((1, 3), step / 3))
        other.append("trace", np.full((1, 5), step))
        other.append("count", np.array([step]))
        other.commit(done=step + 1, total=9, bench_time_s=step * 7)
    assert data_bytes(one) == data_bytes(end(other))


def test_the_caller_may_use_its_array_again(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    rows = np.array([5])
    writer.append("count", rows)
    rows[0] = 0
    writer.commit(done=1, total=1, bench_time_s=0.0)
    with RunReader.open(end(writer)) as run:
        assert run.stream("count").tolist() == [5]


@pytest.mark.parametrize(
    ("stream", "rows", "words"),
    [
        ("stepp", np.zeros((1, 3)), "not declared; did you mean 'step'"),
        ("step", np.zeros(3), r"shape \(3,\); expected \(n, 3\)"),
        ("step", np.zeros((1, 4)), "expected"),
        ("count", np.array([0.5]), "float64 does not fit into i8"),
        ("count", np.array(1), "expected"),
    ],
)
def test_rows_that_were_not_declared_are_refused(
    tmp_path: Path,
    make_header: MakeHeader,
    streams: Streams,
    stream: str,
    rows: np.ndarray[Any, Any],
    words: str,
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    with pytest.raises(StoreError, match=words):
        writer.append(stream, rows)
    end(writer)


@pytest.mark.parametrize(
    "bad", [Stream("a/b", "f8", (), ""), Stream("a", "O", (), ""), Stream("a", "zz", (), "")]
)
def test_streams_that_cannot_be_stored_leave_no_file(
    tmp_path: Path, make_header: MakeHeader, bad: Stream
) -> None:
    with pytest.raises(StoreError, match="stream"):
        RunWriter.create(tmp_path, make_header(), [bad])
    with pytest.raises(StoreError, match="twice"):
        RunWriter.create(tmp_path, make_header(), [Stream("a", "f8", (), "")] * 2)
    assert list(tmp_path.rglob("*")) == []


def test_a_header_that_cannot_be_stored_leaves_no_file(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    with pytest.raises(StoreError, match=r"parameters\.fabric: object has no JSON form"):
        RunWriter.create(tmp_path, make_header(parameters={"fabric": object()}), streams)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_run_without_streams_is_still_a_run(tmp_path: Path, make_header: MakeHeader) -> None:
    writer = RunWriter.create(tmp_path, make_header(), [])
    writer.commit(done=1, total=1, bench_time_s=0.0)
    with RunReader.open(end(writer)) as run:
        assert (run.streams, run.committed, run.done) == ({}, {}, 1)


def test_the_log_keeps_order_levels_and_long_lines(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams, unix_s=lambda: 9.0)
    writer.log("info", "first", 0.25)
    writer.log("error", "long " * 500, 0.5)
    writer.log("info", "last", 0.75)
    end(writer)
    writer.log("info", "too late: dropped, and no error", 1.0)
    with RunReader.open(writer.path) as run:
        assert run.log() == [
            LogLine(0.25, 9.0, "info", "first"),
            LogLine(0.5, 9.0, "error", "long " * 500),
            LogLine(0.75, 9.0, "info", "last"),
        ]


def test_the_newest_whole_checkpoint_is_read_with_its_rows(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    for step in range(3):
        writer.append("count", np.array([step]))
        writer.commit(done=step, total=3, bench_time_s=0.0)
        writer.checkpoint({"weights": np.full(10, step), "step": step})
    writer.append("count", np.array([9]))
    writer.commit(done=3, total=3, bench_time_s=0.0)
    end(writer)
    with RunReader.open(writer.path) as run:
        state = run.checkpoint()
        assert state is not None
        assert state["step"] == 2
        assert run.checkpoint_rows()["count"] == 3
        assert run.committed["count"] == 4
    with h5py.File(writer.path, "r+") as file:
        newest = int(np.argmax(file["checkpoint/slots"]["sequence"]))
        file[f"checkpoint/slot{newest}"][20] ^= 0xFF
    with RunReader.open(writer.path) as run:
        state = run.checkpoint()
        assert state is not None
        assert state["step"] == 1, "a spoilt slot falls back to the one before"
        assert run.checkpoint_rows()["count"] == 2


def test_no_checkpoint_is_none(tmp_path: Path, make_header: MakeHeader, streams: Streams) -> None:
    with RunReader.open(write(tmp_path, make_header(), streams)) as run:
        assert run.checkpoint() is None
        assert run.checkpoint_rows() == {}


def test_big_checkpoints_do_not_make_the_file_grow(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    state = {"weights": np.zeros(1_000_000)}
    for _ in range(2):
        writer.checkpoint(state)
    size = writer.path.stat().st_size
    for _ in range(4):
        writer.checkpoint(state)
    writer.checkpoint({"weights": np.zeros(10)})
    assert writer.path.stat().st_size <= size + 4096
    end(writer)
    with RunReader.open(writer.path) as run:
        saved = run.checkpoint()
        assert saved is not None
        assert np.shape(saved["weights"]) == (10,)


def test_results_without_a_json_form_are_said_and_the_run_still_ends(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    with pytest.raises(StoreError, match=r"summary\.results\.odd: set has no JSON form"):
        end(writer, results={"odd": {1}})
    with RunReader.open(writer.path) as run:
        assert (run.status, run.results) == ("failed", {})


def test_a_closed_writer_refuses(tmp_path: Path, make_header: MakeHeader, streams: Streams) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    writer.discard()
    assert not writer.path.exists()
    with pytest.raises(StoreError, match="is closed"):
        writer.commit(done=0, total=0, bench_time_s=0.0)
    writer.log("info", "no file, no error", 0.0)


@pytest.mark.parametrize("shape", [(), (3,), (4000,), (500, 784), (8, 0), (3_000_000,)])
def test_chunks_are_neither_tiny_nor_huge(shape: tuple[int, ...]) -> None:
    chunk = chunk_shape(np.dtype("f4"), shape)
    size = 4 * int(np.prod(chunk))
    assert 60_000 <= size <= LARGEST_CHUNK_BYTES
    assert len(chunk) == 1 + len(shape)
