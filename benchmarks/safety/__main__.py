"""`make safety`: the kill matrix and the fault matrix, written into docs/safety.md."""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.page import write_table
from benchmarks.safety import faults, kill
from benchmarks.safety.benches import BENCHES
from sim_backend.faults import KINDS

_PAGE = Path("docs/safety.md")


def kills(
    names: list[str], deaths: list[str], times: int, seed: int, kept: Path | None
) -> tuple[str, int]:
    """The table, and how many misses; cells that `kept` has already are not done again."""
    results: dict[str, dict[str, list[float | None]]] = {}
    if kept is not None and kept.exists():
        results = json.loads(kept.read_text(encoding="utf-8"))
    for name in names:
        row = results.setdefault(name, {})
        for death in deaths:
            if len(row.get(death, ())) == times:
                continue
            took = row[death] = kill.cell(name, death, times, seed)
            if kept is not None:
                kept.write_text(json.dumps(results), encoding="utf-8")
            shown = ", ".join("never" if t is None else f"{t:.2f}" for t in took)
            print(f"{name:14} {death:26} {kill.missed(took)} missed: {shown} s", flush=True)
    missed = sum(kill.missed(took) for row in results.values() for took in row.values())
    return kill.table(results, times, seed), missed


def faulty(names: list[str], times: int, seed: int) -> tuple[str, int]:
    """The same of the fault matrix."""
    results: dict[str, dict[str, faults.Cell]] = {name: {} for name in names}
    for name in names:
        for fault in faults.possible(name):
            cell = results[name][fault] = faults.measure(name, fault, times, seed)
            print(f"{name:14} {fault:14} {cell}", flush=True)
            for words in cell.worst:
                print(f"    {words[:200]}", flush=True)
    titles = [BENCHES[name].title.partition(",")[0] for name in names]
    lines = [
        f"{times} whole runs each, seed {seed}, one fault at a random message, in memory.",
        "",
        f"| | {' | '.join(titles)} |",
        f"|---|{'---|' * len(titles)}",
    ]
    for fault in KINDS:
        row = [str(results[name].get(fault, "cannot have it")) for name in names]
        lines.append(f"| `{fault}` | {' | '.join(row)} |")
    misses = sum(cell.misses for row in results.values() for cell in row.values())
    return "\n".join(lines), misses


def main() -> int:
    """Run what was asked for; 1 if anything was missed."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.safety", description=__doc__)
    options.add_argument("--times", type=int, default=25, help="deaths per cell")
    options.add_argument("--runs", type=int, default=10, help="runs with a fault per cell")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", nargs="*", choices=sorted(BENCHES), default=list(BENCHES))
    options.add_argument("--deaths", nargs="*", choices=sorted(kill.DEATHS))
    options.add_argument("--kept", type=Path, help="file of deaths done; goes on where it ended")
    options.add_argument("--page", type=Path, default=_PAGE)
    given = options.parse_args()
    deaths = list(kill.DEATHS) if given.deaths is None else given.deaths
    misses = 0
    if deaths and given.times:
        text, missed = kills(given.only, deaths, given.times, given.seed, given.kept)
        print(text)
        misses += missed
        if given.page.exists():
            write_table(text, "kill matrix", given.page)
    if given.runs:
        text, missed = faulty(given.only, given.runs, given.seed)
        print(text)
        misses += missed
        if given.page.exists():
            write_table(text, "fault matrix", given.page)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
