"""`mtjlab gui`: the window at the bench."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast

import typer

from mtjlab.bench.file import text_of
from mtjlab.core.errors import UsageError
from mtjlab.core.places import bench_name, runs_dir
from mtjlab.runner import check_session, read_session

Window = Callable[..., int]


def gui(
    context: typer.Context,
    bench: Annotated[
        str | None,
        typer.Argument(help="Bench file or shipped name [default: $MTJLAB_BENCH, else twin]."),
    ] = None,
    session: Annotated[
        Path | None, typer.Option(help="Session file that the queue begins with.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="The same, and the queue starts at once.")
    ] = None,
    leave: Annotated[
        bool, typer.Option("--leave", help="Close when the queue has ended, with its exit code.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the run files.")] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="File in which the window remembers its layout [default: the user's]."),
    ] = None,
) -> None:
    """Open the window: bench, protocol, live views, queue, runs. Everything in it has a verb."""
    named = bench_name(bench)
    # A name that is none is refused here, in words, before there is a window. What is wrong inside
    # the file the window says: judging it takes the drivers, whose imports take longest.
    text_of(named)
    queued = start or session
    if start is not None and session is not None:
        raise UsageError("--session and --start: give one of them; --start also starts the queue")
    if queued is not None:
        check_session(queued, read_session(queued, bench=bench))
    window = cast(Window | None, context.find_root().obj)
    if window is None:
        raise UsageError("there is no window here; call `mtjlab gui` from the command line")
    code = window(
        bench=named,
        runs_dir=runs_dir(out),
        session=queued,
        session_bench=bench,
        start=start is not None,
        leave=leave,
        settings=settings,
    )
    raise typer.Exit(code)
