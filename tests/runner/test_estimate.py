"""Estimates come from earlier runs alike, or are unknown."""

import threading
from pathlib import Path

import mtjlab
from mtjlab.runner.estimate import Estimates, estimate_s
from mtjlab.runner.queue_item import QueueItem
from mtjlab.store import Catalogue, Query
from tests.runner.queue_watch import SHORT, TIMEOUT_S


def test_the_median_of_finished_runs_alike(tmp_path: Path) -> None:
    assert estimate_s(tmp_path, "noise_learning", "twin") is None
    for seed in (1, 2, 3):
        mtjlab.run("noise_learning", seed=seed, runs=tmp_path, **SHORT)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
        times = [entry.wall_time_s for entry in catalogue.find(Query())]
    assert estimate_s(tmp_path, "noise_learning", "twin") == sorted(times)[1]
    assert estimate_s(tmp_path, "noise_learning", "array") is None
    assert estimate_s(tmp_path, "telegraph", "twin") is None
    assert estimate_s(tmp_path, "noise_learning", "no such bench") is None


def test_answers_come_in_the_background_and_never_for_what_is_gone_on_with(
    tmp_path: Path,
) -> None:
    mtjlab.run("noise_learning", seed=1, runs=tmp_path, **SHORT)
    with Catalogue(tmp_path) as catalogue:
        catalogue.refresh()
    found: list[tuple[int, float | None]] = []
    told = threading.Event()

    def listen(key: int, seconds: float | None) -> None:
        found.append((key, seconds))
        if key == 3:
            told.set()

    estimates = Estimates(tmp_path, listen)
    source = tmp_path / "a.h5"
    estimates.ask(QueueItem(1, "a", "noise_learning", "twin", 1))
    estimates.ask(QueueItem(2, "b", "noise_learning", "twin", 1, kind="resume", source=source))
    estimates.ask(QueueItem(3, "c", "telegraph", "twin", 1))
    assert told.wait(TIMEOUT_S)
    estimates.close()
    assert [key for key, _ in found] == [1, 3]
    assert found[0][1] is not None
    assert found[1][1] is None
