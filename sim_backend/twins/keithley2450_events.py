"""The event log of a Keithley 2450: errors, warnings and information, each with its time."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from mtjlab.core.clock import Clock
from sim_backend.scpi import ErrorQueue, ScpiError

ERROR, WARNING, INFORMATION = 1, 2, 4
KINDS = {"ERR": (ERROR,), "WARN": (WARNING,), "INF": (INFORMATION,)}
EVERYTHING = (ERROR, WARNING, INFORMATION)
_DEPTH = 1000  # page 6-101
_NOTHING = (0, "No error;0;0 0")
# A twin's calendar starts with bench time, so that the same run writes the same text again.
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def calendar(time_s: float) -> datetime:
    """The instrument's own date and time at bench time `time_s`."""
    return EPOCH + timedelta(seconds=time_s)


class EventLog(ErrorQueue):
    """First in, first out; :SYSTem:ERRor? takes errors only, and what came before them is lost.

    Entries are kept as they are sent: `text;kind;date time`.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(_DEPTH)
        self._clock = clock

    def __len__(self) -> int:
        return self.count((ERROR,))

    def push(self, error: ScpiError) -> None:
        """Log an error."""
        self.log(error.code, error.text, ERROR)

    def log(self, code: int, text: str, kind: int) -> None:
        """Log an event. When the log is full the newest gives way to -350 (not verified)."""
        if len(self._entries) >= _DEPTH:
            self._entries.pop()
            code, text, kind = -350, "Queue overflow", ERROR
        stamp = f"{calendar(self._clock.now_s()):%Y/%m/%d %H:%M:%S.%f}"[:-3]
        self._entries.append((code, f"{text};{kind};{stamp}"))

    def pop(self) -> tuple[int, str]:
        """The oldest error, removed."""
        return self.take((ERROR,))

    def take(self, kinds: Collection[int]) -> tuple[int, str]:
        """The oldest event of some kinds, removed together with all before it."""
        while self._entries:
            entry = self._entries.popleft()
            if _kind(entry) in kinds:
                return entry
        return _NOTHING

    def count(self, kinds: Collection[int]) -> int:
        """How many events of some kinds there are."""
        return sum(_kind(entry) in kinds for entry in self._entries)


def _kind(entry: tuple[int, str]) -> int:
    return int(entry[1].rsplit(";", 2)[1])
