"""A test that waits for what it is told."""

import threading
import time
from collections.abc import Callable

TIMEOUT_S = 60.0


class News:
    """Wakes whoever waits, whenever something is told.

    What is waited for may take a lock that whoever tells holds meanwhile, such as that of a queue:
    so nothing of ours is held while it is looked at.
    """

    def __init__(self) -> None:
        self._came = threading.Event()

    def came(self) -> None:
        """From any thread; never waits."""
        self._came.set()

    def until(self, true: Callable[[], bool], said: Callable[[], object] = lambda: "") -> None:
        """Wait for it; `said` is what to show if it does not come."""
        end_s = time.monotonic() + TIMEOUT_S
        while True:
            self._came.clear()
            if true():
                return
            assert self._came.wait(max(0.0, end_s - time.monotonic())), said()
