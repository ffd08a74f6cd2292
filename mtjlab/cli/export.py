"""`mtjlab export`: a run as CSV, parquet or netCDF."""

from pathlib import Path
from typing import Annotated

import typer

from mtjlab.core.errors import UsageError, nearest
from mtjlab.core.places import runs_dir
from mtjlab.store import FORMATS, RunReader, find_run
from mtjlab.store import export as write


def export(
    run: Annotated[str, typer.Argument(help="Run file, run id, or latest.")] = "latest",
    to: Annotated[str, typer.Option(help="csv, parquet or netcdf.")] = "csv",
    stream: Annotated[
        list[str] | None, typer.Option(help="Only this stream; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder, or file of netCDF [default: beside the run].")
    ] = None,
) -> None:
    """Write the rows of a run in another format and print the paths; overwrites nothing."""
    form = next((form for form in FORMATS if form == to), None)
    if form is None:
        raise UsageError(f"--to {to!r}: {nearest(to, FORMATS)}")
    path = find_run(runs_dir(), run)
    beside = path.with_name(path.stem + (".nc" if form == "netcdf" else f"-{form}"))
    with RunReader.open(path) as opened:
        for written in write(opened, out or beside, form, streams=stream):
            typer.echo(written)
