"""`python -m benchmarks.results`: measure, and write the tables of docs/results.md.

A table is put on the page when all its runs are there; else what stands there stays, with its date.
Runs that were made before are kept and not made again; `--fresh` forgets those of the tables asked
for.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.page import write_table
from benchmarks.results import benches, controls, digits, hardware, mnist, rules
from benchmarks.results.case import Table
from benchmarks.results.kept import Kept

TABLES = {
    module.TABLE.name: module.TABLE
    for module in (digits, mnist, hardware, controls, rules, benches)
}
PAGE = Path("docs/results.md")
KEPT = Path(".results/runs.json")


def text(table: Table, kept: Kept, seeds: list[int]) -> str | None:
    """The table with its seeds and date; None while runs are missing."""
    found = {}
    for case in table.cases:
        runs = kept.found(case, seeds)
        if runs is None:
            return None
        found[case.label] = runs
    which = f"seeds {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
    return "\n".join([*table.lines(found), "", f"{which}; {kept.made(table, seeds)}."])


def main() -> int:
    """Measure and write what was asked for; 1 if a table is not whole."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    options.add_argument("--only", nargs="*", choices=sorted(TABLES), default=list(TABLES))
    options.add_argument("--seeds", type=int, help="so many of each table's seeds")
    options.add_argument("--mnist", type=Path, help="folder with MNIST's IDX files")
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--fresh", action="store_true", help="measure again what is there")
    options.add_argument("--write", action="store_true", help="measure nothing, only write")
    options.add_argument("--page", type=Path, default=PAGE)
    given = options.parse_args()
    kept = Kept(KEPT)
    missing = 0
    for table in (TABLES[name] for name in given.only):
        seeds = list(table.seeds)[: given.seeds]
        if given.fresh:
            kept.forget(table)
        if not given.write and not (table.needs_mnist and given.mnist is None):
            mnist_folder = None if given.mnist is None else given.mnist.absolute()
            kept.measure(table, seeds, given.processes, mnist_folder)
        lines = text(table, kept, seeds)
        if lines is None:
            print(f"{table.name}: not all runs are there; the page keeps what it has")
            missing += 1
        else:
            write_table(lines, table.name, given.page)
            print(f"{table.name}: written to {given.page}")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
