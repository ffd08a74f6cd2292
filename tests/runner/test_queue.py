"""A queue on the twin: order, changes while it works, failures, results handed on, the end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtjlab.core.errors import MtjlabError, NotSafeError, UsageError
from mtjlab.runner import queue_list as queue_list_module
from mtjlab.runner import read_session
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue_work import Work
from mtjlab.runner.session_file import Use
from mtjlab.store import RunReader
from tests.runner.queue_watch import LONG, SHORT, TIMEOUT_S, WatchedQueue

SESSION = """
[session]
bench = "twin"
seed = 5
on_failure = "continue"
[[step]]
name = "one"
protocol = "noise_learning"
parameters = {task = "xor", epochs = 2, target_accuracy = 0.75}
[[step]]
name = "two"
protocol = "noise_learning"
parameters = {task = "xor", epochs = 2}
use = {target_accuracy = "one.target_accuracy"}
on_failure = "stop"
"""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedQueue]:
    made = WatchedQueue(tmp_path / "runs")
    yield made
    assert made.queue.close(TIMEOUT_S)


def short(watched: WatchedQueue, name: str, **more: object) -> int:
    return watched.queue.add("noise_learning", "twin", parameters=SHORT, name=name, **more)  # type: ignore[arg-type]


def long(watched: WatchedQueue, name: str = "long") -> int:
    return watched.queue.add("noise_learning", "twin", parameters=LONG, name=name, seed=1)


def test_nothing_runs_before_start_then_all_in_order_each_with_its_file(
    watched: WatchedQueue,
) -> None:
    short(watched, "a", seed=3)
    watched.queue.add("iv_sweep", "twin", settings=["points=5"])
    short(watched, "a", first=True)
    assert watched.queue.held
    assert watched.names == ["a-2", "a", "iv_sweep"]
    assert watched.run() == ["finished"] * 3
    files = [item.run_file for item in watched.queue.items()]
    assert len(set(files)) == 3
    with RunReader.open(files[1]) as run:  # type: ignore[arg-type]
        assert (run.header.seed, run.header.parameters["epochs"]) == (3, 2)
        assert run.header.command == (
            "mtjlab run noise_learning --bench twin --set task=xor --set epochs=2 --seed 3 "
            f"--out {watched.queue.runs_dir}"
        )
    began = [
        next(i.name for i in c.items if i.status == "running")
        for c in watched.changes
        if any(i.status == "running" for i in c.items)
    ]
    assert list(dict.fromkeys(began)) == ["a-2", "a", "iv_sweep"]
    done = watched.named("a")
    assert done.done == done.total > 1


@pytest.mark.parametrize(
    ("parameters", "settings", "words"),
    [
        ({"epocs": 3}, (), "epocs: unknown; did you mean 'epochs'"),
        ({}, ("epochs=0",), "epochs: 0 is out of range"),
        ({}, ("epochs",), "epochs"),
    ],
)
def test_what_mtjlab_run_refuses_is_refused_and_nothing_is_added(
    watched: WatchedQueue, parameters: dict[str, object], settings: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        watched.queue.add("noise_learning", "twin", parameters=parameters, settings=settings)
    with pytest.raises(UsageError, match="no bench named 'twinn'"):
        watched.queue.add("noise_learning", "twinn")
    with pytest.raises(UsageError, match=r"no \. or ="):
        short(watched, "a.b")
    assert watched.queue.items() == ()


def test_waiting_items_are_changed_moved_and_removed_while_one_runs(
    watched: WatchedQueue,
) -> None:
    on = long(watched)
    a, b, c = (short(watched, name) for name in "abc")
    began = threading.Event()
    watched.acts["long"] = began.set
    watched.queue.start()
    assert began.wait(TIMEOUT_S)
    watched.queue.move(c, 0)
    assert watched.names == ["long", "c", "a", "b"]
    watched.queue.move(c, 99)
    watched.queue.edit(a, parameters={"task": "xor", "epochs": 1}, seed=9, name="a9")
    drawn = watched.named("b").seed
    watched.queue.edit(b, seed=None)
    assert watched.named("b").seed != drawn
    with pytest.raises(UsageError, match="epochs: 0 is out of range"):
        watched.queue.edit(a, parameters={"epochs": 0})
    with pytest.raises(UsageError, match="another item is called 'b'"):
        watched.queue.edit(a, name="b")
    for refused in (
        lambda: watched.queue.edit(on, seed=2),
        lambda: watched.queue.move(on, 2),
        lambda: watched.queue.remove(on),
    ):
        with pytest.raises(UsageError, match="long is"):
            refused()
    watched.queue.remove(b)
    with pytest.raises(UsageError, match="not in the queue any more"):
        watched.queue.remove(b)
    watched.queue.stop_item()
    assert watched.run() == ["aborted", "finished", "finished"]
    assert watched.names == ["long", "a9", "c"]
    assert watched.named("a9").seed == 9
    watched.queue.clear_done()
    assert watched.queue.items() == ()


# Nothing on the twin is as fast as this: the run fails when it looks for its neurons.
HOPELESS = SHORT | {"max_tau_c_s": "1n"}


def test_a_failed_run_does_not_stop_the_rest_unless_it_says_so(watched: WatchedQueue) -> None:
    watched.queue.add("noise_learning", "twin", parameters=HOPELESS, name="bad")
    short(watched, "good")
    watched.queue.add(
        "noise_learning", "twin", parameters=HOPELESS, name="final", on_failure="stop"
    )
    short(watched, "later")
    assert watched.run() == ["failed", "finished", "failed", "waiting"]
    assert str(watched.named("bad").error).startswith("BenchError: ")
    assert watched.changes[-1].held
    assert watched.changes[-1].why == f"final failed: {watched.named('final').error}"
    assert watched.run()[-1] == "finished"


def test_a_bench_that_was_not_proved_safe_holds_the_queue(
    watched: WatchedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(watched, "a")
    short(watched, "b")
    unsafe = Outcome(error=NotSafeError("smu: go and look"))
    monkeypatch.setattr(Work, "run", lambda *_: ("failed", unsafe))
    assert watched.run() == ["failed", "waiting"]
    assert "go and look" in watched.changes[-1].why


def test_results_are_handed_on_and_guard_what_they_come_from(watched: WatchedQueue) -> None:
    one = watched.queue.add(
        "noise_learning", "twin", parameters=SHORT | {"target_accuracy": 0.75}, name="one"
    )
    use = Use("target_accuracy", "one", "target_accuracy")
    two = short(watched, "two", uses=[use])
    for refused in (
        lambda: watched.queue.remove(one),
        lambda: watched.queue.edit(one, name="other"),
        lambda: watched.queue.move(two, 0),
        lambda: short(watched, "three", uses=[use], first=True),
        lambda: short(watched, "three", uses=[Use("target_accuracy", "onne", "x")]),
        lambda: short(watched, "three", uses=[Use("taget", "one", "x")]),
    ):
        with pytest.raises(UsageError, match=r"one|did you mean"):
            refused()
    assert watched.names == ["one", "two"]
    assert watched.run() == ["finished", "finished"]
    first, second = watched.queue.items()
    assert first.outcome is not None
    with RunReader.open(second.run_file) as run:  # type: ignore[arg-type]
        assert run.header.parameters["target_accuracy"] == 0.75
        assert run.header.uses == {"target_accuracy": f"{first.outcome.run_id}:target_accuracy"}


def test_what_needs_a_failed_one_is_skipped(watched: WatchedQueue) -> None:
    watched.queue.add("noise_learning", "twin", parameters=HOPELESS, name="one")
    short(watched, "two", uses=[Use("target_accuracy", "one", "target_accuracy")])
    short(watched, "three")
    assert watched.run() == ["failed", "skipped", "finished"]
    assert "'one', which has failed" in str(watched.named("two").error)
    watched.queue.clear_done()
    assert watched.names == []


def test_pause_resume_and_the_end_at_a_step_keep_every_row(watched: WatchedQueue) -> None:
    long(watched)
    asked = threading.Event()

    def pause_once() -> None:
        if not asked.is_set():
            watched.queue.pause()
            asked.set()

    watched.acts["long"] = pause_once
    watched.queue.start()
    watched.until(lambda: watched.statuses == ["paused"])
    assert watched.queue.busy
    watched.queue.resume()
    watched.until(lambda: watched.statuses == ["running"])
    watched.queue.stop_item()
    watched.until(lambda: watched.statuses == ["aborted"])
    item = watched.named("long")
    with RunReader.open(item.run_file) as run:  # type: ignore[arg-type]
        assert run.status == "aborted"
        assert len(run.stream("step")) >= 1


def test_abort_ends_one_and_halt_ends_all(watched: WatchedQueue) -> None:
    for name in ("a", "b", "c"):
        long(watched, name)
    watched.acts["a"] = watched.queue.abort
    watched.acts["b"] = lambda: watched.queue.halt("stopped by the user")
    assert watched.run() == ["aborted", "aborted", "waiting"]
    assert watched.queue.held
    assert watched.changes[-1].why == "stopped by the user"


def test_stop_between_choosing_a_run_and_its_begin_is_not_lost(
    watched: WatchedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = Work.takes

    def stopped_meanwhile(work: Work, item: object) -> None:
        watched.queue.halt("stopped by the user")
        takes(work, item)  # type: ignore[arg-type]

    monkeypatch.setattr(Work, "takes", stopped_meanwhile)
    short(watched, "a")
    watched.queue.start()
    watched.until(lambda: watched.changes[-1].why == "stopped by the user")
    assert watched.statuses == ["waiting"]


def test_judging_a_new_item_holds_up_neither_runs_nor_stop(
    watched: WatchedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, go_on = threading.Event(), threading.Event()
    real = queue_list_module.check_parameters

    def slow(*of: object) -> None:
        judging.set()
        assert go_on.wait(TIMEOUT_S)
        real(*of)  # type: ignore[arg-type]

    short(watched, "a")
    monkeypatch.setattr(queue_list_module, "check_parameters", slow)
    adding = threading.Thread(target=short, args=(watched, "b"))
    adding.start()
    assert judging.wait(TIMEOUT_S)
    assert watched.run() == ["finished"]
    watched.queue.hold("enough")
    go_on.set()
    adding.join(TIMEOUT_S)
    assert watched.statuses == ["finished", "waiting"]


def test_close_ends_the_run_that_is_on(tmp_path: Path) -> None:
    watched = WatchedQueue(tmp_path)
    began = threading.Event()
    watched.acts["long"] = began.set
    long(watched)
    short(watched, "next")
    watched.queue.start()
    assert began.wait(TIMEOUT_S)
    assert watched.queue.close(TIMEOUT_S)
    assert watched.statuses == ["aborted", "waiting"]


def test_a_session_comes_in_under_names_that_are_free_or_not_at_all(
    watched: WatchedQueue, tmp_path: Path
) -> None:
    file = tmp_path / "day.toml"
    file.write_text(SESSION)
    short(watched, "one")
    keys = watched.queue.add_session(read_session(file))
    assert watched.names == ["one", "one-2", "two"]
    added = watched.queue.items()[1:]
    assert [item.key for item in added] == keys
    assert [(item.seed, item.on_failure) for item in added] == [(5, "continue"), (6, "stop")]
    assert added[1].uses == (Use("target_accuracy", "one-2", "target_accuracy"),)
    file.write_text(SESSION + '[[step]]\nprotocol = "iv_sweep"\nparameters = {points = 0}\n')
    with pytest.raises(UsageError, match="points"):
        watched.queue.add_session(read_session(file))
    assert watched.names == ["one", "one-2", "two"]
    assert watched.run() == ["finished"] * 3


def test_a_run_is_gone_on_with_and_repeated(watched: WatchedQueue) -> None:
    short(watched, "a", seed=4)
    watched.queue.add("noise_learning", "twin", parameters=SHORT | {"epochs": 6}, name="b", seed=1)
    watched.acts["b"] = watched.queue.stop_item
    assert watched.run() == ["finished", "aborted"]
    whole, part = (item.run_file for item in watched.queue.items())
    assert whole is not None
    assert part is not None
    with pytest.raises(MtjlabError, match="finished"):
        watched.queue.add_again(whole, "resume")
    watched.queue.hold()
    watched.queue.add_again(whole, "replay")
    watched.queue.add_again(part, "resume")
    assert watched.names[2:] == ["resume-noise_learning", "replay-noise_learning"]
    assert watched.run()[2:] == ["finished", "finished"]
    again, repeated = watched.queue.items()[2:]
    with RunReader.open(again.run_file) as run:  # type: ignore[arg-type]
        assert run.header.resumed_from == watched.named("b").outcome.run_id  # type: ignore[union-attr]
        assert run.header.command == f"mtjlab resume {part} --out {watched.queue.runs_dir}"
    first = watched.named("a")
    assert first.outcome is not None
    assert repeated.outcome is not None
    assert repeated.outcome.results == first.outcome.results
