"""What a client and an instrument have in common: bytes in, replies out, and a status byte.

Ports and servers know instruments by this alone; whoever changes what an instrument says wraps it.
"""

import math
from typing import Protocol


class Conversation(Protocol):
    """Parser, input and output queue of one client of one instrument.

    It may also have `trigger()`, a group execute trigger (else it is fed *TRG), `close()`, after
    which nothing more is said, and `due_s()`, the bench time at which a reply on its way will be
    there. Error queue and status registers belong to the instrument. A member that raises
    ConnectionError says that the instrument cannot be reached any more.

    Attributes:
        out: the reply that waits to be read; who reads takes its bytes away.
    """

    out: bytearray

    def feed(self, data: bytes) -> None:
        """Bytes from the controller, cut anywhere; messages end at a line feed."""
        ...

    def clear(self) -> None:
        """Device clear: input and replies are dropped, the conversation begins anew."""
        ...

    def status_byte(self) -> int:
        """What a serial poll sees."""
        ...

    def starved(self) -> None:
        """The controller waited for a reply in vain."""
        ...


class MessageTwin(Conversation, Protocol):
    """An instrument that is talked to in messages.

    As a conversation it is the one that all clients share on a bus without connections: GPIB, a
    serial line, USB.
    """

    def converse(self) -> Conversation:
        """One more conversation, for a client with a connection of its own."""
        ...


def trigger(conversation: Conversation) -> None:
    """Group execute trigger."""
    own = getattr(conversation, "trigger", None)
    if own is None:
        conversation.feed(b"*TRG\n")
    else:
        own()


def close(conversation: Conversation) -> None:
    """The client has gone."""
    own = getattr(conversation, "close", None)
    if own is not None:
        own()


def due_s(conversation: Conversation) -> float:
    """Bench time at which a reply that is on its way will be there, s; inf if none is."""
    own = getattr(conversation, "due_s", None)
    return math.inf if own is None else float(own())
