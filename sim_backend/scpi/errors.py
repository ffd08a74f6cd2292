"""SCPI error numbers and the queue that instruments keep them in."""

from collections import deque
from collections.abc import Iterable

# SCPI 1999, volume 2, chapter 21.8: numbers and texts that every instrument shares.
STANDARD = {
    0: "No error",
    -101: "Invalid character",
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -121: "Invalid character in number",
    -151: "Invalid string data",
    -200: "Execution error",
    -213: "Init ignored",
    -221: "Settings conflict",
    -222: "Parameter data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    -410: "Query INTERRUPTED",
    -420: "Query UNTERMINATED",
}

# Bits of the standard event status register (IEEE 488.2, 11.5.1).
OPERATION_COMPLETE = 0x01
QUERY_ERROR = 0x04
DEVICE_ERROR = 0x08
EXECUTION_ERROR = 0x10
COMMAND_ERROR = 0x20
POWER_ON = 0x80


class ScpiError(Exception):
    """A command that is refused; its number and text go into the instrument's queue.

    Args:
        code: negative for standard errors, positive for the vendor's own.
        text: may be left out for standard ones.
        event: bit of the standard event register; found from the number if left out.
    """

    def __init__(self, code: int, text: str = "", *, event: int | None = None) -> None:
        self.code = code
        self.text = text or STANDARD[code]
        self.event = _event(code) if event is None else event
        super().__init__(f'{code},"{self.text}"')

    @property
    def command_error(self) -> bool:
        """The parser did not understand; what follows in the same message is lost."""
        return -200 < self.code <= -100


def _event(code: int) -> int:
    if code > 0:
        return DEVICE_ERROR
    classes = {1: COMMAND_ERROR, 2: EXECUTION_ERROR, 3: DEVICE_ERROR, 4: QUERY_ERROR}
    return classes.get(-code // 100, 0)


class ErrorQueue:
    """First in, first out; when full, the newest entry is replaced by -350.

    Args:
        depth: how many entries fit.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._entries: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, error: ScpiError) -> None:
        """Queue an error."""
        if len(self._entries) < self._depth:
            self._entries.append((error.code, error.text))
        else:
            self._entries[-1] = (-350, STANDARD[-350])

    def pop(self) -> tuple[int, str]:
        """The oldest (number, text), removed; (0, "No error") from an empty queue."""
        return self._entries.popleft() if self._entries else (0, STANDARD[0])

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def entries(self) -> list[tuple[int, str]]:
        """A copy, oldest first."""
        return list(self._entries)

    def restore(self, entries: Iterable[tuple[int, str]]) -> None:
        """Put back what `entries()` gave."""
        self._entries = deque((int(code), str(text)) for code, text in entries)
