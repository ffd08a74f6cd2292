"""Holds a twin in this process back to the wall clock, for whoever wants to watch it."""

import threading
import time
from collections.abc import Callable
from typing import Literal

from mtjlab.core.clock import Clock

PaceName = Literal["virtual", "realtime"]


class Pace:
    """Waits after each step until the wall clock has caught up with bench time.

    Only waits: what is measured, and every byte of it, is the same at either pace. `interrupt` is
    for any thread, the rest for that of the run.
    """

    def __init__(
        self,
        pace: PaceName,
        *,
        wall_s: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """Args: `wall_s`: clock, s; `wait`: on an event for so many s of it, True if it came."""
        self._realtime = pace == "realtime"
        self._wall_s, self._wait = wall_s, wait
        self._called = threading.Event()
        self._clock: Clock | None = None
        self._ahead_s: float | None = None

    def begin(self, clock: Clock | None) -> None:
        """Count from here; without a clock (a bench on the wall clock anyway) nothing waits."""
        self._clock = clock if self._realtime else None
        self._ahead_s = clock.now_s() - self._wall_s() if clock is not None else None

    def keep(self) -> None:
        """After a step; after an interruption it counts from here."""
        if self._clock is None:
            return
        ahead_s = self._clock.now_s() - self._wall_s()
        if self._ahead_s is None:
            self._called.clear()
            self._ahead_s = ahead_s
        elif ahead_s > self._ahead_s and self._wait(self._called, ahead_s - self._ahead_s):
            # Wall time that passes in a pause is not to be made up for.
            self._ahead_s = None

    def interrupt(self) -> None:
        """End a wait now."""
        self._called.set()
