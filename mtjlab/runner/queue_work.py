"""Carries out one item of a queue at a time, steered from other threads."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from mtjlab.core.events import Event, RunEnded, StateChanged, StepDone
from mtjlab.runner.apart.order import Order
from mtjlab.runner.command_line import command_of
from mtjlab.runner.handed_on import handed_on, lost
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.queue_item import QueueItem, Status
from mtjlab.runner.run import Run

# Of wall time: more often nobody looks.
TOLD_EVERY_S = 0.25


class Steered(Protocol):
    """A run, wherever it is; see `Run`."""

    outcome: Outcome

    def start(self) -> None:
        """Begin."""

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end."""

    def pause(self) -> None:
        """At the next step."""

    def resume(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """End at the next step."""

    def abort(self) -> None:
        """End at once."""


Make = Callable[[Order, Sequence[Callable[[Event], None]]], Steered]


def in_thread(order: Order, listeners: Sequence[Callable[[Event], None]]) -> Steered:
    """A run in a thread of this process.

    Raises:
        UsageError, LimitError, StoreError: as `Order.plan`.
    """
    return Run(order.plan(), listeners)


class Work:
    """The run that is on, if one is.

    Args:
        runs_dir: where run files go.
        collector: makes the listener of an item's run.
        told: `told(key, changes)`: fields of the item that the run has changed.
        make: a run of an order.
    """

    def __init__(
        self,
        runs_dir: Path,
        collector: Callable[[QueueItem], Callable[[Event], None]],
        told: Callable[[int, Mapping[str, Any]], None],
        make: Make,
    ) -> None:
        self._runs_dir = runs_dir
        self._collector = collector
        self._told = told
        self._make = make
        self._gate = threading.Lock()
        self._run: Steered | None = None
        self._asked: list[Callable[[Steered], None]] = []

    def takes(self, _item: QueueItem) -> None:
        """An item is about to begin: from here on what is asked for goes to its run."""
        with self._gate:
            self._run, self._asked = None, []

    def run(self, item: QueueItem, items: tuple[QueueItem, ...]) -> tuple[Status, Outcome]:
        """Run to the end; nothing is raised.

        Args:
            item: to be run.
            items: of the queue, for results of earlier ones.
        """
        by_name = {other.name: other for other in items}
        skipped = lost(item.name, item.uses, lambda name: by_name[name].status)
        if skipped is not None:
            return "skipped", Outcome(error=skipped)
        try:
            watch = _Watch(item, self._told)
            run = self._make(self._order(item, by_name), [self._collector(item), watch.listen])
        except Exception as error:
            return "failed", Outcome(error=error)
        with self._gate:
            self._run = run
            asked, self._asked = self._asked, []
        run.start()
        for act in asked:
            act(run)
        run.wait()
        with self._gate:
            self._run = None
        return run.outcome.status, run.outcome

    def _order(self, item: QueueItem, by_name: Mapping[str, QueueItem]) -> Order:
        given, uses = handed_on(item.uses, lambda name: by_name[name].outcome or Outcome())
        return Order(
            item.kind,
            item.protocol,
            item.bench,
            item.seed,
            str(self._runs_dir),
            parameters=dict(item.parameters) | given,
            settings=item.settings,
            command=command_of(item, self._runs_dir),
            # Somebody sits there: an instrument that does not come back is waited for, safe.
            on_error="pause",
            pace=item.pace,
            step=item.name,
            uses=uses,
            source=None if item.source is None else str(item.source),
        )

    def pause(self) -> None:
        """At the next step."""
        self._ask(lambda run: run.pause())

    def resume(self) -> None:
        """Go on."""
        self._ask(lambda run: run.resume())

    def stop(self) -> None:
        """End at the next step."""
        self._ask(lambda run: run.stop())

    def abort(self) -> None:
        """End at once."""
        self._ask(lambda run: run.abort())

    def _ask(self, act: Callable[[Steered], None]) -> None:
        with self._gate:
            run = self._run
            if run is None:
                # Between two runs nothing is on; while one is being planned it will hear of it.
                self._asked.append(act)
                return
        act(run)


class _Watch:
    """Progress of a run for its item, told now and then."""

    def __init__(self, item: QueueItem, told: Callable[[int, Mapping[str, Any]], None]) -> None:
        self._key = item.key
        self._told = told
        self._began_s = self._said_s = time.monotonic()
        self._first: float | None = None
        self._last: dict[str, float] = {}

    def listen(self, event: Event) -> None:
        if isinstance(event, StateChanged) and event.state in ("running", "paused"):
            # What was waited for says nothing of the pace.
            self._first = None
            self._told(self._key, {"status": event.state})
        if isinstance(event, RunEnded):
            if event.status == "finished" and self._last:
                # The last step is told before what ends the run.
                self._last["done"] = self._last["total"]
            self._told(self._key, dict(self._last))
        if not isinstance(event, StepDone):
            return
        now_s = time.monotonic()
        if self._first is None:
            # A run that is gone on with has done something before it began.
            self._first, self._began_s = event.done, now_s
        self._last = {"done": event.done, "total": event.total}
        if now_s - self._said_s < TOLD_EVERY_S:
            return
        self._said_s = now_s
        here = event.done - self._first
        left_s = (now_s - self._began_s) * (event.total - event.done) / here if here > 0 else None
        self._told(self._key, {**self._last, "estimate_s": left_s})
