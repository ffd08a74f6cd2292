"""Events of a fast run, bundled: the run only appends, a thread sends what has gathered."""

import threading
from dataclasses import replace
from typing import IO

import numpy as np

from mtjlab.core.events import BenchSeen, Event, Rows, StepDone
from mtjlab.runner.apart import frames

# As often as anybody can see.
SEND_EVERY_S = 1 / 30
# If the reader does not come along, rows are let go beyond this; the run file has them.
MOST_BYTES = 256 << 20


class Bundle:
    """A listener that costs the run next to nothing.

    Rows of one stream are joined, of steps and set-points only the newest of each bundle is sent;
    everything else goes in its order and at once.

    Attributes:
        dropped: rows that nobody came for in time.
    """

    def __init__(self, out: IO[bytes]) -> None:
        """Args: `out`: of the frames."""
        self.dropped = 0
        self._out = out
        self._gathered: list[Event] = []
        self._bytes = 0
        self._gate = threading.Lock()
        self._due = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="mtjlab events", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """In the run's thread; never waits for the reader."""
        with self._gate:
            if isinstance(event, Rows):
                if self._bytes > MOST_BYTES:
                    self.dropped += len(event.rows)
                    return
                self._bytes += event.rows.nbytes
            self._gathered.append(event)
        if not isinstance(event, Rows | StepDone):
            self._due.set()

    def close(self) -> None:
        """Send the rest."""
        self._closing = True
        self._due.set()
        self._thread.join()

    def _loop(self) -> None:
        last = False
        while not last:
            self._due.wait(SEND_EVERY_S)
            self._due.clear()
            last = self._closing
            with self._gate:
                gathered, self._gathered, self._bytes = self._gathered, [], 0
            try:
                for event in bundled(gathered):
                    frames.write_event(self._out, event)
                if gathered:
                    self._out.flush()
            except OSError:
                # Nobody reads any more: the commands' pipe has ended, too, and ends the run.
                return


def bundled(events: list[Event]) -> list[Event]:
    """The same, with rows joined, and steps and set-points as they were last."""
    told: list[Event] = []
    rows: dict[str, list[Rows]] = {}
    newest: dict[type[Event], Event] = {}

    def settle() -> None:
        for parts in rows.values():
            joined = parts[0].rows if len(parts) == 1 else np.concatenate([p.rows for p in parts])
            told.append(replace(parts[0], rows=joined))
        told.extend(newest.values())
        rows.clear()
        newest.clear()

    for event in events:
        if isinstance(event, Rows):
            known = rows.get(event.stream)
            if known and known[-1].index0 + len(known[-1].rows) != event.index0:
                settle()
            rows.setdefault(event.stream, []).append(event)
        elif isinstance(event, StepDone | BenchSeen):
            newest[type(event)] = event
        else:
            settle()
            told.append(event)
    settle()
    return told
