"""What a run tells the world, and the mailbox that never slows it down.

Events are frozen and hold numbers, strings and arrays only. The store is called synchronously in
the runner's thread; every other listener has a `Mailbox` of its own.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.interfaces import Reading
from mtjlab.core.protocol import Stream


@dataclass(frozen=True)
class RunStarted:
    """The run has an identity and its streams are declared.

    Attributes:
        run_id, protocol, bench, twin, seed: as in the run file.
        run_file: its path; "" for a dry run.
        streams: all that will be told as `Rows`.
        parameters: resolved, as in the run file.
    """

    run_id: str
    protocol: str
    bench: str
    twin: bool
    seed: int
    run_file: str
    streams: tuple[Stream, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Committed rows of one stream, in the order emitted. `rows` has shape (n, *row shape)."""

    stream: str
    index0: int
    rows: NDArray[Any]


@dataclass(frozen=True)
class StepDone:
    """A step was committed; its rows have been told before."""

    done: float
    total: float
    values: Mapping[str, float | int | str | None]
    bench_time_s: float


@dataclass(frozen=True)
class BenchSeen:
    """Where the outputs stand, as the guard knows it.

    Attributes:
        energised: an output is on or a board's output off 0 V, and not made safe since.
        setpoints: terminal -> last value sent, V (A for those in `currents`).
        readings: terminal -> the last reading of its source-meter.
        currents: terminals that source current.
    """

    energised: bool
    setpoints: Mapping[str, float]
    readings: Mapping[str, Reading]
    currents: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateChanged:
    """running, pausing, paused, stopping, safe, ended."""

    state: str


@dataclass(frozen=True)
class Notice:
    """A sentence for the log: `level` is info, warning or error."""

    level: str
    text: str


@dataclass(frozen=True)
class RunEnded:
    """The bench is safe (or said not to be) and the run file is closed.

    Attributes:
        status, error, results: as in the run file.
        proved_off: False: an output may still be on.
    """

    status: str
    error: str | None
    results: Mapping[str, Any] = field(default_factory=dict)
    proved_off: bool = True


Event = RunStarted | Rows | StepDone | BenchSeen | StateChanged | Notice | RunEnded


class Mailbox:
    """A bounded queue that keeps the newest events and counts what it dropped.

    `RunStarted`, `RunEnded` and notices are rare and are never dropped in favour of rows: when
    full, the oldest `Rows`, `StepDone` or `BenchSeen` goes first.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._events: deque[Event] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Never blocks."""
        with self._changed:
            if len(self._events) >= self._capacity:
                bulk = (e for e in self._events if isinstance(e, Rows | StepDone | BenchSeen))
                victim = next(bulk, self._events[0])
                for index, candidate in enumerate(self._events):
                    if candidate is victim:
                        del self._events[index]
                        break
                self.dropped += 1
            self._events.append(event)
            self._changed.notify()

    def get(self, timeout_s: float | None = None) -> Event | None:
        """The oldest event kept; None if none came within `timeout_s` of wall time."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._events), timeout_s):
                return None
            return self._events.popleft()


def frozen_rows(rows: NDArray[Any]) -> NDArray[Any]:
    """The same rows, read-only, so that no listener can change another's data."""
    view = np.asarray(rows).view()
    view.flags.writeable = False
    return view
