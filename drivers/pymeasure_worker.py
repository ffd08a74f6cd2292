"""The thread that a PyMeasure procedure runs in, one row at a time.

What PyMeasure's own `Worker` does, with two differences: it stands still at each row until it is
told to go on, and its shutdown is the last word in every case, with its errors told.
"""

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mtjlab.core.errors import Aborted, MtjlabError


@dataclass(frozen=True)
class Row:
    """One record, by column."""

    values: dict[str, Any]


@dataclass(frozen=True)
class Progressed:
    """How far it says that it is, %."""

    percent: float


@dataclass(frozen=True)
class Logged:
    """A sentence of its log."""

    level: str
    text: str


@dataclass(frozen=True)
class Ended:
    """It is through, with its shutdown."""


Event = Row | Progressed | Logged | Ended


class ProcedureWorker:
    """Runs one procedure; `next` and `go_on` belong to one other thread."""

    def __init__(self, procedure: Any) -> None:
        self._procedure = procedure
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._go = threading.Event()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        # Not waited for at the end of the program: it may hang in a driver for ever.
        self._thread = threading.Thread(target=self._run, name="procedure", daemon=True)
        procedure.emit = self._emit
        procedure.should_stop = self._stop.is_set
        procedure.is_last = lambda: True

    def start(self) -> None:
        """Begin."""
        self._procedure.check_parameters()
        self._thread.start()

    def next(self, timeout_s: float) -> Event | None:
        """What happened next; None if nothing did within `timeout_s`.

        Raises:
            MtjlabError: the procedure failed, or its shutdown.
        """
        try:
            event = self._events.get(timeout=timeout_s) if timeout_s else self._events.get(False)
        except queue.Empty:
            return None
        if isinstance(event, Ended) and self._failure is not None and not self._stop.is_set():
            raise MtjlabError(_told(self._failure)) from self._failure
        return event

    def go_on(self) -> None:
        """The last row is in the file."""
        self._go.set()

    def stop(self) -> None:
        """Tell the procedure to end; what it emits from now on ends it."""
        self._stop.set()
        self._go.set()

    def wait(self, timeout_s: float) -> None:
        """Until it has ended, at most so long."""
        self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        procedure = self._procedure
        with _logging(self._events):
            try:
                procedure.status = procedure.RUNNING
                procedure.startup()
                if not self._stop.is_set():
                    procedure.evaluate_metadata()
                    for item in procedure.metadata_objects().values():
                        self._events.put(Logged("info", f"{item.name}: {item}"))
                    procedure.execute()
            except BaseException as error:
                self._failed(error)
            try:
                procedure.shutdown()
            except BaseException as error:
                self._failed(error)
        self._events.put(Ended())

    def _failed(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
        if not isinstance(error, Aborted):
            self._events.put(Logged("error", _told(error)))

    def _emit(self, topic: str, record: Any) -> None:
        if topic == "results":
            self._hand_over(Row(dict(record)))
        elif topic == "batch results":
            columns = {name: list(values) for name, values in record.items()}
            for values in zip(*columns.values(), strict=True):
                self._hand_over(Row(dict(zip(columns, values, strict=True))))
        elif topic == "progress":
            self._events.put(Progressed(float(record)))

    def _hand_over(self, row: Row) -> None:
        if self._stop.is_set():
            raise Aborted("the run was stopped; this row is not recorded")
        self._go.clear()
        self._events.put(row)
        # `stop` may come between the two lines above.
        while not self._go.wait(0.05):
            if self._stop.is_set():
                return


def _told(error: BaseException) -> str:
    return f"the procedure failed: {type(error).__name__}: {error}"


@contextmanager
def _logging(events: "queue.SimpleQueue[Event]") -> Iterator[None]:
    """What this thread logs, at INFO and above, goes into the run file."""
    handler = _Handler(events, threading.get_ident())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(min(before, logging.INFO))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


class _Handler(logging.Handler):
    def __init__(self, events: "queue.SimpleQueue[Event]", thread: int) -> None:
        super().__init__(logging.INFO)
        self._events, self._thread = events, thread

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            level = "error" if record.levelno >= logging.ERROR else "info"
            level = "warning" if record.levelno == logging.WARNING else level
            self._events.put(Logged(level, record.getMessage()))
