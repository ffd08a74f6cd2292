"""`mtjlab plot`: the picture of a run."""

from pathlib import Path
from typing import Annotated

import typer

from mtjlab.core.places import runs_dir
from mtjlab.store import find_run


def plot(
    run: Annotated[str, typer.Argument(help="Run file, run id, or latest.")] = "latest",
    out: Annotated[
        Path | None, typer.Option(help="PNG or SVG file [default: beside the run file].")
    ] = None,
) -> None:
    """Draw a run and print the path of the picture."""
    # Matplotlib takes half a second to import: only who draws waits for it.
    from mtjlab.pictures import picture

    typer.echo(picture(find_run(runs_dir(), run), out))
