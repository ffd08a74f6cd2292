"""`mtjlab diff`: two runs side by side."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.results import plain
from mtjlab.core.errors import UsageError
from mtjlab.core.places import runs_dir
from mtjlab.core.units import si
from mtjlab.store import Catalogue, Comparison, RunReader, compare, find_run
from mtjlab.store.compare import word


def diff(
    one: Annotated[str, typer.Argument(help="Run file, run id, or latest.")],
    two: Annotated[
        str | None,
        typer.Argument(help="The other one [default: the run of the same protocol before it]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what two runs were asked, what came out, and where their rows part."""
    path = find_run(runs_dir(), one)
    other = _before(path) if two is None else find_run(runs_dir(), two)
    with RunReader.open(path) as first, RunReader.open(other) as second:
        found = compare(first, second)
        if as_json:
            typer.echo(json.dumps(plain(asdict(found) | {"same_rows": found.same_rows})))
            return
        print_comparison(Console(highlight=False, soft_wrap=True), found)


def _before(path: Path) -> Path:
    folder = path.parent.parent
    with Catalogue(folder) as catalogue:
        catalogue.refresh()
        found = catalogue.before(str(path.relative_to(folder)))
    if found is None:
        raise UsageError(f"before {path} there is no run of its protocol; name the other one")
    return folder / found.path


def print_comparison(screen: Console, found: Comparison) -> None:
    """Tables of what differs; one line where nothing does."""
    for title, differences in (
        ("asked differently", (*found.header, *found.parameters)),
        ("results that differ", found.results),
    ):
        if differences:
            table = Table(title=title, title_justify="left", pad_edge=False)
            for column in ("", "one", "two"):
                table.add_column(column)
            for difference in differences:
                table.add_row(difference.name, word(difference.one), word(difference.two))
            screen.print(table)
    table = Table(title="streams", title_justify="left", pad_edge=False)
    for column in ("stream", "rows of one", "of two", "compared", "the same", "largest difference"):
        table.add_column(column)
    for stream in found.streams:
        same = "every bit" if stream.same else f"up to row {stream.first}"
        largest = "-" if stream.largest is None else si(stream.largest, stream.unit)
        table.add_row(
            stream.name,
            str(stream.rows_one),
            str(stream.rows_two),
            str(stream.compared),
            same if stream.compared else "nothing to compare",
            largest,
        )
    screen.print(table)
    screen.print("the rows are the same, bit for bit" if found.same_rows else "the rows differ")
