"""What came of a sweep: one row for each run, and one line for each point."""

import csv
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtjlab.core.errors import StoreError, UsageError, nearest
from mtjlab.runner.sweep import Ran

Row = Mapping[str, Any]

# Results that say most, where the file does not say which to show.
_TELLING = ("reads_to_target", "train_accuracy", "test_accuracy", "test_accuracy_clean")
_MOST_SHOWN = 4


def table(ran: Sequence[Ran]) -> list[dict[str, Any]]:
    """A row for each run: point, what was varied, seed, status, every single result, run file."""
    rows = []
    for one in ran:
        found = one.found or {}
        results = {
            name: value
            for name, value in (found.get("results") or {}).items()
            if (value is None or isinstance(value, int | float | str))
            and name not in one.point.swept
        }
        error = found.get("error") or {}
        rows.append(
            {"point": one.point.number}
            | dict(one.point.swept)
            | {"seed": one.point.seed, "status": one.status}
            | results
            | {
                "wall_time_s": found.get("wall_time_s"),
                "bench_time_s": found.get("bench_time_s"),
                "run_file": found.get("run_file"),
                "error": error.get("message"),
            }
        )
    return rows


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Every row; a column for each name that any of them has.

    Raises:
        StoreError: it cannot be written.
    """
    last = ("wall_time_s", "bench_time_s", "run_file", "error")
    names = dict.fromkeys(name for row in rows for name in row if name not in last)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*names, *last])
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    except OSError as error:
        raise StoreError(f"table {path} cannot be written: {error.strerror}") from error


def shown(rows: Sequence[Row], asked: Sequence[str], swept: Sequence[str]) -> tuple[str, ...]:
    """Results for table and figure: those asked for, else those that say most.

    Raises:
        UsageError: one was asked for that no finished run has.
    """
    finished = [row for row in rows if row["status"] == "finished"]
    own = {"point", "seed", *swept}
    numbers = [
        name
        for name in dict.fromkeys(name for row in finished for name in row)
        if name not in own and any(_number(row.get(name)) is not None for row in finished)
    ]
    unknown = [name for name in asked if finished and not any(name in row for row in finished)]
    if unknown:
        raise UsageError(
            f"show: no run has a result {unknown[0]!r}; {nearest(unknown[0], numbers)}"
        )
    if asked:
        return tuple(asked)
    telling = [name for name in _TELLING if name in numbers]
    varied = [n for n in numbers if len({row.get(n) for row in finished}) > 1 and n not in telling]
    timeless = [name for name in varied if name not in ("wall_time_s", "bench_time_s")]
    return tuple((telling or timeless)[:_MOST_SHOWN])


def lines(rows: Sequence[Row], swept: Sequence[str], show: Sequence[str]) -> list[list[str]]:
    """A line for each point: what was varied, runs that finished, and median (range) of results."""
    found = []
    for number in dict.fromkeys(row["point"] for row in rows):
        of = [row for row in rows if row["point"] == number]
        finished = [row for row in of if row["status"] == "finished"]
        line = [str(number), *(_word(of[0][name]) for name in swept)]
        line.append(f"{len(finished)} of {len(of)}")
        line += [_summary([_number(row.get(name)) for row in finished]) for name in show]
        found.append(line)
    return found


def _summary(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    text = f"{statistics.median(known):.4g}"
    if len(known) > 1 and max(known) > min(known):
        text += f" ({min(known):.4g} to {max(known):.4g})"
    # Beside a median, those that never reached it must not be forgotten.
    return text if len(known) == len(values) else f"{text}, {len(values) - len(known)} without"


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(_cell(value))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
