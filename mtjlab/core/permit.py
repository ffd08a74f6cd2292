"""The key that lets a setting pass from the guard down to a link, and from nowhere else.

Drivers can be read by whoever holds them. They set something only inside a guarded call: the
guard opens the permit for its own thread, the link checks it before a setting is sent.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mtjlab.core.errors import LimitError


class WritePermit:
    """One per bench. Closed unless the guard opened it in this thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Settings pass inside this block, in this thread. For the guard and the safe state."""
        before = self.granted
        self._local.granted = True
        try:
            yield
        finally:
            self._local.granted = before

    @property
    def granted(self) -> bool:
        """Whether a setting may be sent now, from this thread."""
        return bool(getattr(self._local, "granted", False))

    def demand(self, what: str) -> None:
        """Refuse `what` unless the permit is open.

        Raises:
            LimitError: somebody sets an instrument around the guard.
        """
        if not self.granted:
            raise LimitError(
                f"{what}: settings pass only through the guard; nothing was sent. "
                "Use the face that the rig hands out"
            )
