"""`mtjlab sweep`: one protocol at many points on the twin, and a table of what came of it."""

import json
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mtjlab.cli.results import plain
from mtjlab.core.errors import Aborted, MtjlabError, UsageError
from mtjlab.core.places import runs_dir
from mtjlab.runner.sweep import Ran, SweepRun
from mtjlab.runner.sweep_file import read_sweep
from mtjlab.runner.sweep_table import lines, shown, table, write_csv


def sweep(
    file: Annotated[Path, typer.Argument(metavar="SWEEP.toml", help="What to vary.")],
    bench: Annotated[str | None, typer.Option(help="In place of the file's; with a twin.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes at a time.")] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of a Dask cluster, which then does the work."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Run finished points, too.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the run files.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Run every point that is not done yet; leave run files, a table and a figure."""
    began_s = time.monotonic()
    screen = Console(quiet=as_json, highlight=False, soft_wrap=True)
    done: SweepRun | None = None
    told: dict[str, Any] = {"sweep_file": str(file), "table": None, "figure": None, "runs": []}
    error: BaseException | None = None
    try:
        swept = read_sweep(file, bench=bench)
        done = SweepRun(
            swept,
            runs_dir(out),
            workers,
            scheduler,
            shlex.join(["mtjlab", *sys.argv[1:]]),
            again,
        )
        with _watched(done, quiet=as_json), _stopping(done.stopping):
            done.run()
        told |= _tell(screen, done)
        error = _error(done)
    except Exception as failure:
        if not as_json:
            raise
        error = failure
    code = 0 if error is None else error.exit_code if isinstance(error, MtjlabError) else 1
    if as_json:
        told |= {
            "status": {0: "finished", Aborted.exit_code: "aborted"}.get(code, "failed"),
            "wall_time_s": time.monotonic() - began_s,
            "exit_code": code,
            "error": {"class": type(error).__name__, "message": str(error)} if error else None,
        }
        typer.echo(json.dumps(plain(told), default=str))
    elif error is not None:
        raise error
    raise typer.Exit(code)


def _tell(screen: Console, done: SweepRun) -> dict[str, Any]:
    """Table, figure, and the lines on the screen."""
    # Matplotlib takes half a second to import: only who draws waits for it.
    from mtjlab.pictures.sweep import sweep_picture

    swept = done.sweep.swept
    rows = table(done.ran)
    where = done.folder / "table.csv"
    write_csv(rows, where)
    try:
        show = shown(rows, done.sweep.show, swept)
    except UsageError as error:
        # The runs are done and worth more than the choice of columns.
        screen.print(f"warning: {error}", markup=False)
        show = shown(rows, (), swept)
    bench = f"{done.sweep.bench.file.name} (simulated twin)"
    title = f"Sweep {done.sweep.name}: {done.sweep.protocol} on {bench}"
    figure = sweep_picture(rows, swept, show, done.folder / "figure.png", title=title)
    wide = screen.width if sys.stdout.isatty() else 160
    drawn = Table(title=title, title_justify="left", pad_edge=False)
    for column in ("", *swept, "finished", *show):
        drawn.add_column(column, overflow="fold")
    for line in lines(rows, swept, show):
        drawn.add_row(*line)
    screen.print(drawn, width=wide)
    for row in [row for row in rows if row["status"] == "failed"][:5]:
        screen.print(
            f"failed: point {row['point']}, seed {row['seed']}: {row['error']}", markup=False
        )
    screen.print(f"table: {where}", markup=False)
    screen.print(f"figure: {figure}", markup=False)
    return {"table": str(where), "figure": str(figure), "runs": rows, "kept": done.kept}


def _error(done: SweepRun) -> MtjlabError | None:
    ran = done.ran
    failed = sum(one.status == "failed" for one in ran)
    unfinished = sum(one.status in ("aborted", "not run") for one in ran)
    if unfinished:
        return Aborted(
            f"stopped; {unfinished} of {len(ran)} runs are left. The same command goes on with them"
        )
    if failed:
        return MtjlabError(f"{failed} of {len(ran)} runs failed; the table says why")
    return None


@contextmanager
def _watched(done: SweepRun, *, quiet: bool) -> Iterator[None]:
    """A bar with the time left on a terminal, a line for each run elsewhere."""
    console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=console,
        disable=quiet or not sys.stderr.isatty(),
        speed_estimate_period=600.0,
    )
    began_s = time.monotonic()
    failed = 0
    first: int | None = None
    with bar:
        task = bar.add_task(done.sweep.name, total=len(done.sweep.points), failed=0)

        def ended(count: int, total: int, ran: Ran) -> None:
            nonlocal failed, first
            failed += ran.status == "failed"
            first = count - 1 if first is None else first
            bar.update(task, completed=count, failed=failed)
            if bar.disable:
                spent_s = time.monotonic() - began_s
                left_s = spent_s / (count - first) * (total - count)
                point = ran.point
                console.print(
                    f"{count} of {total}: point {point.number}, seed {point.seed}: {ran.status}; "
                    f"about {left_s:.0f} s left",
                    markup=False,
                )

        done.ended = ended
        yield


@contextmanager
def _stopping(stopping: Event) -> Iterator[None]:
    """Ctrl-C ends what is running at its next step, once more at once: nothing is energised."""

    def stop(_number: int, _frame: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
