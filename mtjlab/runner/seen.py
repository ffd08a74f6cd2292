"""Tells listeners where the outputs stand: now and then, and at once when one goes on or off."""

import time
from collections.abc import Callable

from mtjlab.bench.guard import Guard
from mtjlab.core.events import BenchSeen, Event

# Of wall time; nobody reads faster.
EVERY_S = 0.1


class Seen:
    """Looks at the guard of a run; asks no instrument.

    Args:
        guard: of the bench.
        tell: listeners of the run.
        clock_s: of wall time.
    """

    def __init__(
        self,
        guard: Guard,
        tell: Callable[[Event], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard, self._tell, self._clock_s = guard, tell, clock_s
        self._last_s = -EVERY_S
        guard.turned = self.say

    def look(self) -> None:
        """After each step."""
        if self._clock_s() - self._last_s >= EVERY_S:
            self.say()

    def say(self) -> None:
        """Now."""
        self._last_s = self._clock_s()
        guard = self._guard
        currents = tuple(sorted(guard.currents))
        self._tell(BenchSeen(guard.live, dict(guard.setpoints), dict(guard.readings), currents))
