"""A run in a process of its own: the same bytes, steered, and safe when either side dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mtjlab.core.errors import Aborted, NotSafeError, ParameterError
from mtjlab.core.events import BenchSeen, Event, RunEnded, StateChanged, StepDone
from mtjlab.runner import Run
from mtjlab.runner.apart import Order, RunApart, Spare
from mtjlab.store import RunReader, compare

LONG = {"task": "iris", "epochs": 5000}
SHORT = {"task": "xor", "epochs": 3}
pytestmark = pytest.mark.timeout(100)


class Heard:
    """Events, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._came:
            self.events.append(event)
            self._came.notify_all()

    def wait_for(self, wanted: type[Event], **fields: object) -> None:
        def there() -> bool:
            return any(
                isinstance(e, wanted) and all(getattr(e, n) == v for n, v in fields.items())
                for e in self.events
            )

        with self._came:
            assert self._came.wait_for(there, 60), self.events


@pytest.fixture(scope="module")
def spare() -> Iterator[Spare]:
    made = Spare()
    yield made
    made.close()


def order(folder: Path, parameters: dict[str, object], protocol: str = "noise_learning") -> Order:
    return Order("run", protocol, "twin", 1, str(folder), parameters=parameters, command="x y")


def test_an_order_is_text_and_back(tmp_path: Path) -> None:
    asked = order(tmp_path, SHORT)
    assert Order.of_text(asked.to_text()) == asked


def test_the_bytes_are_those_of_a_run_in_this_process(tmp_path: Path, spare: Spare) -> None:
    heard = Heard()
    apart = RunApart(order(tmp_path / "a", SHORT), [heard], spare)
    apart.start()
    assert apart.wait(60)
    here = Run(order(tmp_path / "b", SHORT).plan())
    here.start()
    assert here.wait(60)
    assert apart.outcome.status == "finished"
    assert apart.outcome.run_file is not None
    assert here.outcome.run_file is not None
    with (
        RunReader.open(apart.outcome.run_file) as one,
        RunReader.open(here.outcome.run_file) as two,
    ):
        assert compare(one, two).same_rows
        assert one.header.command == "x y"
        assert one.results == two.results
    assert isinstance(heard.events[-1], RunEnded)
    assert sum(isinstance(event, RunEnded) for event in heard.events) == 1
    np.testing.assert_equal(apart.outcome.results["reads"], here.outcome.results["reads"])


def test_pause_resume_and_end_in_order(tmp_path: Path, spare: Spare) -> None:
    heard = Heard()
    run = RunApart(order(tmp_path, LONG), [heard], spare)
    run.start()
    heard.wait_for(StepDone)
    run.pause()
    heard.wait_for(StateChanged, state="paused")
    heard.events.clear()
    run.resume()
    heard.wait_for(StateChanged, state="running")
    run.stop()
    assert run.wait(60)
    assert isinstance(run.outcome.error, Aborted)
    assert run.outcome.run_file is not None
    with RunReader.open(run.outcome.run_file) as file:
        assert file.status == "aborted"
        assert file.committed["step"] > 0


def test_an_abort_before_the_beginning_counts(tmp_path: Path, spare: Spare) -> None:
    run = RunApart(order(tmp_path, LONG), [], spare)
    run.abort()
    run.start()
    assert run.wait(60)
    assert isinstance(run.outcome.error, Aborted)


def test_what_cannot_be_planned_is_refused_in_the_same_words(tmp_path: Path, spare: Spare) -> None:
    asked = order(tmp_path, {"epochs": -1})
    with pytest.raises(ParameterError) as refused:
        asked.plan()
    run = RunApart(asked, [], spare)
    run.start()
    assert run.wait(60)
    assert isinstance(run.outcome.error, ParameterError)
    assert str(run.outcome.error) == str(refused.value)
    assert run.outcome.run_file is None


def test_a_process_that_is_killed_is_told_and_the_file_says_died(
    tmp_path: Path, spare: Spare
) -> None:
    heard = Heard()
    run = RunApart(order(tmp_path, LONG), [heard], spare)
    run.start()
    heard.wait_for(StepDone)
    assert run._process is not None
    run._process.kill()
    assert run.wait(60)
    assert run.outcome.status == "failed"
    assert "signal 9" in str(run.outcome.error)
    # Nothing real was on, and nobody need go to a rack.
    assert "its twin with it" in str(run.outcome.error)
    assert not isinstance(run.outcome.error, NotSafeError)
    assert isinstance(heard.events[-1], RunEnded)
    (file,) = tmp_path.glob("*/*.h5")
    with RunReader.open(file) as died:
        assert died.status == "died"


def test_a_process_that_dies_before_it_said_what_it_runs_on_may_have_left_something_on(
    tmp_path: Path, spare: Spare
) -> None:
    run = RunApart(order(tmp_path, LONG), [], spare)
    run._died(-11)
    assert isinstance(run.outcome.error, NotSafeError)
    assert "signal 11" in str(run.outcome.error)


def test_a_listener_that_fails_does_not_lose_the_end(tmp_path: Path, spare: Spare) -> None:
    def broken(_event: Event) -> None:
        raise ValueError("a view")

    heard = Heard()
    run = RunApart(order(tmp_path, SHORT), [broken, heard], spare)
    run.start()
    assert run.wait(60)
    assert run.outcome.status == "finished"
    assert isinstance(heard.events[-1], RunEnded)


def test_the_run_ends_in_order_when_its_owner_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from mtjlab.runner.apart import *; from mtjlab.core.events import StepDone\n"
        "order = Order.of_text(sys.argv[1])\n"
        "def say(event):\n"
        "    if isinstance(event, StepDone): print('step', flush=True)\n"
        "run = RunApart(order, [say], Spare()); run.start(); run.wait()\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, order(tmp_path, LONG).to_text()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"step\n"
    (file,) = tmp_path.glob("*/*.h5")
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    ended = threading.Event()
    for _ in range(600):
        with RunReader.open(file) as run:
            if run.status != "running":
                break
        ended.wait(0.05)
    # Not "died": the end of the pipe ended it in order.
    assert run.status == "aborted"


def test_outputs_are_told_off_before_the_end(tmp_path: Path, spare: Spare) -> None:
    heard = Heard()
    run = RunApart(order(tmp_path, LONG), [heard], spare)
    run.start()
    heard.wait_for(BenchSeen, energised=True)
    run.abort()
    assert run.wait(60)
    seen = [event for event in heard.events if isinstance(event, BenchSeen)]
    assert not seen[-1].energised
