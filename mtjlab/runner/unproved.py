"""Benches that a run has left without proof that every output is off, until there is one."""

from collections.abc import Mapping, Sequence

from mtjlab.runner.bench_state import BenchState
from mtjlab.runner.queue_item import QueueItem


class Unproved:
    """Told of everything that a desk tells; knows no threads."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._words: dict[str, str] = {}

    @property
    def words(self) -> Mapping[str, str]:
        """Bench -> why its last run could not prove it."""
        return self._words

    def queue(self, items: Sequence[QueueItem]) -> None:
        """Runs have ended; one that finished has read its outputs back."""
        for item in items:
            if not item.ended or item.key in self._seen:
                continue
            self._seen.add(item.key)
            if item.outcome is not None and not item.outcome.proved_off:
                self._words[item.bench] = str(item.outcome.error)
            elif item.status == "finished":
                self._words.pop(item.bench, None)

    def bench(self, state: BenchState) -> None:
        """Its instruments have been asked."""
        if state.proved_off:
            # A resumed run knows its bench by name, any other by its file.
            for known in (state.source, state.bench):
                self._words.pop(known, None)
