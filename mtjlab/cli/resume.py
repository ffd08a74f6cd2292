"""`mtjlab resume`: go on with a run that was aborted, failed or died."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from mtjlab.cli.execution import carry_out
from mtjlab.cli.run import what_on_error
from mtjlab.core.places import runs_dir
from mtjlab.runner import OnError, resumed
from mtjlab.store import RunReader, find_run


def resume(
    run: Annotated[str, typer.Argument(help="Run file, run id, or latest.")] = "latest",
    bench: Annotated[
        str | None, typer.Option(help="Another bench file [default: that of the run].")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run files.")] = None,
    on_error: Annotated[
        OnError | None, typer.Option("--on-error", help="As in `mtjlab run`.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Go on from the last checkpoint of a run, in a new file that holds all of it."""
    with RunReader.open(find_run(runs_dir(out), run)) as begun:
        header = begun.header
        carry_out(
            lambda: resumed(
                begun,
                bench=bench,
                runs_dir=runs_dir(out),
                command=shlex.join(["mtjlab", *sys.argv[1:]]),
                on_error=on_error or what_on_error(as_json),
            ),
            protocol=header.protocol,
            bench=bench or header.bench,
            seed=header.seed,
            as_json=as_json,
        )
