"""One line of `bench.json`, and how the lines are timed."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Row:
    """A figure, its budget and the limit that was measured beside it.

    Attributes:
        name: a contract; added to, never renamed.
        value: in `unit`.
        budget: what is promised; None where nothing is yet.
        better: which way is better.
        limit: the best that could be, measured in the same run; None where nothing bounds it.
    """

    name: str
    value: float
    unit: str
    budget: float | None
    better: Literal["lower", "higher"]
    limit: float | None = None

    @property
    def ok(self) -> bool:
        """Within budget."""
        if self.budget is None:
            return True
        return self.value <= self.budget if self.better == "lower" else self.value >= self.budget

    def as_json(self) -> dict[str, Any]:
        """As in `bench.json`."""
        return asdict(self) | {"ok": self.ok}


def interleaved_s(
    one: Callable[[], object], two: Callable[[], object], *, calls: int, rounds: int = 7
) -> tuple[float, float, float]:
    """Seconds per call of each and the median of the rounds' ratios one / two.

    The two take turns, so that a machine that slows down slows both.
    """
    firsts, seconds, ratios = [], [], []
    for _ in range(rounds):
        pair = []
        for work in (one, two):
            began_s = time.perf_counter()
            for _ in range(calls):
                work()
            pair.append((time.perf_counter() - began_s) / calls)
        firsts.append(pair[0])
        seconds.append(pair[1])
        ratios.append(pair[0] / pair[1])
    return min(firsts), min(seconds), statistics.median(ratios)
