import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from mtjlab.core.errors import StoreError
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter, check_runs_dir, find_run, run_files

MakeHeader = Callable[..., RunHeader]

MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from mtjlab.store import RunHeader, RunWriter

print("ready", flush=True)
sys.stdin.readline()
for i in range(12):
    header = RunHeader(f"{sys.argv[2]}{i:03d}beef", "p", "twin", True, 1, "", {}, {}, {}, "", "h",
                       datetime(2026, 1, 2, tzinfo=UTC))
    RunWriter.create(Path(sys.argv[1]), header, []).finish(
        "finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
"""


def make(runs: Path, header: RunHeader) -> Path:
    writer = RunWriter.create(runs, header, [Stream("a", "f8", (), "")])
    writer.finish("finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
    return writer.path


def test_runs_of_a_day_are_numbered_and_never_overwritten(
    tmp_path: Path, make_header: MakeHeader
) -> None:
    names = [make(tmp_path, make_header()).name for _ in range(3)]
    assert names == [f"00{n}-noise_learning-01234567.h5" for n in (1, 2, 3)]
    next_day = datetime(2026, 3, 10, tzinfo=UTC)
    other = make(tmp_path, make_header(started=next_day, protocol="../odd name"))
    assert other == tmp_path / "2026-03-10" / "001-___odd_name-01234567.h5"
    assert [p.name for p in (tmp_path / "2026-03-09").iterdir() if p.name.startswith(".")] == []


def test_a_number_follows_the_highest_one_even_past_999(
    tmp_path: Path, make_header: MakeHeader
) -> None:
    day = tmp_path / "2026-03-09"
    day.mkdir()
    (day / "999-x-00000000.h5").touch()
    (day / ".1000.part").touch()
    assert make(tmp_path, make_header()).name.startswith("1001-")


def test_processes_that_start_together_never_share_a_number(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MANY, str(tmp_path), letter * 5],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for letter in "abc"
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    numbers = [int(path.name.split("-")[0]) for path in run_files(tmp_path)]
    assert numbers == list(range(1, 37))


def test_a_run_is_found_by_path_id_name_number_and_latest(
    tmp_path: Path, make_header: MakeHeader
) -> None:
    first = make(tmp_path, make_header(run_id="aaaa1111cccc"))
    second = make(tmp_path, make_header(run_id="aaaa2222dddd"))
    assert find_run(tmp_path, str(first)) == first
    assert find_run(tmp_path, "aaaa1") == first
    assert find_run(tmp_path, "aaaa2222dddd") == second
    assert find_run(tmp_path, "002-noise_learning-aaaa2222") == second
    assert find_run(tmp_path, "2026-03-09/001") == first
    assert find_run(tmp_path, "latest") == second
    with pytest.raises(StoreError, match=r"2 runs match 'aaaa'.*Give more"):
        find_run(tmp_path, "aaaa")
    with pytest.raises(StoreError, match=r"no run 'zzz'.*the latest is 2026-03-09/002-noise"):
        find_run(tmp_path, "zzz")


def test_an_empty_folder_has_no_latest_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there are no run files below"):
        find_run(tmp_path, "latest")


def test_a_good_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_runs_dir(tmp_path / "deep" / "runs")
    assert list((tmp_path / "deep" / "runs").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot be written: .*nothing was switched on"):
        check_runs_dir(tmp_path / "file" / "runs")


def test_a_full_disk_is_refused_before_anything_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
    with pytest.raises(StoreError, match=r"only 3\.0 MiB are free.*at least 64 MiB"):
        check_runs_dir(tmp_path)


def test_a_run_file_in_a_folder_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, make_header: MakeHeader
) -> None:
    (tmp_path / "2026-03-09").touch()
    with pytest.raises(StoreError, match="no run file can be made"):
        make(tmp_path, make_header())
