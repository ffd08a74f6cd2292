"""A run that is wanted now: it begins, and what was held stays held."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.queue_watch import LONG, SHORT, TIMEOUT_S, WatchedQueue


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedQueue]:
    made = WatchedQueue(tmp_path / "runs")
    yield made
    assert made.queue.close(TIMEOUT_S)


def add(watched: WatchedQueue, name: str, *, first: bool = False) -> int:
    return watched.queue.add("noise_learning", "twin", parameters=SHORT, name=name, first=first)


def wait(watched: WatchedQueue, *names: str) -> None:
    watched.until(lambda: all(watched.named(name).ended for name in names))
    watched.until(lambda: not watched.queue.busy)


def test_what_is_held_stays_held(watched: WatchedQueue) -> None:
    add(watched, "a")
    watched.queue.start_only(add(watched, "now", first=True))
    wait(watched, "now")
    assert watched.names == ["now", "a"]
    assert watched.statuses == ["finished", "waiting"]
    assert watched.queue.held
    assert watched.run() == ["finished", "finished"]


def test_a_queue_that_runs_goes_on_with_the_rest(watched: WatchedQueue) -> None:
    watched.queue.start()
    add(watched, "a")
    watched.queue.start_only(add(watched, "now", first=True))
    wait(watched, "a", "now")
    assert not watched.queue.held


@pytest.mark.parametrize("gone", [False, True])
def test_beside_a_run_that_is_on_it_waits_for_its_turn(watched: WatchedQueue, gone: bool) -> None:
    watched.queue.add("noise_learning", "twin", parameters=LONG, name="long", seed=1)
    began = threading.Event()
    watched.acts["long"] = began.set
    watched.queue.start()
    assert began.wait(TIMEOUT_S)
    watched.queue.hold()
    add(watched, "a")
    now = add(watched, "now", first=True)
    watched.queue.start_only(now)
    assert watched.names == ["long", "now", "a"]
    if gone:
        watched.queue.remove(now)
        assert watched.queue.held
    watched.queue.stop_item()
    wait(watched, "long", *(["now"] if not gone else []))
    assert watched.named("a").status == "waiting"
    assert watched.queue.held


def test_start_in_between_runs_all(watched: WatchedQueue) -> None:
    add(watched, "a")
    watched.queue.start_only(add(watched, "now", first=True))
    watched.queue.start()
    wait(watched, "a", "now")
    assert not watched.queue.held
