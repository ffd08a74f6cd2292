"""From many runs to what stands in a cell."""

import math
import statistics
from collections.abc import Iterable, Sequence

from benchmarks.results.case import Case, Found


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table in Markdown."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def code(case: Case) -> str:
    """What is typed for a row."""
    return f"`{case.command}`"


def points(found: Sequence[Found], key: str) -> str:
    """Mean and standard deviation over the seeds, in per cent."""
    values = [100 * run[key] for run in found if run.get(key) is not None]
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def reached(found: Sequence[Found]) -> str:
    """How many runs reached their target."""
    return f"{sum(run['reads_to_target'] is not None for run in found)} of {len(found)}"


def median_reads(found: Sequence[Found]) -> float:
    """Reads to the target; infinite where half of the runs or more did not reach it."""
    return statistics.median(
        math.inf if run["reads_to_target"] is None else run["reads_to_target"] for run in found
    )


def reads(found: Sequence[Found]) -> tuple[str, str]:
    """Median and worst reads to the target."""
    every = [math.inf if r["reads_to_target"] is None else r["reads_to_target"] for r in found]
    middle, worst = (
        "never" if math.isinf(v) else f"{v:g}" for v in (median_reads(found), max(every))
    )
    return middle, worst


def middle(found: Sequence[Found], key: str, digits: int = 2) -> str:
    """Median over the seeds that have one."""
    values = [run[key] for run in found if run.get(key) is not None]
    return f"{statistics.median(values):.{digits}f}" if values else "-"


def saying(found: Sequence[Found], text: str) -> str:
    """How many runs have a note with this text."""
    return f"{sum(any(text in note for note in run['notes']) for run in found)} of {len(found)}"
