"""The disk fills up in the middle of a run."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunReader, RunWriter
from mtjlab.store.appender import Appender

MakeHeader = Callable[..., RunHeader]
Streams = list[Stream]

# A limit on the size of a file lets real writes fail inside HDF5, as on a full disk.
LIMITED = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import numpy as np
from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter

header = RunHeader("feedbeef" * 4, "child", "twin", True, 1, "", {}, {}, {}, "", "h",
                   datetime(2026, 1, 2, tzinfo=UTC))
writer = RunWriter.create(Path(sys.argv[1]), header, [Stream("a", "f8", (1000,), "V")])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
print(writer.path)
step = 0
try:
    while step < 10_000:
        writer.append("a", np.full((10, 1000), step))
        writer.commit(done=step, total=10_000, bench_time_s=0.0)
        writer.flush()
        step += 1
except StoreError as error:
    print(step, error, sep="|")
try:
    writer.finish("failed", error="x", results={}, bench_time_s=0.0, wall_time_s=0.0)
except StoreError as error:
    print(error)
"""


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def commit(writer: RunWriter, value: int) -> None:
    writer.append("count", np.array([value]))
    writer.commit(done=value, total=9, bench_time_s=0.0)
    writer.flush()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file size")
def test_writes_that_fail_leave_a_readable_file_and_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    path, story, ending = done.stdout.strip().splitlines()
    steps, sentence = story.split("|")
    assert f"run file {path} could not be written" in sentence
    assert f"Kept: the rows {int(steps) * 10} of a" in sentence
    assert f"run file {path} could not be" in ending
    with RunReader.open(path) as run:
        assert (run.status, run.error) == ("failed", "x")
        rows = run.stream("a")
        assert len(rows) == int(steps) * 10
        np.testing.assert_array_equal(rows[:, 0], np.repeat(np.arange(int(steps)), 10))


def test_a_disk_without_room_lets_the_run_end_in_good_order(
    tmp_path: Path, make_header: MakeHeader, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    commit(writer, 1)
    monkeypatch.setattr("mtjlab.store.reservation._allocate", no_space)
    writer.append("trace", np.zeros((1_000_000, 5)))
    with pytest.raises(StoreError, match=r"No space left.*Kept: the rows 1 of count"):
        writer.commit(done=2, total=9, bench_time_s=0.0)
    with pytest.raises(StoreError, match="No space left"):
        writer.checkpoint({"a": 1})
    writer.log("error", "the disk is full", 0.0)
    with pytest.raises(StoreError, match="Kept"):
        writer.finish("failed", error="full", results={}, bench_time_s=0.0, wall_time_s=0.0)
    with RunReader.open(writer.path) as run:
        assert (run.status, run.error) == ("failed", "full")
        assert run.stream("count").tolist() == [1]
        assert len(run.stream("trace")) == 0
        assert [line.text for line in run.log()] == ["the disk is full"]


def test_where_space_cannot_be_reserved_what_is_free_decides(
    tmp_path: Path, make_header: MakeHeader, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr("mtjlab.store.reservation._allocate", unsupported)
    writer = RunWriter.create(tmp_path, make_header(), streams)
    commit(writer, 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
    writer.append("trace", np.zeros((1_000_000, 5)))
    with pytest.raises(StoreError, match=r"only 1\.0 MiB are left.*Kept: the rows 1 of count"):
        writer.commit(done=2, total=9, bench_time_s=0.0)
    writer.discard()


def test_reserved_space_goes_back_at_the_end(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    commit(writer, 1)
    writer.finish("finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
    assert writer.path.stat().st_size < 500_000


def test_the_log_never_raises_and_the_next_commit_says_why(
    tmp_path: Path, make_header: MakeHeader, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    commit(writer, 1)

    with monkeypatch.context() as broken:
        broken.setattr(Appender, "extend", no_space)
        writer.log("error", "a", 0.0)
        writer.log("error", "b", 0.0)
    with pytest.raises(StoreError, match="No space left on device"):
        commit(writer, 2)
    with pytest.raises(StoreError, match="No space left on device"):
        writer.finish("failed", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
    with RunReader.open(writer.path) as run:
        assert [line.text for line in run.log()] == ["a", "b"]
        assert run.status == "failed"


def test_a_run_that_could_not_begin_leaves_no_file(
    tmp_path: Path, make_header: MakeHeader, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Appender, "flush", no_space)
    with pytest.raises(StoreError, match="opened for appending"):
        RunWriter.create(tmp_path, make_header(), streams)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
