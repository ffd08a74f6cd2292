"""What goes into the error queue of a TSP instrument: number, text, severity, node."""

from collections import deque
from collections.abc import Iterable

# Severities (2600BS-901-01, section 6, names them; the numbers are from memory).
RECOVERABLE, SERIOUS = 20, 30

# Bits of the standard event register (page 9-348).
OPERATION_COMPLETE = 0x01
QUERY_ERROR = 0x04
DEVICE_ERROR = 0x08
EXECUTION_ERROR = 0x10
COMMAND_ERROR = 0x20
POWER_ON = 0x80

_TEXTS = {
    -350: "Queue overflow",
    -363: "Input buffer over-run",
    -420: "Query UNTERMINATED",
}


class TspError(Exception):
    """Something that is refused; it does not end the script it stands in.

    Args:
        code: of the instrument's own list.
        text: may be left out for the few that every instrument has.
        severity: as in the queue.
    """

    def __init__(self, code: int, text: str = "", severity: int = RECOVERABLE) -> None:
        self.code = code
        self.text = text or _TEXTS[code]
        self.severity = severity
        super().__init__(f"{code} {self.text}")

    @property
    def event(self) -> int:
        """Its bit in the standard event register."""
        if self.code == -285:
            return COMMAND_ERROR
        classes = {1: COMMAND_ERROR, 2: EXECUTION_ERROR, 3: DEVICE_ERROR, 4: QUERY_ERROR}
        return classes.get(-self.code // 100, 0) if self.code < 0 else DEVICE_ERROR


class SyntaxFault(Exception):
    """A chunk that is no Lua; nothing of it has been carried out."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.error = TspError(-285, f"TSP Syntax error at line {line}: {text}")


class RuntimeFault(Exception):
    """A chunk cannot go on; what came before stands. `line` is filled in on the way out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.line = 0

    @property
    def error(self) -> TspError:
        """As it is queued."""
        return TspError(-286, f"TSP Runtime error at line {self.line or 1}: {self.text}")


Entry = tuple[int, str, int]


class ErrorQueue:
    """First in, first out; when full, the newest entry is replaced by -350.

    Args:
        depth: how many entries fit (that of a 2600 is not verified).
    """

    def __init__(self, depth: int = 100) -> None:
        self._depth = depth
        self._entries: deque[Entry] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def push(self, error: TspError) -> None:
        """Queue an error."""
        if len(self._entries) < self._depth:
            self._entries.append((error.code, error.text, error.severity))
        else:
            self._entries[-1] = (-350, _TEXTS[-350], SERIOUS)

    def pop(self) -> Entry:
        """The oldest entry, removed; (0, "Queue Is Empty", 0) from an empty queue."""
        return self._entries.popleft() if self._entries else (0, "Queue Is Empty", 0)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def entries(self) -> list[Entry]:
        """A copy, oldest first."""
        return list(self._entries)

    def restore(self, entries: Iterable[Entry]) -> None:
        """Put back what `entries()` gave."""
        self._entries = deque((int(c), str(t), int(s)) for c, t, s in entries)
