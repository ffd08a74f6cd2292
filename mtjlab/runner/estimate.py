"""How long a run will take, as far as earlier runs tell; never a guess."""

import queue
import statistics
import threading
from collections.abc import Callable
from pathlib import Path

from mtjlab.bench.file import load
from mtjlab.core.errors import MtjlabError
from mtjlab.runner.queue_item import QueueItem
from mtjlab.store import Catalogue, Query

# The median of so many: one that was slow for a reason of its own does not count.
NEWEST = 5


class Estimates:
    """Answers in the background: the median wall time of the newest finished runs alike.

    Alike are those of the same protocol on the same bench; the catalogue is taken as it is.

    Args:
        runs_dir: of the run files.
        found: `found(key, seconds)`; None where there is no such run.
    """

    def __init__(self, runs_dir: Path, found: Callable[[int, float | None], None]) -> None:
        self._runs_dir = runs_dir
        self._found = found
        self._asked: queue.SimpleQueue[QueueItem | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._answer, name="mtjlab estimates", daemon=True)
        self._thread.start()

    def ask(self, item: QueueItem) -> None:
        """Returns at once."""
        self._asked.put(item)

    def close(self) -> None:
        """Answer nothing more."""
        self._asked.put(None)
        self._thread.join()

    def _answer(self) -> None:
        while (item := self._asked.get()) is not None:
            if item.kind == "run":
                self._found(item.key, estimate_s(self._runs_dir, item.protocol, item.bench))


def estimate_s(runs_dir: Path, protocol: str, bench: str) -> float | None:
    """Median wall time of the newest finished runs alike, s; None where there are none."""
    try:
        name = load(bench).file.name
        with Catalogue(runs_dir) as catalogue:
            alike = catalogue.find(
                Query(protocol=protocol, bench=name, status="finished", limit=NEWEST)
            )
    except MtjlabError:
        return None
    known = [entry.wall_time_s for entry in alike if entry.wall_time_s is not None]
    return statistics.median(known) if known else None
