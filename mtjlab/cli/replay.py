"""`mtjlab replay`: a run again on the twin, from its file alone, and compared with it."""

import json
import shlex
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mtjlab.cli.diff import print_comparison
from mtjlab.cli.results import plain
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.errors import MtjlabError
from mtjlab.core.places import runs_dir
from mtjlab.runner import replayed
from mtjlab.store import RunReader, compare, find_run


def replay(
    run: Annotated[str, typer.Argument(help="Run file, run id, or latest.")] = "latest",
    out: Annotated[Path | None, typer.Option(help="Keep the new run file in this folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run again on the twin what a run file describes; exit code 1 if a twin's rows differ."""
    with ExitStack() as stack:
        before = stack.enter_context(RunReader.open(find_run(runs_dir(), run)))
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        planned = replayed(before, runs_dir=folder, command=shlex.join(["mtjlab", *sys.argv[1:]]))
        signals = stack.enter_context(Signals(quiet=as_json))
        outcome = execute(planned, signals, quiet=as_json)
        if outcome.run_file is None:
            raise outcome.error or MtjlabError("the replay left no run file")
        after = stack.enter_context(RunReader.open(outcome.run_file))
        found = compare(before, after)
        if as_json:
            told = asdict(found) | {"same_rows": found.same_rows, "twin": before.header.twin}
            typer.echo(json.dumps(plain(told | {"run_file": str(outcome.run_file if out else "")})))
        else:
            screen = Console(highlight=False, soft_wrap=True)
            print_comparison(screen, found)
            if not before.header.twin:
                screen.print("the run was measured on a real bench: its twin cannot repeat it")
        if outcome.error is not None:
            raise outcome.error
        # Of a run that ended early only the rows that it has can be the same.
        repeated = all(s.same and s.compared == s.rows_one for s in found.streams)
        raise typer.Exit(0 if repeated or not before.header.twin else 1)
