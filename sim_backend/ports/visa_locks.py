"""Who may talk to an instrument: VISA's exclusive and shared locks (VPP-4.3, 3.6)."""

from itertools import count


class Locks:
    """Locks on one instrument, by session."""

    def __init__(self) -> None:
        self._exclusive: int | None = None
        self._depth = 0
        self._sharing: set[int] = set()
        self._key = ""
        self._names = count(1)

    def admits(self, session: int) -> bool:
        """Whether a session may use the instrument now."""
        if self._exclusive is not None:
            return self._exclusive == session
        return not self._sharing or session in self._sharing

    def exclude(self, session: int) -> bool:
        """Take, or deepen, the exclusive lock; False if somebody else is in the way."""
        if not self.admits(session) or self._sharing - {session}:
            return False
        self._exclusive = session
        self._depth += 1
        return True

    def share(self, session: int, key: str | None) -> str | None:
        """Take the shared lock; its key, or None if somebody else is in the way."""
        if self._exclusive not in (None, session):
            return None
        if self._sharing and session not in self._sharing and key != self._key:
            return None
        if not self._sharing:
            self._key = key or f"mtjsim-{next(self._names)}"
        self._sharing.add(session)
        return self._key

    def release(self, session: int) -> bool:
        """Undo the last lock of a session; False if it has none."""
        if self._exclusive == session:
            self._depth -= 1
            if self._depth == 0:
                self._exclusive = None
            return True
        if session in self._sharing:
            self._sharing.discard(session)
            return True
        return False

    def forget(self, session: int) -> None:
        """Undo all locks of a session that is closed."""
        while self.release(session):
            pass
