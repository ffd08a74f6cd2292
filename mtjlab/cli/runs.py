"""`mtjlab runs`: the catalogue, and what people say of a run (`note`, `tag`)."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from mtjlab.core.places import runs_dir
from mtjlab.store import (
    Catalogue,
    Query,
    add_note,
    cell,
    find_run,
    narrowed,
    query_of,
    repair,
    set_tag,
)

# A look at more files than this takes a second or so.
MANY_FILES = 500

RunName = Annotated[str, typer.Argument(help="Run file, run id, or latest.")]


def runs(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]...",
            help="Conditions and words, such as status:died tag:good since:2026-11 moons.",
        ),
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="Of this protocol.")] = None,
    bench: Annotated[str | None, typer.Option(help="On this bench, by its name.")] = None,
    chip: Annotated[str | None, typer.Option(help="With this chip, by its id.")] = None,
    junction: Annotated[
        str | None, typer.Option(help="With rows of this junction, such as 3,14.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="From this day on: 2026-11-24.")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this day, month or year.")] = None,
    status: Annotated[
        str | None, typer.Option(help="running, finished, aborted, failed, died, unreadable.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="With this tag.")] = None,
    text: Annotated[
        str | None,
        typer.Option(help="Words in parameters, results, notes, tags or the command line."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Newest runs only; 0 for all.")] = 50,
    out: Annotated[Path | None, typer.Option(help="Folder of the run files.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List runs, the newest first; conditions narrow the list."""
    options = Query(
        protocol=protocol,
        bench=bench,
        chip=chip,
        junction=None if junction is None else cell(junction),
        since=since,
        until=until,
        status=status,
        tag=tag,
        text=text,
        limit=limit or None,
    )
    query = narrowed(query_of(" ".join(words or ())), options)
    folder = runs_dir(out)
    with Catalogue(folder) as catalogue:
        _look(catalogue, quiet=as_json)
        found = catalogue.find(query)
    if as_json:
        shown = [
            {name: value for name, value in asdict(entry).items() if name not in _NOT_SHOWN}
            for entry in found
        ]
        typer.echo(json.dumps(shown))
        return
    # Into a file or a pipe there is no width to fit.
    wide = None if sys.stdout.isatty() else 160
    screen = Console(highlight=False, soft_wrap=True, width=wide)
    table = Table(title=f"runs below {folder}", title_justify="left", pad_edge=False)
    for column in ("run", "protocol", "bench", "chip", "seed", "status", "results", "tags, notes"):
        table.add_column(column)
    for entry in found:
        said = " ".join([*(f"#{name}" for name in entry.tags), *entry.notes.splitlines()[:1]])
        table.add_row(
            f"{entry.day}/{entry.number:03d} {entry.run_id[:8]}",
            entry.protocol,
            f"{entry.bench}{' (sim)' if entry.twin else ''}",
            entry.chip,
            entry.seed,
            entry.status,
            entry.headline or (entry.error or "")[:60],
            said,
        )
    screen.print(table)
    if limit and len(found) == limit:
        screen.print(f"the newest {limit}; --limit 0 shows all")


def _look(catalogue: Catalogue, *, quiet: bool) -> None:
    """On a terminal a first look at many runs says how far it is."""
    screen = Console(stderr=True, quiet=quiet)
    with Progress(console=screen, disable=quiet or not screen.is_terminal, transient=True) as bar:
        task = bar.add_task("looking at run files", total=None, visible=False)
        catalogue.refresh(
            lambda done, total: bar.update(
                task, completed=done, total=total, visible=total > MANY_FILES
            )
        )


def note(
    run: RunName,
    text: Annotated[str, typer.Argument(help="What there is to say.")],
) -> None:
    """Keep a note beside a run; the run file is not changed."""
    add_note(find_run(runs_dir(), run), text, now=datetime.now(UTC))


def tag(
    run: RunName,
    tags: Annotated[list[str], typer.Argument(help="One or more words.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take them away.")] = False,
) -> None:
    """Give tags to a run, or take them away."""
    path = find_run(runs_dir(), run)
    for word in tags:
        set_tag(path, word, on=not remove, now=datetime.now(UTC))


def repaired(run: RunName = "latest") -> None:
    """Make the file of a run that died readable for any HDF5 program."""
    path = find_run(runs_dir(), run)
    done = repair(path)
    typer.echo(
        f"{path}: {'opens with any HDF5 program now' if done else 'there is nothing to repair'}"
    )


_NOT_SHOWN = frozenset({"words", "cells", "final"})
