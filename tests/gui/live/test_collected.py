"""The rows of a run as they come, and the same from its file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.errors import UsageError
from mtjlab.core.events import BenchSeen, RunEnded, RunStarted, StepDone
from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Stream
from mtjlab.gui.live import table as tables
from mtjlab.gui.live.collected import Collected
from mtjlab.gui.live.table import Table
from mtjlab.runner import Run, plan


def run_of(folder: Path, listener: Collected, **parameters: object) -> Run:
    planned = plan(
        "noise_learning",
        "twin",
        parameters={"task": "xor", "epochs": 3, **parameters},
        seed=1,
        runs_dir=folder,
    )
    run = Run(planned, [listener])
    run.start()
    assert run.wait(60)
    return run


def test_live_and_from_the_file_are_the_same(tmp_path: Path) -> None:
    live = Collected()
    run = run_of(tmp_path, live)
    assert run.outcome.run_file is not None
    stored = Collected.of_file(run.outcome.run_file)
    assert live.protocol == stored.protocol == "noise_learning"
    assert live.status == stored.status == "finished"
    assert list(live.tables) == list(stored.tables)
    for name, table in live.tables.items():
        np.testing.assert_array_equal(table.rows, stored.tables[name].rows)
    assert live.parameters == stored.parameters
    assert (live.done, live.total) == (stored.done, stored.total)
    assert live.results["reads"] == stored.results["reads"]
    assert "loss" in live.tables["step"].columns


def test_outputs_are_off_when_the_run_has_ended() -> None:
    run = Collected()
    run(BenchSeen(True, {"smu": 0.1}, {"smu": Reading(0.1, 1e-6, False)}))
    assert run.energised
    assert run.readings["smu"].current_a == 1e-6
    before = run.version
    run(StepDone(1, 10, {"loss": 0.5}, 0.2))
    run(RunEnded("finished", None, {}))
    assert not run.energised
    assert run.version == before + 2


def test_rows_before_a_resumed_run_come_from_its_earlier_file(tmp_path: Path) -> None:
    whole = Collected()
    file = run_of(tmp_path, whole).outcome.run_file
    assert file is not None
    rows = whole.tables["step"].rows
    again = Collected(earlier=file)
    streams = tuple(t.stream for t in whole.tables.values())
    again(RunStarted("x", "noise_learning", "twin", True, 1, "", streams, {}))
    again._rows("step", 5, rows[5:7])
    np.testing.assert_array_equal(again.tables["step"].rows, rows[:7])


def test_raw_samples_are_no_table() -> None:
    run = Collected()
    streams = (Stream("trace", "f4", (2,), "V"), Stream("segments", "f8", (4,), "", "a,b,c,d"))
    run(RunStarted("x", "telegraph", "twin", True, 1, "", streams, {}))
    assert list(run.tables) == ["segments"]
    assert list(run.traces) == ["trace"]


def test_an_unknown_column_is_refused_with_the_nearest() -> None:
    table = Table(Stream("step", "f8", (2,), "", "loss,reads"))
    with pytest.raises(UsageError, match="loss"):
        table.column("los")


@given(st.lists(st.integers(0, 900), max_size=12))
def test_rows_come_out_as_they_went_in(lengths: list[int]) -> None:
    table = Table(Stream("x", "f8", (), ""))
    values = np.arange(sum(lengths), dtype=float)
    start = 0
    for length in lengths:
        table.append(values[start : start + length])
        start += length
    np.testing.assert_array_equal(table.rows, values)
    assert not table.rows.flags.writeable


def test_memory_is_bounded_and_the_newest_rows_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 8_000)
    table = Table(Stream("x", "f8", (), ""))
    for start in range(0, 100_000, 100):
        held = table.rows
        copied = held.copy()
        table.append(np.arange(start, start + 100, dtype=float))
        # What a view still holds does not change under it.
        np.testing.assert_array_equal(held, copied)
    assert len(table) <= 3_000
    np.testing.assert_array_equal(table.rows, np.arange(table.first, 100_000, dtype=float))
