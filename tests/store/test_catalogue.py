"""The catalogue says what the files say, and can be thrown away at any time."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mtjlab.core.errors import StoreError, UsageError
from mtjlab.core.protocol import Stream
from mtjlab.store import (
    Catalogue,
    Query,
    RunHeader,
    RunReader,
    RunWriter,
    add_note,
    cell,
    repair,
    set_tag,
)
from mtjlab.store.catalogue import PIECE
from mtjlab.store.glance import glance

STREAMS = [
    Stream("map", "f8", (3,), "", "row,column,resistance_ohm"),
    Stream("trace", "f4", (), "V", "one sample"),
]
BEGAN = datetime(2026, 3, 9, 12, tzinfo=UTC)


def open_run(
    runs: Path, number: int = 1, *, protocol: str = "iv_sweep", days: int = 0
) -> RunWriter:
    """A run with two rows of a table and four samples, flushed and still going on."""
    header = RunHeader(
        run_id=f"{number:08x}{'0' * 24}",
        protocol=protocol,
        bench="rack",
        chip="A7",
        twin=False,
        seed=number,
        bench_toml="[bench]\nname = 'rack'\n",
        bench_overrides={},
        parameters={"bias_v": 0.1, "comment": "First Light"},
        versions={"mtjlab": "0.1.0"},
        revision="",
        host="here",
        started=BEGAN + timedelta(days=days),
    )
    writer = RunWriter.create(runs, header, STREAMS)
    writer.append("map", np.array([[number, 2.0, 5e3], [np.nan, 1.0, 1.0]]))
    writer.append("trace", np.arange(4, dtype="f4"))
    writer.commit(done=1, total=2, bench_time_s=0.5)
    writer.flush()
    return writer


def run_file(runs: Path, number: int, *, protocol: str = "iv_sweep", days: int = 0) -> Path:
    """The same, finished."""
    writer = open_run(runs, number, protocol=protocol, days=days)
    results = {"train_accuracy": 0.97, "notes": ["nothing to say"]}
    writer.finish("finished", error=None, results=results, bench_time_s=1.0, wall_time_s=2.0)
    return writer.path


def found(runs: Path, **asked: object) -> list[int]:
    with Catalogue(runs) as catalogue:
        catalogue.refresh()
        return [int(entry.seed) for entry in catalogue.find(Query(**asked))]  # type: ignore[arg-type]


def test_filters_narrow_the_list_and_the_newest_is_first(tmp_path: Path) -> None:
    first = run_file(tmp_path, 1)
    run_file(tmp_path, 2, protocol="telegraph")
    run_file(tmp_path, 3, days=40)
    set_tag(first, "good", on=True, now=BEGAN)
    add_note(first, "the probe slipped", now=BEGAN)
    assert found(tmp_path) == [3, 2, 1]
    assert found(tmp_path, limit=2) == [3, 2]
    assert found(tmp_path, protocol="telegraph") == [2]
    assert found(tmp_path, bench="rack", chip="A7") == [3, 2, 1]
    assert found(tmp_path, junction=(2, 2)) == [2]
    assert found(tmp_path, since="2026-03-10") == [3]
    assert found(tmp_path, until="2026-03") == [2, 1]
    assert found(tmp_path, tag="good") == [1]
    assert found(tmp_path, text="PROBE first light") == [1]
    assert found(tmp_path, status="finished", text="telegraph") == [2]
    assert found(tmp_path, status="died") == []


def test_what_is_asked_wrongly_is_refused(tmp_path: Path) -> None:
    run_file(tmp_path, 1)
    with pytest.raises(UsageError, match="no status 'ended'"):
        found(tmp_path, status="ended")
    with pytest.raises(UsageError, match="expected 2026-11-24"):
        found(tmp_path, since="yesterday")
    with pytest.raises(UsageError, match="row and column"):
        cell("7")
    assert cell("(3, 14)") == cell("3/14") == (3, 14)


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    paths = [run_file(tmp_path, n) for n in (1, 2, 3)]
    with Catalogue(tmp_path) as catalogue:
        assert catalogue.refresh() == 3
        assert catalogue.refresh() == 0
        add_note(paths[1], "again", now=BEGAN)
        assert catalogue.refresh() == 1
        paths[0].unlink()
        catalogue.refresh()
        assert [entry.seed for entry in catalogue.find(Query())] == ["3", "2"]


@pytest.mark.parametrize("harm", ["gone", "nonsense", "older", "empty"])
def test_a_catalogue_that_is_lost_or_spoilt_is_made_again(tmp_path: Path, harm: str) -> None:
    run_file(tmp_path, 1)
    assert found(tmp_path) == [1]
    file = tmp_path / "catalogue.sqlite"
    if harm == "gone":
        file.unlink()
    elif harm == "nonsense":
        file.write_bytes(b"SQLite format 3\0" + os.urandom(4000))
    elif harm == "empty":
        file.write_bytes(b"")
    else:
        with sqlite3.connect(file) as db:
            db.execute("PRAGMA user_version = 0")
        db.close()
    assert found(tmp_path) == [1]


def test_a_file_that_cannot_be_read_is_listed_with_the_reason(tmp_path: Path) -> None:
    run_file(tmp_path, 1)
    spoilt = run_file(tmp_path, 2)
    spoilt.write_bytes(spoilt.read_bytes()[:300])
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        (entry,) = catalogue.find(Query(status="unreadable"))
    assert "cut short" in str(entry.error)
    assert entry.number == 2


def test_a_died_run_says_so_and_is_repaired_for_any_program(tmp_path: Path) -> None:
    import h5py

    path = died(tmp_path)
    with RunReader.open(path) as run:
        assert run.status == "died"
        before = run.stream("trace")
    with pytest.raises(OSError, match="already open for write"):
        h5py.File(path)
    assert found(tmp_path, status="died") == [1]
    assert repair(path)
    assert not repair(path)
    with h5py.File(path) as file:
        assert bytes(file.attrs["status"]) == b"died"
        assert np.array_equal(file["data/trace"][:], before)
    with RunReader.open(path) as run:
        assert run.status == "died"
        assert np.array_equal(run.stream("map"), [[1, 2, 5e3], [np.nan, 1, 1]], equal_nan=True)
    assert found(tmp_path, status="died") == [1]


def test_a_run_that_goes_on_is_not_repaired(tmp_path: Path) -> None:
    writer = open_run(tmp_path)
    assert found(tmp_path, status="running") == [1]
    with pytest.raises(StoreError, match="only a run that died"):
        repair(writer.path)
    writer.finish("aborted", error=None, results={}, bench_time_s=1.0, wall_time_s=1.0)
    assert found(tmp_path, status="running") == []
    assert found(tmp_path, status="aborted") == [1]


def test_a_damaged_beginning_is_not_repaired(tmp_path: Path) -> None:
    path = died(tmp_path)
    content = bytearray(path.read_bytes())
    content[45] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError):
        repair(path)
    assert path.read_bytes() == bytes(content)


def died(runs: Path) -> Path:
    """A run file whose process ended without a word."""
    code = (
        "import os, sys; from pathlib import Path; "
        "from tests.store.test_catalogue import open_run; "
        "writer = open_run(Path(sys.argv[1])); print(writer.path, flush=True); os._exit(9)"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", code, str(runs)], cwd=root, capture_output=True, text=True
    )
    assert ended.returncode == 9, ended.stderr
    return Path(ended.stdout.strip())


def test_notes_and_tags_live_beside_the_run(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    content = path.read_bytes()
    add_note(path, "  30 µm probe  ", now=BEGAN)
    set_tag(path, "good", on=True, now=BEGAN)
    set_tag(path, "good", on=True, now=BEGAN)
    set_tag(path, "week-3", on=True, now=BEGAN)
    set_tag(path, "good", on=False, now=BEGAN)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        (entry,) = catalogue.find(Query())
    assert entry.notes == "30 µm probe"
    assert entry.tags == ("week-3",)
    assert path.read_bytes() == content
    with pytest.raises(UsageError, match="one word"):
        set_tag(path, "two words", on=True, now=BEGAN)
    with pytest.raises(UsageError, match="has no tag"):
        set_tag(path, "bad", on=False, now=BEGAN)
    with pytest.raises(UsageError, match="empty"):
        add_note(path, " ", now=BEGAN)
    path.with_name(path.stem + ".notes.jsonl").write_text("not json\n")
    with pytest.raises(StoreError, match="Mend the line"):
        set_tag(path, "good", on=True, now=BEGAN)
    assert found(tmp_path) == [1]


def test_a_long_look_says_how_far_it_is_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    for number in range(2, PIECE + 2):
        name = f"{number:03d}-iv_sweep-{number:08x}.h5"
        (path.parent / name).write_bytes(path.read_bytes())
    told: list[tuple[int, int]] = []

    def interrupted(done: int, total: int) -> None:
        told.append((done, total))
        raise KeyboardInterrupt

    with Catalogue(tmp_path) as catalogue:
        with pytest.raises(KeyboardInterrupt):
            catalogue.refresh(interrupted)
        assert told == [(PIECE, PIECE + 1)]
        # The newest were looked at first.
        assert [entry.number for entry in catalogue.find(Query(limit=1))] == [PIECE + 1]
        told.clear()
        assert catalogue.refresh(lambda done, total: told.append((done, total))) == 1
    assert told == [(1, 1)]


def test_a_run_knows_the_one_before_it_and_what_was_changed(tmp_path: Path) -> None:
    first = run_file(tmp_path, 1)
    run_file(tmp_path, 2, protocol="telegraph")
    third = run_file(tmp_path, 3)
    set_tag(third, "good", on=True, now=BEGAN)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        names = [str(path.relative_to(tmp_path)) for path in (first, third)]
        found = catalogue.before(names[1])
        assert found is not None
        assert tmp_path / found.path == first
        assert catalogue.before(names[0]) is None
        assert catalogue.entry("2026-01-01/009-x-0.h5") is None
    seen = glance(tmp_path, names[1])
    assert seen.entry is not None
    assert seen.said.tags == seen.entry.tags == ("good",)
    assert (seen.status, seen.before, seen.changed) == ("finished", first, ())
    assert seen.results["train_accuracy"] == 0.97
    first.unlink()
    with pytest.raises(StoreError, match="no longer there"):
        glance(tmp_path, names[0])
    assert glance(tmp_path, names[1]).changed == ()
    third.write_bytes(b"nonsense")
    assert glance(tmp_path, names[1]).status == "unreadable"
