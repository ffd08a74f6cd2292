"""Waiting for a task in bench time, and what may end it before its time."""

import math

from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_generation import Generation
from sim_backend.twins.ni_task import NiTask


def wait(task: NiTask, timeout_s: float) -> None:
    """Let bench time pass until the task is done; negative: however long it takes.

    Events of all tasks are delivered on the way.
    """
    clock, events = task.board.world.clock, task.rack.events
    deadline_s = clock.now_s() + timeout_s if timeout_s >= 0 else math.inf
    while task.running and task.ticks:
        demand_no_underflow(task)
        part = task.part
        done_s = part.done_s() if part is not None else math.inf
        if done_s <= clock.now_s():
            break
        until_s = min(done_s, deadline_s)
        if math.isinf(until_s) and math.isinf(events.next_s()):
            raise NiError(NiCode.NOT_DONE_IN_TIME, "it will never be done")
        # An event may stop this task, or write what it goes on with.
        events.rest(clock, until_s)
        task.board.world.catch_up()
        if done_s > deadline_s and clock.now_s() >= deadline_s:
            demand_no_underflow(task)
            raise NiError(NiCode.NOT_DONE_IN_TIME, f"not done within {timeout_s:g} s")
    task.board.world.catch_up()


def demand_no_underflow(task: NiTask) -> None:
    """Refuse to go on with a stream of outputs that ran dry."""
    task.board.world.catch_up()
    if isinstance(task.part, Generation) and task.part.underflow:
        raise NiError(
            NiCode.OUTPUT_UNDERFLOW,
            f"task {task.name!r} has played all {task.part.written} values and was given no "
            "more in time; its outputs hold the last. Write sooner, or larger pieces",
        )
