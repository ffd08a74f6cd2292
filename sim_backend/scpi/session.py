"""From bytes on the wire to handlers, and their replies back."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from sim_backend.scpi.arguments import split_arguments, split_outside
from sim_backend.scpi.common import COMMON, Instrument
from sim_backend.scpi.errors import ScpiError
from sim_backend.scpi.replies import encode
from sim_backend.scpi.vocabulary import Command, Reply, Vocabulary

Owner = TypeVar("Owner", bound=Instrument)

# A controller that never ends its message must not fill the memory.
_LONGEST_MESSAGE = 1_000_000
_MOST_REMEMBERED = 10_000


class Session(Generic[Owner]):
    """One conversation with one instrument.

    A message ends at a line feed; a carriage return before it is dropped. Units are separated by
    `;` and carried out in order; a unit without a leading colon continues the path of the one
    before (IEEE 488.2, appendix A). A command error (-1xx) loses the rest of the message, since
    nobody knows what was meant by it; other errors lose their own unit only.

    Attributes:
        out: the reply that waits to be read. A message that arrives before it was read discards
            it and queues -410.
        owes_reply: a query was carried out whose reply comes later, by `reply`.
    """

    def __init__(
        self,
        instrument: Owner,
        words: Vocabulary[Owner],
        *,
        message_passes: Callable[[], None] = lambda: None,
        cleared: Callable[[], None] = lambda: None,
        closed: Callable[["Session[Owner]"], None] = lambda session: None,
    ) -> None:
        """A conversation that has not begun.

        Args:
            instrument: handed to every handler.
            words: its vocabulary; `COMMON` serves what is not in it.
            message_passes: called for each message on the wire, in either direction.
            cleared: what a device clear does beyond this conversation.
            closed: told that this conversation is over.
        """
        self.out = bytearray()
        self.owes_reply = False
        self._instrument = instrument
        self._words = words
        self._message_passes = message_passes
        self._cleared, self._closed = cleared, closed
        self._incoming = bytearray()
        self._memo: dict[str, tuple[Command[Any], tuple[int, ...], bool]] = {}

    def feed(self, data: bytes) -> None:
        """Bytes from the controller, cut anywhere."""
        self._incoming += data
        while (end := self._incoming.find(b"\n")) >= 0:
            message = bytes(self._incoming[:end])
            del self._incoming[: end + 1]
            self._message(message)
        if len(self._incoming) > _LONGEST_MESSAGE:
            self._incoming.clear()
            self._instrument.status.refuse(ScpiError(-363))

    def starved(self) -> None:
        """The controller waited for a reply and none was on its way: -420."""
        if self.owes_reply:
            return
        self._instrument.status.refuse(ScpiError(-420))

    def reply(self, value: Reply) -> None:
        """Send a reply that was not ready when its query was carried out."""
        self.owes_reply = False
        self._message_passes()
        self.out += encode(value) + b"\n"

    def clear(self) -> None:
        """Device clear: the conversation begins anew, settings stay."""
        self._incoming.clear()
        self.out.clear()
        self.owes_reply = False
        self._cleared()

    def trigger(self) -> None:
        """Group execute trigger."""
        self._message_passes()
        try:
            self._instrument.trigger()
        except ScpiError as error:
            self._instrument.status.refuse(error)

    def close(self) -> None:
        """The client has gone: nothing more is said."""
        self._incoming.clear()
        self.out.clear()
        self.owes_reply = False
        self._closed(self)

    def status_byte(self) -> int:
        """What a serial poll sees."""
        return self._instrument.status.byte(message_available=bool(self.out))

    def state(self) -> dict[str, str | bool]:
        """Bytes on their way in both directions, as text; for `restore`."""
        return {
            "incoming": self._incoming.decode("latin-1"),
            "out": self.out.decode("latin-1"),
            "owes_reply": self.owes_reply,
        }

    def restore(self, state: Mapping[str, str | bool]) -> None:
        """Put back what `state()` gave."""
        self._incoming[:] = str(state["incoming"]).encode("latin-1")
        self.out[:] = str(state["out"]).encode("latin-1")
        self.owes_reply = bool(state["owes_reply"])

    def _message(self, data: bytes) -> None:
        self._message_passes()
        if self.out:
            self.out.clear()
            self._instrument.status.refuse(ScpiError(-410))
        replies: list[bytes] = []
        try:
            if not data.isascii():
                raise ScpiError(-101)
            self._units(data.decode("ascii"), replies)
        except ScpiError as error:
            self._instrument.status.refuse(error)
        if replies:
            self._message_passes()
            self.out += b";".join(replies) + b"\n"

    def _units(self, message: str, replies: list[bytes]) -> None:
        path = ""
        for unit in split_outside(message, ";") if ";" in message else (message,):
            parts = unit.split(None, 1)
            if not parts:
                continue
            header = parts[0]
            if header[0] == ":":
                path = ""
            elif path and header[0] != "*":
                header = path + header
            if header[0] != "*" and header[:2] != ":*":
                path = header[: header.rfind(":") + 1]
            try:
                reply = self._unit(header, parts[1] if len(parts) > 1 else "")
            except ScpiError as error:
                if error.command_error:
                    raise
                self._instrument.status.refuse(error)
            else:
                if reply is not None:
                    replies.append(encode(reply))
                elif header.endswith("?"):
                    self.owes_reply = True

    def _unit(self, header: str, rest: str) -> Reply:
        found = self._memo.get(header)
        if found is None:
            found = self._find(header)
        command, suffixes, asked = found
        if asked:
            assert command.query is not None
            if not rest and not command.asks:
                return command.query(self._instrument, *suffixes)
            texts = split_arguments(rest.strip())
            if not command.asks:
                return _limit(command, texts)
            return command.query(self._instrument, *suffixes, *command.values(texts, asked=True))
        assert command.set is not None
        values = command.values(split_arguments(rest.strip()), asked=False)
        command.set(self._instrument, *suffixes, *values)
        return None

    def _find(self, header: str) -> tuple[Command[Any], tuple[int, ...], bool]:
        asked = header.endswith("?")
        text = header.upper().removesuffix("?")
        found: tuple[Command[Any], tuple[int, ...]]
        try:
            found = self._words.find(text)
        except ScpiError as unknown:
            try:
                found = COMMON.find(text)
            except ScpiError:
                raise unknown from None
        command, suffixes = found
        if (command.query if asked else command.set) is None:
            raise ScpiError(-113)
        if len(self._memo) >= _MOST_REMEMBERED:
            self._memo.clear()
        self._memo[header] = (command, suffixes, asked)
        return self._memo[header]


def _limit(command: Command[Any], texts: list[str]) -> Reply:
    """`HEADER? MAX` and the like, of a command whose only parameter is a number."""
    named = getattr(command.takes[0], "named", None) if len(command.takes) == 1 else None
    if named is None or len(texts) != 1:
        raise ScpiError(-108)
    return float(named(texts[0]))
