"""A queue of runs: one after the other in a thread of its own, changed while it works.

What is planned and run is exactly what `mtjlab run`, `resume` and `replay` would; results are
handed on as in a session.
"""

import itertools
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from mtjlab.core.events import Event
from mtjlab.runner.apart.order import Order
from mtjlab.runner.estimate import Estimates
from mtjlab.runner.outcome import words
from mtjlab.runner.pace import PaceName
from mtjlab.runner.queue_item import OnFailure, QueueChanged, QueueItem
from mtjlab.runner.queue_list import QueueList, check
from mtjlab.runner.queue_work import Make, Work, in_thread
from mtjlab.runner.session_file import Session, Use
from mtjlab.store import RunReader

# Who holds the queue for longer tells of the halt when done.
TELL_WITHIN_S = 0.02

Collector = Callable[[QueueItem], Callable[[Event], None]]


class Queue:
    """Runs that wait, the one that is on, and those that have ended. All methods: any thread.

    A queue begins held: nothing runs before `start`.

    Args:
        runs_dir: where run files go.
        listener: told every `QueueChanged`, in whatever thread changed it; must not block.
        collector: makes the listener of an item's run.
        before, after: called in the thread of the queue around each run.
        make: a run of an order: in a thread, or in a process of its own.
    """

    def __init__(
        self,
        runs_dir: Path,
        listener: Callable[[QueueChanged], None],
        collector: Collector = lambda _item: lambda _event: None,
        *,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
        make: Make = in_thread,
    ) -> None:
        self.runs_dir = runs_dir
        self._listener = listener
        self._before, self._after = before, after
        self._work = Work(runs_dir, collector, self._told, make)
        self._estimates = Estimates(runs_dir, self._estimated)
        self._list = QueueList()
        self._keys = itertools.count(1)
        self._held, self._why, self._closing = True, "", False
        # Keys of those that run although the rest is held; None: it is not held, or all of it is.
        self._only: set[int] | None = None
        # Judging a new item takes long, and must hold up neither a run nor STOP: one change at a
        # time under the first lock, which is always taken before the second.
        self._edits = threading.Lock()
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._loop, name="mtjlab queue", daemon=True)
        self._thread.start()

    # -- what is in it ------------------------------------------------------------------------

    def items(self) -> tuple[QueueItem, ...]:
        """As they are now, in their order."""
        with self._changed:
            return tuple(self._list.items)

    @property
    def held(self) -> bool:
        """Whether no further item begins."""
        return self._held

    @property
    def busy(self) -> bool:
        """Whether a run is on."""
        return any(item.status in ("running", "paused") for item in self.items())

    def add(
        self,
        protocol: str,
        bench: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        settings: Sequence[str] = (),
        seed: int | None = None,
        name: str = "",
        uses: Sequence[Use] = (),
        on_failure: OnFailure = "continue",
        pace: PaceName = "virtual",
        first: bool = False,
    ) -> int:
        """Add a run and return its key.

        Args:
            protocol: its name, or `kind:target`.
            bench: bench file or shipped name.
            parameters: as in `plan`.
            settings: `name=value` texts, which win.
            seed: None: drawn now, so that it is known.
            name: of the item; a number is added where it is taken.
            uses: parameters that earlier items supply.
            on_failure: `stop` holds the queue when it fails.
            pace: as in `QueueItem`.
            first: before all that wait.

        Raises:
            UsageError, LimitError, StoreError: what `mtjlab run` would refuse; nothing is added.
        """
        with self._edits:
            item = QueueItem(
                next(self._keys),
                self._list.unused(name or protocol.partition(":")[0]),
                protocol,
                bench,
                secrets.randbelow(2**31) if seed is None else seed,
                parameters=dict(parameters or {}),
                settings=tuple(settings),
                uses=tuple(uses),
                on_failure=on_failure,
                pace=pace,
            )
            before = self.items()
            check(before[: self._list.first_waiting()] if first else before, item)
            return self._insert([item], first=first)[0]

    def add_again(self, source: Path, kind: Literal["resume", "replay"]) -> int:
        """Go on with a run that was stopped, failed or died, or repeat one; before all that wait.

        Raises:
            StoreError, UsageError: what `mtjlab resume` and `mtjlab replay` would refuse.
        """
        Order(kind, "", "", 0, str(self.runs_dir), source=str(source)).plan()
        with RunReader.open(source) as run:
            header = run.header
        with self._edits:
            item = QueueItem(
                next(self._keys),
                self._list.unused(f"{kind}-{header.protocol.partition(':')[0]}"),
                header.protocol,
                header.bench,
                header.seed,
                kind=kind,
                parameters=header.parameters,
                source=source,
            )
            return self._insert([item], first=True)[0]

    def add_session(self, session: Session) -> list[int]:
        """All steps of a session, under other names where theirs are taken.

        Raises:
            UsageError, LimitError, StoreError: a step is refused; none is added.
        """
        seed = session.drawn if session.seed is None else session.seed
        names: dict[str, str] = {}
        with self._edits:
            taken = QueueList()
            taken.items = list(self.items())
            new: list[QueueItem] = []
            for index, step in enumerate(session.steps):
                names[step.name] = taken.unused(step.name)
                item = QueueItem(
                    next(self._keys),
                    names[step.name],
                    step.protocol,
                    step.bench,
                    seed + index if step.seed is None else step.seed,
                    parameters=step.parameters,
                    settings=step.settings,
                    uses=tuple(
                        replace(use, step=names.get(use.step, use.step)) for use in step.uses
                    ),
                    on_failure="stop" if step.ends else "continue",
                )
                check(taken.items, item)
                taken.items.append(item)
                new.append(item)
            return self._insert(new)

    def edit(self, key: int, **changes: Any) -> None:
        """Change a waiting item: fields of `QueueItem`; `seed=None` draws another.

        Raises:
            UsageError: it does not wait any more, or as `add`; nothing is changed.
        """
        if changes.get("seed", 0) is None:
            changes["seed"] = secrets.randbelow(2**31)
        with self._edits:
            with self._changed:
                item = self._list.edited(key, changes)
                before = self._list.before(key)
            check(before, item)
            with self._changed:
                self._list.put(item)
                self._estimates.ask(item)
                self._tell()

    def move(self, key: int, to: int) -> None:
        """Put a waiting item at position `to`; see `QueueList.move`."""
        with self._edits, self._changed:
            self._list.move(key, to)
            self._tell()

    def remove(self, key: int) -> None:
        """Take out an item that waits or has ended; its run file stays. See `QueueList.remove`."""
        with self._edits, self._changed:
            self._list.remove(key)
            self._tell()

    def clear_done(self) -> None:
        """Take out all that has ended and that nothing waits for."""
        with self._edits, self._changed:
            self._list.clear_done()
            self._tell()

    # -- what it does -------------------------------------------------------------------------

    def start(self) -> None:
        """Run what waits, one after the other."""
        with self._changed:
            self._held, self._why, self._only = False, "", None
            self._tell()

    def start_only(self, key: int) -> None:
        """Run the first that waits, if it is this one; what is held stays held after it."""
        with self._changed:
            if self._held:
                self._only = {key}
            elif self._only is not None:
                self._only.add(key)
            self._held, self._why = False, ""
            self._tell()

    def hold(self, why: str = "") -> None:
        """Begin no other item; the one that is on goes on."""
        with self._changed:
            self._held, self._why, self._only = True, why, None
            self._tell()

    def pause(self) -> None:
        """Hold the run that is on at its next step, outputs as they are."""
        self._work.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._work.resume()

    def stop_item(self) -> None:
        """End the run that is on at its next step; what was measured is kept."""
        self._work.stop()

    def abort(self) -> None:
        """End it at once. Returns at once; the bench is safe when the item has ended."""
        self._work.abort()

    def halt(self, why: str) -> None:
        """`hold` and `abort` without waiting for whoever is changing the queue just now."""
        self._held, self._why = True, why
        self._work.abort()
        if self._changed.acquire(timeout=TELL_WITHIN_S):
            try:
                self._tell()
            finally:
                self._changed.release()

    def close(self, timeout_s: float | None = None) -> bool:
        """Abort, begin nothing more, and wait until all is over; False if that takes longer."""
        with self._changed:
            self._closing = True
            self._held = True
            self._changed.notify_all()
        self._estimates.close()
        self._work.abort()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # -- inside -------------------------------------------------------------------------------

    def _insert(self, items: Sequence[QueueItem], *, first: bool = False) -> list[int]:
        with self._changed:
            self._list.insert(items, first=first)
            for item in items:
                self._estimates.ask(item)
            self._tell()
        return [item.key for item in items]

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._next() is not None)
                item = self._next()
                if self._closing or item is None:
                    return
                self._work.takes(item)
                if self._held:
                    # `halt` came between; what it asked for was not for this item.
                    continue
                item = self._list.set(item.key, status="running")
                self._tell()
            self._before()
            status, outcome = self._work.run(item, self.items())
            why = words(outcome.error)
            with self._changed:
                self._list.set(item.key, status=status, error=why, outcome=outcome, estimate_s=None)
                stops = status in ("failed", "skipped") and item.on_failure == "stop"
                if stops or not outcome.proved_off:
                    self._held, self._why = True, f"{item.name} {status}: {why}"
                more = self._next() is not None
                self._tell()
            if not more and not self._closing:
                self._after()

    def _next(self) -> QueueItem | None:
        return None if self._held else self._list.next()

    def _told(self, key: int, changes: Mapping[str, Any]) -> None:
        """What the run says of itself."""
        with self._changed:
            if any(item.key == key and not item.ended for item in self._list.items):
                self._list.set(key, **changes)
                self._tell()

    def _estimated(self, key: int, estimate_s: float | None) -> None:
        with self._changed:
            if any(item.key == key and item.status == "waiting" for item in self._list.items):
                self._list.set(key, estimate_s=estimate_s)
                self._tell()

    def _tell(self) -> None:
        if self._only is not None:
            item = self._list.next()
            if item is None or item.key not in self._only:
                self._held, self._only = True, None
        self._changed.notify_all()
        self._listener(QueueChanged(tuple(self._list.items), self._held, self._why))
