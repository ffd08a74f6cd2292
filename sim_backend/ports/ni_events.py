"""Events of served tasks: so many more samples acquired, and the task done."""

import math
from collections.abc import Callable, Iterator

from nidaqmx.constants import EveryNSamplesEventType
from nidaqmx.errors import DaqError

from sim_backend.ports.ni_sessions import Held
from sim_backend.ports.ni_turns import Turns
from sim_backend.twins.ni_run import TimedRun

_ALREADY = {"every_n": -200966, "done": -200950}
# A task that is not running may be started at any time.
_IDLE_S = 0.02
_SOONEST_S = 0.5e-3


def listen(held: Held, kind: str) -> object:
    """Register for a kind of event; the token stays in `held.events` while anybody listens.

    Raises:
        DaqError: -200966, -200950, somebody does already.
    """
    if kind in held.events:
        raise DaqError(
            f"task {held.handle.name!r}: the event is registered already",
            _ALREADY[kind],
            held.handle.name,
        )
    token = held.events[kind] = object()
    return token


def demand_acquired(event_type: int) -> None:
    """Refuse events of outputs."""
    if event_type != EveryNSamplesEventType.ACQUIRED_INTO_BUFFER.value:
        raise NotImplementedError(
            "every-N events of outputs; the simulated board has those of inputs"
        )


def every_n(held: Held, count: int, turns: Turns, wanted: Callable[[], bool]) -> Iterator[None]:
    """One for every `count` samples per channel that have been acquired since the start."""
    token = held.events["every_n"]
    run: TimedRun | None = None
    seen = 0

    def look() -> tuple[TimedRun | None, int, float]:
        task = held.handle.task
        if task is None or task.part is None:
            return None, 0, 0.0
        return task.part.run, task.passed, task.part.run.dt_s

    try:
        while wanted() and held.events.get("every_n") is token:
            now, acquired, dt_s = turns.look(look)
            if now is not run:
                run, seen = now, 0
            while acquired - seen >= count:
                seen += count
                yield
            missing_s = (seen + count - acquired) * dt_s if run is not None else _IDLE_S
            if turns.pause(max(missing_s, _SOONEST_S)):
                return
    finally:
        _forget(held, "every_n", token)


def done(held: Held, turns: Turns, wanted: Callable[[], bool]) -> Iterator[None]:
    """One at the end of every finite run that was not stopped before."""
    token = held.events["done"]
    told: TimedRun | None = None

    def look() -> tuple[TimedRun | None, float]:
        task = held.handle.task
        if task is None or task.part is None:
            return None, math.inf
        return task.part.run, task.part.done_s() - task.board.world.clock.now_s()

    try:
        while wanted() and held.events.get("done") is token:
            run, left_s = turns.look(look)
            if run is not None and run is not told and left_s <= 0:
                told = run
                yield
            if turns.pause(left_s if left_s > 0 else _IDLE_S):
                return
    finally:
        _forget(held, "done", token)


def _forget(held: Held, kind: str, token: object) -> None:
    if held.events.get(kind) is token:
        del held.events[kind]
