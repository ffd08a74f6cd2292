"""An instrument error in the middle of a run: safe, connected anew, on from the last step."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.core.errors import InstrumentError, LimitError, Timeout, WrongIdentity
from mtjlab.core.events import Event, Notice, StateChanged
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import OnError, Outcome, Plan, Run
from mtjlab.runner.recovery import BACK_OFF_S
from mtjlab.store import RunReader


class Nothing(Parameters):
    steps: int = 6


class Counting:
    """Emits the number of each step after a real reading; `fault` is called in every step."""

    parameters = Nothing

    def __init__(self, fault: Callable[[int, Rig], None]) -> None:
        self.fault = fault
        self.setups = 0
        self.run: Run | None = None

    def resolve(self, params: Nothing) -> Nothing:
        return params

    def twin_overrides(self, params: Nothing) -> dict[str, Any]:
        return {}

    def streams(self, params: Nothing, rig: Rig) -> list[Stream]:
        return [Stream("step", "i8", (), "", "its number")]

    def setup(self, rig: Rig, params: Nothing) -> None:
        self.setups += 1
        source = rig.sources["smu"]
        assert not source.state().output_on, "setup found the output on"
        source.configure(SourceSettings("voltage", 0.2, 1e-3))
        source.output(True)
        source.set_level(0.1)

    def steps(
        self, rig: Rig, params: Nothing, state: State | None
    ) -> Generator[Progress, None, Results]:
        first = int(str(state["next"])) if state else 0
        for step in range(first, params.steps):
            rig.emit("step", np.array([step]))
            self.fault(step, rig)
            assert abs(rig.sources["smu"].measure().voltage_v - 0.1) < 1e-3
            yield Progress({"next": step + 1}, step + 1, params.steps, {})
        return {}


def execute(
    fault: Callable[[int, Rig], None],
    runs_dir: Path,
    *,
    on_error: OnError = "fail",
    listen: Callable[[Event, Run], None] = lambda _event, _run: None,
) -> tuple[Outcome, Counting, list[Event]]:
    events: list[Event] = []
    protocol = Counting(fault)

    def tell(event: Event) -> None:
        events.append(event)
        listen(event, run)

    plan = Plan("counting", protocol, Nothing(), load("twin"), 3, runs_dir, on_error=on_error)
    run = Run(plan, [tell])
    run.start()
    assert run.wait(60)
    return run.outcome, protocol, events


def fails(times: int, at: int = 2, error: type[InstrumentError] = Timeout) -> Any:
    left = [times]

    def fault(step: int, _rig: Rig) -> None:
        if step == at and left[0]:
            left[0] -= 1
            raise error("smu: no reply came")

    return fault


def recorded(outcome: Outcome) -> list[int]:
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        return [int(step) for step in reader.stream("step")]


@pytest.mark.parametrize("times", [1, len(BACK_OFF_S)])
def test_a_glitch_costs_the_unfinished_step_and_nothing_else(tmp_path: Path, times: int) -> None:
    outcome, protocol, events = execute(fails(times), tmp_path)
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    assert recorded(outcome) == [0, 1, 2, 3, 4, 5]
    assert protocol.setups == 1 + times
    states = [event.state for event in events if isinstance(event, StateChanged)]
    assert states.count("recovering") == times
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        log = [line.text for line in reader.log()]
    assert sum("no reply came" in text for text in log) == times
    assert sum("connected again" in text for text in log) == times


def test_what_does_not_pass_ends_safe_with_the_error_of_the_instrument(tmp_path: Path) -> None:
    outcome, _, events = execute(fails(100), tmp_path)
    assert (outcome.status, outcome.exit_code) == ("failed", 3)
    assert recorded(outcome) == [0, 1]
    assert any(isinstance(e, StateChanged) and e.state == "safe" for e in events)


def test_steps_that_finish_start_the_count_anew(tmp_path: Path) -> None:
    def every_step_once(step: int, _rig: Rig, seen: set[int] = set()) -> None:  # noqa: B006
        if step not in seen:
            seen.add(step)
            raise Timeout("smu: no reply came")

    outcome, protocol, _ = execute(every_step_once, tmp_path)
    assert outcome.status == "finished"
    assert recorded(outcome) == [0, 1, 2, 3, 4, 5]
    assert protocol.setups == 7


@pytest.mark.parametrize("error", [WrongIdentity("another one"), LimitError("too much")])
def test_what_would_only_happen_again_is_not_tried_again(tmp_path: Path, error: Exception) -> None:
    def fault(step: int, _rig: Rig) -> None:
        if step == 2:
            raise error

    outcome, protocol, _ = execute(fault, tmp_path)
    assert outcome.status == "failed"
    assert outcome.error is error
    assert protocol.setups == 1


def test_a_run_that_pauses_waits_for_a_person(tmp_path: Path) -> None:
    paused: list[str] = []

    def resume(event: Event, run: Run) -> None:
        if isinstance(event, Notice) and event.text.startswith("paused, safe"):
            paused.append(event.text)
        if isinstance(event, StateChanged) and event.state == "paused":
            run.resume()

    outcome, _, _ = execute(fails(5), tmp_path, on_error="pause", listen=resume)
    assert outcome.status == "finished"
    assert len(paused) == 1
    assert recorded(outcome) == [0, 1, 2, 3, 4, 5]


def test_a_paused_run_can_be_stopped(tmp_path: Path) -> None:
    def stop(event: Event, run: Run) -> None:
        if isinstance(event, StateChanged) and event.state == "paused":
            run.stop()

    outcome, _, _ = execute(fails(100), tmp_path, on_error="pause", listen=stop)
    assert (outcome.status, outcome.exit_code) == ("aborted", 5)
    assert recorded(outcome) == [0, 1]
