"""Bench time: virtual when the twin lives in this process, the wall clock otherwise."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds of bench time, and a way to wait for more of them."""

    def now_s(self) -> float:
        """Bench time since the clock was made, s; never goes back."""
        ...

    def sleep(self, seconds: float, abort: threading.Event | None = None) -> bool:
        """Let `seconds` pass; return early, with True, once `abort` is set."""
        ...


class WallClock:
    """Bench time of a real or served bench."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now_s(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._start

    def sleep(self, seconds: float, abort: threading.Event | None = None) -> bool:
        """Wait in wall time; `abort` ends the wait at once."""
        return (abort or threading.Event()).wait(max(0.0, seconds))


class VirtualClock:
    """Bench time of a simulated world: moves only when told, never waits."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        """Virtual seconds so far."""
        return self._now_s

    def sleep(self, seconds: float, abort: threading.Event | None = None) -> bool:
        """Move on by `seconds` (>= 0) unless `abort` is set."""
        if abort is not None and abort.is_set():
            return True
        self._now_s += max(0.0, seconds)
        return False

    def restore(self, now_s: float) -> None:
        """Put the clock where a saved world left it."""
        self._now_s = now_s
