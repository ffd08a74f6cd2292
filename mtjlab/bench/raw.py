"""Ways around the guard: closed by default, written into the log wherever they are taken.

`allow_raw = true` in `[bench]` opens them. What goes through them is checked against nothing; the
bench is made safe afterwards as always.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtjlab.bench.guard import Guard
from mtjlab.core.errors import BenchError, LimitError, nearest


class RawAccess:
    """Hands out drivers, and the bench as a whole, to who may go around the guard.

    Attributes:
        allowed: `allow_raw` of the bench file.
        used: what was reached this way so far, by instrument name; `"bench"` for all of it.
    """

    def __init__(
        self,
        allowed: bool,
        guard: Guard,
        drivers: Mapping[str, Any],
        notice: Callable[[str, str], None],
    ) -> None:
        self.allowed = allowed
        self.used: set[str] = set()
        self._guard = guard
        self._drivers = drivers
        self._notice = notice

    @contextmanager
    def driver(self, name: str) -> Iterator[Any]:
        """The driver of one instrument; it can be set inside this block, in this thread.

        Whoever stays in it for more than 5 s of wall time calls `rig.busy` first.

        Raises:
            LimitError: the bench does not allow it; BenchError: no such instrument.
        """
        self.demand(f"raw access to {name}")
        if name not in self._drivers:
            raise BenchError(f"raw access to {name}: no instrument; {nearest(name, self._drivers)}")
        self.take(name)
        with self._guard.permitted():
            yield self._drivers[name]

    def demand(self, what: str) -> None:
        """Refuse `what` unless the bench allows it.

        Raises:
            LimitError: it does not.
        """
        if not self.allowed:
            raise LimitError(
                f"{what}: goes around the guard, which this bench does not allow; nothing was "
                "sent. Use the faces of the rig, or put `allow_raw = true` into [bench]"
            )

    def take(self, name: str) -> None:
        """From here on nothing is known of an output: a lease is held and the log says so."""
        self.used.add(name)
        self._notice("warning", f"raw access to {name}: unguarded from here on")
        self._guard.energise()
