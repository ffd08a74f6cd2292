"""A word now and then to instruments that switch off when they hear nothing.

A driver with a dead-man timer at its other end has a method `keep_alive(duration_s)`: it says a
word if it is time for one, and that the next may take so long. Whoever renews the lease of a
supervisor calls it too, from the same thread: an application that is stuck says nothing to either.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from mtjlab.core.clock import Clock
from mtjlab.core.driver import Driver


class KeepAlive:
    """All such drivers of a bench."""

    def __init__(self, drivers: Mapping[str, Driver]) -> None:
        """Args: `drivers`: by name, those that are open at any time."""
        self._drivers = drivers

    def __call__(self, duration_s: float = 0.0) -> None:
        """The next call of this may be `duration_s` away, s."""
        for driver in self._drivers.values():
            said: Any = getattr(driver, "keep_alive", None)
            if said is not None:
                said(duration_s)

    def after(self, renew: Callable[[float], None]) -> Callable[[float], None]:
        """Renew a lease, then this."""

        def both(duration_s: float) -> None:
            renew(duration_s)
            self(duration_s)

        return both

    def clock(self, clock: Clock, lease: Callable[[float], None]) -> Clock:
        """The clock for protocols: who waits on it has said so first, on a twin as on hardware."""
        kept = any(hasattr(driver, "keep_alive") for driver in self._drivers.values())
        return _ToldClock(clock, lease) if kept else clock


class _ToldClock:
    def __init__(self, clock: Clock, lease: Callable[[float], None]) -> None:
        self._clock, self._lease = clock, lease

    def now_s(self) -> float:
        """As `Clock.now_s`."""
        return self._clock.now_s()

    def sleep(self, seconds: float, abort: threading.Event | None = None) -> bool:
        """As `Clock.sleep`."""
        self._lease(seconds)
        return self._clock.sleep(seconds, abort)
