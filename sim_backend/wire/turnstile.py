"""How many clients an instrument takes at once: any number, or one while others are sent away."""

import threading
from typing import Literal

Clients = Literal["many", "refuse", "queue"]

# An instrument on a network has so many sockets, and no more.
_MOST_CLIENTS = 32


class Turnstile:
    """Lets clients in.

    `many`: up to 32. `refuse`: one; further ones are sent away. `queue`: one; further ones wait.
    """

    def __init__(self, clients: Clients, stopping: threading.Event) -> None:
        self._clients, self._stopping = clients, stopping
        self._inside = 0
        self._changed = threading.Condition()

    def enter(self) -> bool:
        """Whether the client may come in; waits for its turn."""
        most = _MOST_CLIENTS if self._clients == "many" else 1
        with self._changed:
            if self._clients == "queue":
                self._changed.wait_for(lambda: self._inside < most or self._stopping.is_set())
            if self._inside >= most or self._stopping.is_set():
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        """The client has gone."""
        with self._changed:
            self._inside -= 1
            self._changed.notify()

    def release(self) -> None:
        """Send away who waits; `stopping` has been set."""
        with self._changed:
            self._changed.notify_all()
