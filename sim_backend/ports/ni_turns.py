"""When calls to served boards are carried out: one at a time, each at its own moment.

A call that must wait for samples waits in wall time and without the world's lock, so that other
clients are served meanwhile. Without a served clock nothing waits: the call itself lets bench
time pass.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from mtjlab.core.clock import ServedClock
from sim_backend.world.world import World

# How soon a waiting call finds out that its client has gone, or that its task was stopped.
_SLICE_S = 0.02

Result = TypeVar("Result")


class Gone(Exception):
    """Nobody waits for the answer any more."""


class Turns:
    """Calls on one world.

    Attributes:
        stopping: ends every wait.
    """

    def __init__(self, world: World) -> None:
        self.stopping = threading.Event()
        self._world = world
        clock = world.clock
        self._served = clock if isinstance(clock, ServedClock) else None

    def take(self, call: Callable[[], Result]) -> Result:
        """Carry out a call, and wait until the wall clock is where it has put bench time."""
        return self.take_when(lambda: 0.0, call, lambda: True)

    def take_when(
        self,
        due_s: Callable[[], float],
        call: Callable[[], Result],
        wanted: Callable[[], bool],
    ) -> Result:
        """Carry out a call at the bench time `due_s()`, which is asked anew as others act.

        Args:
            due_s: bench time, s; asked under the world's lock.
            call: carried out under the same lock.
            wanted: whether the client still waits.

        Raises:
            Gone: it does not, or the server stops.
        """
        clock = self._served
        if clock is None:
            with self._world.lock:
                due_s()
                return call()
        while True:
            with self._world.lock:
                turn = clock.begin()
                left_s = due_s() - clock.now_s()
                if left_s <= 0:
                    result = call()
                    reply_s = clock.due_s(turn)
                    break
            if self.pause(left_s) or not wanted():
                raise Gone
        clock.hold(reply_s, self.stopping)
        return result

    def look(self, at: Callable[[], Result]) -> Result:
        """Look at the boards as they are now, without taking any time."""
        with self._world.lock:
            if self._served is not None:
                self._served.begin()
            return at()

    def aside(self, call: Callable[[], Result]) -> Result:
        """Something of the server's own, which is no command to a board."""
        with self._world.lock:
            return call()

    def pause(self, seconds: float) -> bool:
        """Let others act for at most so long, in wall time; True if the server stops."""
        return self.stopping.wait(min(max(seconds, 0.0), _SLICE_S))
