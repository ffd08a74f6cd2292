"""`mtjlab diff`: two runs side by side."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.results import plain
from mtjlab.core.places import runs_dir
from mtjlab.core.units import si
from mtjlab.store import Comparison, RunReader, compare, find_run

WORD_LENGTH = 48


def diff(
    one: Annotated[str, typer.Argument(help="Run file, run id, or latest.")],
    two: Annotated[str, typer.Argument(help="The other one.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what two runs were asked, what came out, and where their rows part."""
    with (
        RunReader.open(find_run(runs_dir(), one)) as first,
        RunReader.open(find_run(runs_dir(), two)) as second,
    ):
        found = compare(first, second)
        if as_json:
            typer.echo(json.dumps(plain(asdict(found) | {"same_rows": found.same_rows})))
            return
        print_comparison(Console(highlight=False, soft_wrap=True), found)


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
                table.add_row(difference.name, _word(difference.one), _word(difference.two))
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


def _word(value: Any) -> str:
    text = "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= WORD_LENGTH else f"{text[: WORD_LENGTH - 3]}..."
