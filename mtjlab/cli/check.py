"""`mtjlab check`: who is there, what could happen to a junction, and what covers it."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.bench.check import report
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.cli.conformance import check_conformance
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.places import bench_name


def check(
    bench: Annotated[str | None, typer.Argument(help="Bench file or shipped name.")] = None,
    conformance: Annotated[
        bool,
        typer.Option(
            "--conformance",
            help="Try on each instrument what a driver promises, at a twentieth of the "
            "limits. Energises; asks first, and ends safe.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Identify every instrument; check limits, fences and wiring. Energises nothing."""
    if conformance:
        check_conformance(load(bench_name(bench)), yes=yes)
        return
    screen = Console(highlight=False, soft_wrap=True)
    loaded = load(bench_name(bench))

    def notice(level: str, text: str) -> None:
        screen.print(f"{level}: {text}", markup=False)

    with OpenBench(loaded, generators=Generators(0), notice=notice, watched=False) as opened:
        rows = report(loaded, opened.instruments, opened.drivers)
    badge = " (simulated twin)" if loaded.file.twin is not None else ""
    table = Table(title=f"bench {loaded.file.name}{badge}: {loaded.source}", title_justify="left")
    for column in ("", "item", "value", "verdict", "note"):
        table.add_column(column)
    for row in rows:
        table.add_row(row.section, row.item, row.value, row.verdict, row.note)
    screen.print(table)
    bad = [row for row in rows if row.verdict == "bad"]
    if bad:
        raise BenchError(
            f"{len(bad)} of {len(rows)} checks failed: " + "; ".join(row.item for row in bad)
        )
    screen.print("nothing was energised")
