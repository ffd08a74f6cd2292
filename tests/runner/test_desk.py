"""The desk: the bench between runs, the queue, and STOP, on the twin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtjlab.core.errors import NotSafeError
from mtjlab.runner.apart import frames
from mtjlab.runner.bench_state import BenchState
from mtjlab.runner.desk import Desk
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue_item import QueueChanged
from mtjlab.runner.queue_work import Work
from tests.runner.news import TIMEOUT_S, News
from tests.runner.queue_watch import LONG, SHORT


class WatchedDesk:
    """A desk, and what it told.

    Attributes:
        phases: of the bench, in their order.
        why: the queue was held last.
    """

    def __init__(self, folder: Path) -> None:
        self._news = News()
        self.phases: list[str] = []
        self.why = ""
        self.desk = Desk(folder, self.heard)

    def heard(self, event: object) -> None:
        if isinstance(event, BenchState):
            self.phases.append(event.phase)
        if isinstance(event, QueueChanged):
            self.why = event.why
        self._news.came()

    def until_status(self, *statuses: str) -> None:
        self._news.until(lambda: self.statuses == list(statuses), lambda: self.statuses)

    def until_phase(self, phase: str) -> None:
        self._news.until(lambda: self.phases[-1:] == [phase], lambda: self.phases)

    @property
    def statuses(self) -> list[str]:
        return [item.status for item in self.desk.queue.items()]


@pytest.fixture(scope="module")
def one_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedDesk]:
    made = WatchedDesk(tmp_path_factory.mktemp("runs"))
    yield made
    assert made.desk.close(TIMEOUT_S)


@pytest.fixture
def watched(one_desk: WatchedDesk) -> WatchedDesk:
    """Held, empty, not connected."""
    queue = one_desk.desk.queue
    queue.hold()
    for item in queue.items():
        queue.remove(item.key)
    one_desk.desk.bench.disconnect().result(TIMEOUT_S)
    one_desk.phases.clear()
    return one_desk


def test_the_bench_is_lent_to_the_queue_and_comes_back(watched: WatchedDesk) -> None:
    desk = watched.desk
    desk.bench.connect("twin").result(TIMEOUT_S)
    desk.queue.add("noise_learning", "twin", parameters=SHORT, seed=1)
    desk.queue.start()
    watched.until_status("finished")
    watched.until_phase("connected")
    assert list(dict.fromkeys(watched.phases)) == ["opening", "connected", "in a run", "closed"]
    assert watched.phases[-1] == "connected"
    assert not desk.bench.state.energised


def test_stop_in_the_middle_ends_the_run_holds_the_queue_and_leaves_all_off(
    watched: WatchedDesk,
) -> None:
    desk = watched.desk
    desk.bench.connect("twin").result(TIMEOUT_S)
    for name in ("long", "next"):
        desk.queue.add("noise_learning", "twin", parameters=LONG, name=name, seed=1)
    desk.queue.start()
    watched.until_status("running", "waiting")
    desk.stop()
    desk.stop()
    watched.until_status("aborted", "waiting")
    assert desk.queue.held
    assert watched.why == "stopped by the user"
    watched.until_phase("connected")
    assert not desk.bench.state.energised
    assert desk.unsafe == []


def test_stop_between_runs_makes_the_bench_safe(watched: WatchedDesk) -> None:
    desk = watched.desk
    desk.stop()
    desk.bench.connect("twin").result(TIMEOUT_S)
    desk.stop()
    assert desk.bench.look().result(TIMEOUT_S).connected
    assert desk.queue.held
    assert not desk.bench.state.energised


def test_close_in_the_middle_waits_until_all_is_over(tmp_path: Path) -> None:
    watched = WatchedDesk(tmp_path)
    watched.desk.bench.connect("twin").result(TIMEOUT_S)
    watched.desk.queue.add("noise_learning", "twin", parameters=LONG, seed=1)
    watched.desk.queue.start()
    watched.until_status("running")
    assert watched.desk.close(TIMEOUT_S)
    assert watched.statuses == ["aborted"]
    assert not watched.desk.bench.state.energised
    assert not watched.desk.bench.state.connected
    assert watched.desk.close(TIMEOUT_S)


def test_a_run_that_cannot_be_followed_is_ended_before_the_next_begins(
    watched: WatchedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_of: object) -> None:
        raise TypeError("no such event")

    monkeypatch.setattr(frames, "event_of", broken)
    watched.desk.queue.add("noise_learning", "twin", parameters=LONG, seed=1)
    watched.desk.queue.start()
    watched.until_status("failed")
    assert "ended without a word (code 0)" in str(watched.desk.queue.items()[0].error)


def test_what_is_not_safe_is_remembered(
    watched: WatchedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsafe = Outcome(error=NotSafeError("smu: go and look"))
    monkeypatch.setattr(Work, "run", lambda *_: ("failed", unsafe))
    watched.desk.queue.add("iv_sweep", "twin")
    watched.desk.queue.start()
    watched.until_status("failed")
    watched.until_phase("closed")
    assert watched.desk.unsafe == ["smu: go and look"]
