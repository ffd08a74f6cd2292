"""Bench time: virtual when the twin lives in this process, the wall clock otherwise."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol


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


class Turn(NamedTuple):
    """When a command to a served world began: by the wall clock, and in bench time."""

    wall_s: float
    bench_s: float


# A client waits so much, and so many times what its own command took, for bench time that others
# have put ahead of the wall clock. Less than that many clients in full swing never make bench time
# run away.
_PATIENCE_S = 0.05
_PATIENCE_FACTOR = 10.0


class ServedClock(VirtualClock):
    """Bench time of a simulated world that clients outside this process look at.

    It stands still while a command is carried out; `begin` first lets it catch up with the wall
    clock. What the command takes by itself (`sleep`: integration, latency) puts it ahead, and the
    reply is held back until the wall clock is there. All but `hold` and `wall_s` belong under the
    world's lock.
    """

    def __init__(
        self, start_s: float = 0.0, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(start_s)
        self._monotonic_s = monotonic_s
        self._origin_s = monotonic_s() - start_s
        self._last_s = start_s

    def wall_s(self) -> float:
        """Bench time as the wall clock has it, whatever commands have let pass ahead, s."""
        return self._monotonic_s() - self._origin_s

    def begin(self) -> Turn:
        """Catch up with the wall clock, before a command."""
        wall_s = self._last_s = self.wall_s()
        self._now_s = max(self._now_s, wall_s)
        return Turn(wall_s, self._now_s)

    def idle_s(self) -> float:
        """Since the last command began, by the wall clock, s."""
        return self.wall_s() - self._last_s

    def due_s(self, turn: Turn) -> float:
        """After a command: when, by the wall clock, its reply may leave, s.

        That is when the wall clock has reached bench time; but where another client's long command
        has put bench time far ahead, only a little later than what this command took itself.
        """
        took_s = self._now_s - turn.bench_s
        return min(self._now_s, turn.wall_s + _PATIENCE_S + _PATIENCE_FACTOR * took_s)

    def hold(self, due_s: float, abort: threading.Event | None = None) -> bool:
        """Wait until the wall clock is there; return early, with True, once `abort` is set."""
        left_s = due_s - self.wall_s()
        if left_s <= 0:
            return abort is not None and abort.is_set()
        return (abort or threading.Event()).wait(left_s)

    def restore(self, now_s: float) -> None:
        """Go on from where a saved world was, at the pace of the wall clock."""
        super().restore(now_s)
        self._origin_s = self._monotonic_s() - now_s
        self._last_s = now_s
