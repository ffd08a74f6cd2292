"""What a program wants to be called for: every N samples, and the end of a task.

Calls are made in bench time, by whoever lets it pass in a call of NI-DAQmx: a task that waits is
woken at each event, and any other call delivers what has become due before it returns. A program
that lets the clock run by other means is called later, once for each event, as on a busy computer.
"""

import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mtjlab.core.clock import Clock
from sim_backend.twins.ni_errors import NiCode, NiError

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask

What = Literal["acquired", "transferred", "done"]
_EDGE_TOLERANCE_S = 1e-12


@dataclass(eq=False)
class Subscription:
    """One wish of one task.

    Attributes:
        every: samples per channel between calls; of `done` meaningless.
        call: without arguments; may use the task, even stop it.
        served: how many calls the present run has had.
    """

    task: "NiTask"
    what: What
    every: int
    call: Callable[[], object]
    served: int = 0
    _run: object = None

    def next_s(self) -> float:
        """Bench time of the next call; inf if there is none to come."""
        part = self.task.part
        if part is None or not self.task.running:
            return math.inf
        if part is not self._run:
            self._run, self.served = part, 0
        if self.what == "done":
            return math.inf if self.served else part.done_s()
        return part.passed_s((self.served + 1) * self.every)


class Events:
    """The wishes of all tasks of one world."""

    def __init__(self) -> None:
        self._wishes: list[Subscription] = []
        self._calling = False

    def register(self, task: "NiTask", what: What, every: int, call: Callable[[], object]) -> None:
        """Call from now on.

        Raises:
            NiError: twice, of a running task, of the other kind of task, or every 0 samples.
        """
        if task.running:
            raise NiError(
                NiCode.EVENT_WHILE_RUNNING, f"task {task.name!r} is running: stop it first"
            )
        if what == "acquired" and task.kind != "ai":
            raise NiError(NiCode.EVENT_NOT_FOR_OUTPUTS, f"task {task.name!r} has no inputs")
        if what == "transferred" and task.kind != "ao":
            raise NiError(NiCode.EVENT_NOT_FOR_INPUTS, f"task {task.name!r} has no outputs")
        if what != "done" and every < 1:
            raise NiError(NiCode.EVENT_INTERVAL_ZERO, f"every {every} samples; expected 1 or more")
        if any(w.task is task and w.what == what for w in self._wishes):
            code = {
                "acquired": NiCode.INPUT_EVENT_REGISTERED,
                "transferred": NiCode.OUTPUT_EVENT_REGISTERED,
                "done": NiCode.DONE_EVENT_REGISTERED,
            }[what]
            raise NiError(code, f"task {task.name!r} has such an event already")
        self._wishes.append(Subscription(task, what, every, call))

    def unregister(self, task: "NiTask", *what: What) -> None:
        """Call no more; no error if it was not wanted."""
        self._wishes = [w for w in self._wishes if w.task is not task or w.what not in what]

    def next_s(self) -> float:
        """Bench time of the next call; inf if there is none to come, or one is being made."""
        if self._calling:
            return math.inf
        return min((wish.next_s() for wish in self._wishes), default=math.inf)

    def deliver(self, now_s: float) -> None:
        """Make the calls that are due, in the order of time; a call that fails says so and is over.

        Calls within calls are not made: they follow when the outer one has returned.
        """
        if self._calling or not self._wishes:
            return
        self._calling = True
        try:
            while True:
                wish = min(self._wishes, key=lambda w: w.next_s(), default=None)
                if wish is None or wish.next_s() > now_s + _EDGE_TOLERANCE_S:
                    return
                wish.served += 1
                try:
                    wish.call()
                except Exception:
                    # NI's own library prints what went wrong in a callback, and goes on.
                    traceback.print_exc()
        finally:
            self._calling = False

    def rest(self, clock: Clock, until_s: float) -> None:
        """Let bench time pass up to `until_s` or to the next calls, whatever comes first."""
        next_s = self.next_s()
        clock.sleep(min(until_s, next_s) - clock.now_s())
        if next_s <= until_s:
            self.deliver(max(next_s, clock.now_s()))

    def rest_until(self, clock: Clock, until_s: float) -> None:
        """Let bench time pass up to `until_s`, with all calls that fall due on the way."""
        while self.next_s() <= until_s:
            self.rest(clock, until_s)
        clock.sleep(until_s - clock.now_s())
