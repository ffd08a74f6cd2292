"""Carries out one item of a queue at a time, steered from other threads."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from mtjlab.core.events import Event, StateChanged, StepDone
from mtjlab.runner.again import replayed, resumed
from mtjlab.runner.command_line import command_of
from mtjlab.runner.handed_on import handed_on, lost
from mtjlab.runner.outcome import Outcome
from mtjlab.runner.plan import Link, Plan, plan
from mtjlab.runner.queue_item import QueueItem, Status
from mtjlab.runner.run import Run
from mtjlab.store import RunReader

# Of wall time: more often nobody looks.
TOLD_EVERY_S = 0.25


class Work:
    """The run that is on, if one is.

    Args:
        runs_dir: where run files go.
        collector: makes the listener of an item's run.
        told: `told(key, changes)`: fields of the item that the run has changed.
    """

    def __init__(
        self,
        runs_dir: Path,
        collector: Callable[[QueueItem], Callable[[Event], None]],
        told: Callable[[int, Mapping[str, Any]], None],
    ) -> None:
        self._runs_dir = runs_dir
        self._collector = collector
        self._told = told
        self._gate = threading.Lock()
        self._run: Run | None = None
        self._asked: list[Callable[[Run], None]] = []

    def takes(self, _item: QueueItem) -> None:
        """An item is about to begin: from here on what is asked for goes to its run."""
        with self._gate:
            self._run, self._asked = None, []

    def run(self, item: QueueItem, items: tuple[QueueItem, ...]) -> tuple[Status, Outcome]:
        """Plan and run to the end; nothing is raised.

        Args:
            item: to be run.
            items: of the queue, for results of earlier ones.
        """
        by_name = {other.name: other for other in items}
        skipped = lost(item.name, item.uses, lambda name: by_name[name].status)
        if skipped is not None:
            return "skipped", Outcome(error=skipped)
        try:
            run = Run(
                self._plan(item, by_name),
                [self._collector(item), _Watch(item, self._told).listen],
            )
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

    def _plan(self, item: QueueItem, by_name: Mapping[str, QueueItem]) -> Plan:
        if item.kind != "run":
            assert item.source is not None
            with RunReader.open(item.source) as run:
                return replace(planned(item.kind, run, self._runs_dir), command=command_of(item))
        given, uses = handed_on(item.uses, lambda name: by_name[name].outcome or Outcome())
        return plan(
            item.protocol,
            item.bench,
            parameters=dict(item.parameters) | given,
            settings=item.settings,
            seed=item.seed,
            runs_dir=self._runs_dir,
            command=command_of(item),
            # Somebody sits there: an instrument that does not come back is waited for, safe.
            on_error="pause",
            link=Link(step=item.name, uses=uses) if uses else Link(),
        )

    def pause(self) -> None:
        """At the next step."""
        self._ask(Run.pause)

    def resume(self) -> None:
        """Go on."""
        self._ask(Run.resume)

    def stop(self) -> None:
        """End at the next step."""
        self._ask(Run.stop)

    def abort(self) -> None:
        """End at once."""
        self._ask(Run.abort)

    def _ask(self, act: Callable[[Run], None]) -> None:
        with self._gate:
            run = self._run
            if run is None:
                # Between two runs nothing is on; while one is being planned it will hear of it.
                self._asked.append(act)
                return
        act(run)


def planned(kind: Literal["resume", "replay"], run: RunReader, runs_dir: Path) -> Plan:
    """What `mtjlab resume` or `mtjlab replay` would run.

    Raises:
        StoreError, UsageError: as those.
    """
    if kind == "resume":
        return resumed(run, runs_dir=runs_dir, on_error="pause")
    return replayed(run, runs_dir=runs_dir)


class _Watch:
    """Progress of a run for its item, told now and then."""

    def __init__(self, item: QueueItem, told: Callable[[int, Mapping[str, Any]], None]) -> None:
        self._key = item.key
        self._told = told
        self._began_s = self._said_s = time.monotonic()
        self._first: float | None = None

    def listen(self, event: Event) -> None:
        if isinstance(event, StateChanged) and event.state in ("running", "paused"):
            self._told(self._key, {"status": event.state})
        if not isinstance(event, StepDone):
            return
        now_s = time.monotonic()
        if self._first is None:
            # A run that is gone on with has done something before it began.
            self._first, self._began_s = event.done, now_s
        if now_s - self._said_s < TOLD_EVERY_S:
            return
        self._said_s = now_s
        here = event.done - self._first
        left_s = (now_s - self._began_s) * (event.total - event.done) / here if here > 0 else None
        changes = {"done": event.done, "total": event.total, "estimate_s": left_s}
        self._told(self._key, changes)
