"""From bytes on the wire to chunks, and what they print back."""

from collections.abc import Callable, Mapping
from typing import Protocol

from sim_backend.tsp.errors import OPERATION_COMPLETE, SyntaxFault, TspError
from sim_backend.tsp.machine import Machine
from sim_backend.tsp.status import MASTER_SUMMARY

# A controller that never ends its message must not fill the memory.
_LONGEST_MESSAGE = 1_000_000


class Instrument(Protocol):
    """What a conversation needs of an instrument.

    Attributes:
        identity: the reply to *IDN?.
        machine: its run-time.
    """

    identity: str
    machine: Machine

    def reset(self) -> None:
        """*RST."""
        ...

    def trigger(self) -> None:
        """*TRG or a group execute trigger."""
        ...


class Session:
    """One conversation with one instrument.

    A message ends at a line feed and is a chunk of Lua, a common command of IEEE 488.2, or a part
    of a script between `loadscript` or `loadandrunscript` and `endscript`. Each print is a line in
    `out`, where lines pile up until they are read.

    Attributes:
        out: replies that wait to be read.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        message_passes: Callable[[], None] = lambda: None,
    ) -> None:
        """A conversation that has not begun.

        Args:
            instrument: who is talked to.
            message_passes: called for each message on the wire, in either direction.
        """
        self.out = bytearray()
        self._instrument = instrument
        self._message_passes = message_passes
        self._incoming = bytearray()
        # First line of a script that is being loaded, and the others so far.
        self._loading: list[str] | None = None

    @property
    def _machine(self) -> Machine:
        return self._instrument.machine

    def feed(self, data: bytes) -> None:
        """Bytes from the controller, cut anywhere."""
        self._incoming += data
        while (end := self._incoming.find(b"\n")) >= 0:
            message = bytes(self._incoming[:end])
            del self._incoming[: end + 1]
            self._message(message.decode("latin-1").strip())
        if len(self._incoming) > _LONGEST_MESSAGE:
            self._incoming.clear()
            self._machine.status.refuse(TspError(-363))

    def starved(self) -> None:
        """The controller waited for a reply and none was on its way: -420."""
        self._machine.status.refuse(TspError(-420))

    def clear(self) -> None:
        """Device clear: the conversation begins anew, settings stay."""
        self._incoming.clear()
        self.out.clear()
        self._loading = None

    def trigger(self) -> None:
        """Group execute trigger."""
        self._message_passes()
        self._instrument.trigger()

    def close(self) -> None:
        """The client has gone: nothing more is said."""
        self.clear()

    def status_byte(self) -> int:
        """What a serial poll sees."""
        return self._machine.status.byte(message_available=bool(self.out))

    def state(self) -> dict[str, object]:
        """Bytes on their way in both directions, as text; for `restore`."""
        return {
            "incoming": self._incoming.decode("latin-1"),
            "out": self.out.decode("latin-1"),
            "loading": self._loading,
        }

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        self._incoming[:] = str(state["incoming"]).encode("latin-1")
        self.out[:] = str(state["out"]).encode("latin-1")
        loading = state["loading"]
        self._loading = [str(line) for line in loading] if isinstance(loading, list) else None

    def _send(self, line: bytes) -> None:
        self._message_passes()
        self.out += line + b"\n"

    def _message(self, message: str) -> None:
        self._message_passes()
        word = message.split(None, 1)[0] if message else ""
        if self._loading is not None:
            if word == "endscript":
                self._loaded(self._loading)
                self._loading = None
            elif sum(map(len, self._loading)) > _LONGEST_MESSAGE:
                self._loading = None
                self._machine.status.refuse(TspError(-363))
            else:
                self._loading.append(message)
        elif word in ("loadscript", "loadandrunscript"):
            self._loading = [message]
        elif word == "abort":
            # Nothing runs here between two messages.
            return
        elif word.startswith("*"):
            self._common(message)
        elif message:
            self._machine.run(message, self._send)

    def _loaded(self, lines: list[str]) -> None:
        words, source = lines[0].split(), "\n".join(lines[1:])
        if len(words) > 1 and words[1].isidentifier():
            self._machine.load(words[1], source)
        if words[0] == "loadandrunscript":
            self._machine.run(source, self._send)

    def _common(self, message: str) -> None:
        words = message.split()
        header, arguments = words[0].upper(), words[1:]
        if header in _ENABLES and len(arguments) == 1 and arguments[0].isdecimal():
            value = min(int(arguments[0]), 255)
            setattr(self._machine.status, _ENABLES[header], value & _MASKS[header])
        elif header in _ASKED and not arguments:
            self._send(_ASKED[header](self._instrument).encode("latin-1"))
        elif header in _DONE and not arguments:
            if header == "*CLS":
                # It clears the output queue too (page 12-3).
                self.out.clear()
            _DONE[header](self._instrument)
        else:
            # Number and text are not verified.
            fault = SyntaxFault(1, f"unexpected symbol near `{words[0][:20]}'")
            self._machine.status.refuse(fault.error)


def _complete(instrument: Instrument) -> None:
    instrument.machine.status.event |= OPERATION_COMPLETE


_ENABLES = {"*ESE": "event_enable", "*SRE": "service_enable"}
_MASKS = {"*ESE": 255, "*SRE": 255 & ~MASTER_SUMMARY}
_ASKED: dict[str, Callable[[Instrument], str]] = {
    "*IDN?": lambda i: i.identity,
    "*ESR?": lambda i: str(i.machine.status.take_event()),
    "*ESE?": lambda i: str(i.machine.status.event_enable),
    "*SRE?": lambda i: str(i.machine.status.service_enable),
    "*STB?": lambda i: str(i.machine.status.byte(message_available=False)),
    "*OPC?": lambda i: "1",
    "*TST?": lambda i: "0",
}
_DONE: dict[str, Callable[[Instrument], None]] = {
    "*RST": lambda i: i.reset(),
    "*CLS": lambda i: i.machine.status.clear(),
    "*OPC": _complete,
    "*TRG": lambda i: i.trigger(),
    "*WAI": lambda i: None,
}
