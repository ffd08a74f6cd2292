"""A twin at the pace of the wall clock: only the waiting differs, and it ends when asked to."""

import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.core.clock import VirtualClock
from mtjlab.core.events import Event, StateChanged, StepDone
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import PaceName, Plan, Run
from mtjlab.runner.pace import Pace


class Wall:
    """A wall clock that waits by moving on."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waited_s: list[float] = []

    def wait(self, called: threading.Event, seconds: float) -> bool:
        if called.is_set():
            return True
        self.waited_s.append(seconds)
        self.now_s += seconds
        return False


def paced(pace: PaceName, wall: Wall) -> Pace:
    return Pace(pace, wall_s=lambda: wall.now_s, wait=wall.wait)


def test_it_waits_for_what_is_missing_and_never_runs_ahead() -> None:
    wall, clock = Wall(), VirtualClock(50.0)
    pace = paced("realtime", wall)
    pace.begin(clock)
    clock.sleep(2.0)
    wall.now_s += 0.5
    pace.keep()
    clock.sleep(1.0)
    wall.now_s += 1.25
    pace.keep()
    clock.sleep(1.0)
    pace.keep()
    assert wall.waited_s == pytest.approx([1.5, 0.75])


def test_the_time_of_a_pause_is_not_made_up_for() -> None:
    wall, clock = Wall(), VirtualClock()
    pace = paced("realtime", wall)
    pace.begin(clock)
    clock.sleep(5.0)
    pace.interrupt()
    pace.keep()
    wall.now_s += 600.0
    clock.sleep(1.0)
    pace.keep()
    clock.sleep(1.0)
    pace.keep()
    assert wall.waited_s == [1.0]


def test_nothing_waits_at_the_pace_of_computing_or_on_a_bench_with_a_wall_clock() -> None:
    wall, clock = Wall(), VirtualClock()
    for pace, bench_clock in ((paced("virtual", wall), clock), (paced("realtime", wall), None)):
        pace.begin(bench_clock)
        clock.sleep(5.0)
        pace.keep()
    assert wall.waited_s == []


class Lasts:
    """Reads once a step and lets `step_s` of bench time pass."""

    parameters = Parameters

    def __init__(self, step_s: float) -> None:
        self.step_s = step_s

    def resolve(self, params: Parameters) -> Parameters:
        return params

    def twin_overrides(self, params: Parameters) -> dict[str, Any]:
        return {}

    def streams(self, params: Parameters, rig: Rig) -> list[Stream]:
        return [Stream("volts", "f8", (), "V", "of one junction")]

    def setup(self, rig: Rig, params: Parameters) -> None:
        pass

    def steps(
        self, rig: Rig, params: Parameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        for step in range(4):
            rig.emit("volts", rig.daqs["daq"].read(["ai0"]))
            rig.clock.sleep(self.step_s)
            yield Progress({"step": step}, step + 1, 4, {})
        return {}


def plan(step_s: float, pace: PaceName, runs: Path) -> Plan:
    return Plan("lasts", Lasts(step_s), Parameters(), load("twin"), 3, runs, pace=pace)


def test_a_run_has_the_same_rows_at_either_pace_and_takes_its_time(tmp_path: Path) -> None:
    rows = []
    for pace in ("virtual", "realtime"):
        run = Run(replace(plan(0.05, "virtual", tmp_path), pace=pace))
        run.start()
        assert run.wait(60)
        assert run.outcome.status == "finished"
        assert run.outcome.run_file is not None
        with h5py.File(run.outcome.run_file) as file:
            rows.append(file["data/volts"][:])
    assert np.array_equal(*rows)
    # Opening and the safe state take bench time of their own, which nobody waits for.
    assert run.outcome.wall_time_s > 4 * 0.05


@pytest.mark.parametrize(
    ("ask", "becomes"),
    [(Run.stop, "safe"), (Run.abort, "safe"), (Run.pause, "paused")],
    ids=["stop", "abort", "pause"],
)
def test_whoever_asks_is_not_kept_waiting(
    ask: Callable[[Run], None], becomes: str, tmp_path: Path
) -> None:
    stepped, became = threading.Event(), threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, StepDone):
            stepped.set()
        if event == StateChanged(becomes):
            became.set()

    # Each step would take a day.
    run = Run(plan(86_400.0, "realtime", tmp_path), [listen])
    run.start()
    assert stepped.wait(30)
    ask(run)
    assert became.wait(30)
    run.stop()
    assert run.wait(30)
    assert run.outcome.status == "aborted"
