"""All conversations with one instrument: which of them is owed a reply, and who has gone."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sim_backend.scpi.common import Instrument
from sim_backend.scpi.session import Session
from sim_backend.scpi.vocabulary import Reply, Vocabulary

Owner = TypeVar("Owner", bound=Instrument)


class Conversations(Generic[Owner]):
    """The sessions of one instrument.

    Attributes:
        shared: the one that is always there, for a bus without connections.
    """

    def __init__(
        self,
        instrument: Owner,
        words: Vocabulary[Owner],
        *,
        message_passes: Callable[[], None] = lambda: None,
        cleared: Callable[[], None] = lambda: None,
    ) -> None:
        """See `Session` for the arguments."""
        self._instrument, self._words = instrument, words
        self._message_passes, self._cleared = message_passes, cleared
        self._open: list[Session[Owner]] = []
        self.shared = self.begin()

    def begin(self) -> Session[Owner]:
        """One more; it ends with its `close()`."""
        session = Session(
            self._instrument,
            self._words,
            message_passes=self._message_passes,
            cleared=self._cleared,
            closed=self._ended,
        )
        self._open.append(session)
        return session

    @property
    def owing(self) -> bool:
        """Whether anybody still waits for a reply that was not ready at once."""
        return any(session.owes_reply for session in self._open)

    def reply(self, value: Reply) -> None:
        """Send it to everybody who waits for one."""
        for session in self._open:
            if session.owes_reply:
                session.reply(value)

    def forget(self) -> None:
        """Nobody gets a reply any more for what was asked so far."""
        for session in self._open:
            session.owes_reply = False

    def _ended(self, session: Session[Owner]) -> None:
        if session is not self.shared and session in self._open:
            self._open.remove(session)
