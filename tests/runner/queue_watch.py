"""A queue that is watched: tests wait for what it tells, never for a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mtjlab.core.events import Event, StepDone
from mtjlab.runner.queue import Queue
from mtjlab.runner.queue_item import QueueChanged, QueueItem
from tests.runner.news import TIMEOUT_S, News

__all__ = ["LONG", "SHORT", "TIMEOUT_S", "WatchedQueue"]

# Long enough to be stopped in the middle, whatever the machine is.
LONG: dict[str, Any] = {"task": "iris", "epochs": 2000, "evaluate_every": 1}
SHORT: dict[str, Any] = {"task": "xor", "epochs": 2}


class WatchedQueue:
    """A queue, all that it told, and what its runs told.

    Attributes:
        changes: every `QueueChanged`.
        acts: item name -> called in the run's thread after each of its steps.
    """

    def __init__(self, folder: Path, **more: Any) -> None:
        self.changes: list[QueueChanged] = []
        self.acts: dict[str, Callable[[], None]] = {}
        self._news = News()
        self.queue = Queue(folder, self.heard, self.collector, **more)

    def heard(self, changed: Any) -> None:
        """By the queue, or a desk."""
        if isinstance(changed, QueueChanged):
            self.changes.append(changed)
        self._news.came()

    def collector(self, item: QueueItem) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, StepDone) and item.name in self.acts:
                self.acts[item.name]()

        return listen

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for it."""
        self._news.until(true, self.queue.items)

    def named(self, name: str) -> QueueItem:
        return {item.name: item for item in self.queue.items()}[name]

    def run(self) -> list[str]:
        """Start, wait until nothing can go on, and return the states."""
        self.queue.start()
        self.until(lambda: self.queue.held or all(item.ended for item in self.queue.items()))
        self.until(lambda: not self.queue.busy)
        return self.statuses

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.queue.items()]

    @property
    def statuses(self) -> list[str]:
        return [item.status for item in self.queue.items()]
