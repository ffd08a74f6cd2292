"""What others see while a run is going on, and after its process was killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import h5py
import numpy as np
import pytest

from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunReader, RunWriter
from mtjlab.store.process_mark import ProcessMark

MakeHeader = Callable[..., RunHeader]
Streams = list[Stream]

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import numpy as np
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter

header = RunHeader("feedbeef" * 4, "child", "twin", True, 1, "", {}, {}, {}, "", "h",
                   datetime(2026, 1, 2, tzinfo=UTC))
streams = [Stream("a", "f8", (4,), "V"), Stream("b", "i8", (), "")]
writer = RunWriter.create(Path(sys.argv[1]), header, streams)
print(writer.path, flush=True)
step = 0
for line in sys.stdin:
    steps, *junk = line.split()
    for _ in range(int(steps)):
        writer.append("a", np.full((3, 4), step))
        writer.append("b", np.array([step]))
        step += 1
        writer.commit(done=step, total=1000, bench_time_s=step * 0.1)
        if step % 10 == 0:
            writer.checkpoint({"step": step, "weights": np.full(1000, step)})
    writer.log("info", f"{step} steps", step * 0.1)
    writer.flush()
    if junk:
        writer.append("a", np.full((100, 4), -1.0))
    print(step, flush=True)
if len(sys.argv) > 2:
    sys.exit(0)
writer.finish("finished", error=None, results={"n": step}, bench_time_s=0.0, wall_time_s=0.0)
"""


class Child:
    """A process that writes as many steps as it is told."""

    def __init__(self, runs: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(runs), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin: IO[str] = self.process.stdin
        self.stdout: IO[str] = self.process.stdout
        self.path = Path(self.stdout.readline().strip())

    def write(self, steps: int, *junk: str) -> None:
        print(steps, *junk, file=self.stdin, flush=True)
        self.stdout.readline()


@contextmanager
def child(runs: Path, *arguments: str) -> Iterator[Child]:
    writer = Child(runs, *arguments)
    try:
        yield writer
    finally:
        writer.process.kill()
        writer.process.wait()
        writer.stdin.close()
        writer.stdout.close()


def check_rows(run: RunReader, steps: int) -> None:
    assert run.stream("b").tolist() == list(range(steps))
    np.testing.assert_array_equal(run.stream("a")[:, 0], np.repeat(np.arange(steps), 3))
    assert run.done == steps


def test_a_run_is_read_while_it_grows(tmp_path: Path) -> None:
    with child(tmp_path) as writer, RunReader.open(writer.path) as run:
        steps = 0
        for more in (1, 7, 300, 25):
            writer.write(more)
            steps += more
            run.refresh()
            assert run.status == "running"
            check_rows(run, steps)
        assert [line.text for line in run.log()] == [f"{n} steps" for n in (1, 8, 308, 333)]
        writer.stdin.close()
        writer.process.wait()
        run.refresh()
        assert (run.status, run.results) == ("finished", {"n": 333})
        check_rows(run, 333)


def test_after_kill_9_every_flushed_row_is_there_and_the_run_says_died(tmp_path: Path) -> None:
    with child(tmp_path) as writer:
        writer.write(37, "and rows never committed")
        writer.process.send_signal(signal.SIGKILL)
        writer.process.wait()
    with RunReader.open(writer.path) as run:
        assert run.status == "died"
        assert run.status_text == "died; rows kept: 111 of a, 37 of b"
        check_rows(run, 37)
        state = run.checkpoint()
        assert state is not None
        assert state["step"] == 30
        np.testing.assert_array_equal(state["weights"], np.full(1000, 30))
        assert run.checkpoint_rows() == {"a": 90, "b": 30}
        assert run.results == {}
        assert run.ended is None
    with h5py.File(writer.path, "r", swmr=True) as file:
        assert not file.attrs["complete"]


@pytest.mark.parametrize("delay", [0, 400, 1300, 5000])
def test_killed_in_the_middle_of_writing_the_rows_are_those_of_whole_steps(
    tmp_path: Path, delay: int
) -> None:
    with child(tmp_path) as writer:
        print(100_000, file=writer.stdin, flush=True)
        size = writer.path.stat().st_size
        while writer.path.stat().st_size < size + delay * 32:
            assert writer.process.poll() is None
        os.kill(writer.process.pid, signal.SIGKILL)
        writer.process.wait()
    with RunReader.open(writer.path) as run:
        assert run.status == "died"
        check_rows(run, int(run.done))
        state = run.checkpoint()
        if state is not None:
            assert state["step"] == run.checkpoint_rows()["b"] <= run.committed["b"]


def test_a_process_that_just_leaves_has_died_too(tmp_path: Path) -> None:
    with child(tmp_path, "leave") as writer:
        writer.write(3)
        writer.stdin.close()
        writer.process.wait()
    with RunReader.open(writer.path) as run:
        assert run.status == "died"
        check_rows(run, 3)


def test_reading_in_the_process_that_writes(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    writer = RunWriter.create(tmp_path, make_header(), streams)
    writer.append("count", np.arange(5))
    writer.commit(done=1, total=2, bench_time_s=1.5)
    writer.flush()
    with RunReader.open(writer.path) as run:
        assert run.status == "running"
        assert run.stream("count").tolist() == [0, 1, 2, 3, 4]
        writer.finish("aborted", error="x", results={}, bench_time_s=2.0, wall_time_s=0.1)
    with RunReader.open(writer.path) as run:
        assert run.status == "aborted"


def test_commits_are_flushed_at_once_unless_they_come_thick(
    tmp_path: Path, make_header: MakeHeader, streams: Streams
) -> None:
    now_s = [100.0]
    writer = RunWriter.create(tmp_path, make_header(), streams, monotonic_s=lambda: now_s[0])

    def rows_seen() -> int:
        with RunReader.open(writer.path) as run:
            return run.committed["count"]

    def commit() -> int:
        writer.append("count", np.zeros(1, dtype=int))
        writer.commit(done=0, total=0, bench_time_s=0.0)
        return rows_seen()

    now_s[0] += 1.0
    assert commit() == 1
    now_s[0] += 0.001
    assert commit() == 1, "1 ms after the last flush"
    now_s[0] += 0.999
    assert commit() == 3, "never later than the next commit after a second"
    writer.append("trace", np.zeros((500_000, 5)))
    writer.commit(done=0, total=0, bench_time_s=0.0)
    with RunReader.open(writer.path) as run:
        assert run.committed["trace"] == 500_000, "much data does not wait"
    commit()
    writer.log("warning", "said now", 0.0)
    assert rows_seen() == 4, "a warning brings everything into the file"
    writer.discard()


def test_a_run_on_another_computer_counts_as_running(
    tmp_path: Path,
    make_header: MakeHeader,
    streams: Streams,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = replace(ProcessMark.here(), host="far-away")
    monkeypatch.setattr(ProcessMark, "here", lambda: far)
    writer = RunWriter.create(tmp_path, make_header(), streams)
    with RunReader.open(writer.path) as run:
        assert run.status == "running"
        assert "running on far-away, which cannot be asked from here" in run.status_text
    writer.discard()
