"""HiSLIP's locks on one instrument: who holds one, who waits, and what a lost client leaves."""

import threading
from enum import IntEnum

from sim_backend.ports.visa_locks import Locks


class Verdict(IntEnum):
    """Control codes of AsyncLockResponse."""

    FAILED = 0
    DONE = 1
    SHARED_RELEASED = 2
    INVALID = 3


class LockTable:
    """Locks by session number; freed when the session ends."""

    def __init__(self) -> None:
        self._locks = Locks()
        self._held: dict[int, list[str]] = {}
        self._gone: set[int] = set()
        self._changed = threading.Condition()
        self._open = True

    def request(self, session: int, key: str, timeout_s: float) -> Verdict:
        """Take the exclusive lock (no key) or the shared one; waits for others to let go."""
        kind = "shared" if key else "exclusive"
        with self._changed:
            if kind in self._held.get(session, ()):
                return Verdict.INVALID
            got = self._changed.wait_for(
                lambda: self._over(session) or self._take(session, key), timeout_s
            )
            if not got or self._over(session):
                return Verdict.FAILED
            self._held.setdefault(session, []).append(kind)
            return Verdict.DONE

    def release(self, session: int) -> Verdict:
        """Give back a lock, the exclusive one first."""
        with self._changed:
            held = self._held.get(session)
            if not held:
                return Verdict.INVALID
            kind = "exclusive" if "exclusive" in held else "shared"
            held.remove(kind)
            self._locks.release(session)
            self._changed.notify_all()
            return Verdict.SHARED_RELEASED if kind == "shared" else Verdict.DONE

    def admit(self, session: int, interrupt: threading.Event) -> bool:
        """Wait until the session may use the instrument; False if it ended or was interrupted."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._locks.admits(session) or self._over(session) or interrupt.is_set()
            )
            return not (self._over(session) or interrupt.is_set())

    def wake(self) -> None:
        """Let those who wait look at their interrupts."""
        with self._changed:
            self._changed.notify_all()

    def info(self) -> tuple[bool, int]:
        """Whether the exclusive lock is held, and how many sessions hold a lock."""
        with self._changed:
            holders = [kinds for kinds in self._held.values() if kinds]
            return any("exclusive" in kinds for kinds in holders), len(holders)

    def forget(self, session: int) -> None:
        """The client has gone, and its locks with it."""
        with self._changed:
            self._gone.add(session)
            self._held.pop(session, None)
            self._locks.forget(session)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def _over(self, session: int) -> bool:
        return session in self._gone or not self._open

    def _take(self, session: int, key: str) -> bool:
        if key:
            return self._locks.share(session, key) is not None
        return self._locks.exclude(session)
