"""`mtjlab run SESSION.toml`: one step after the other, and what became of each."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.execution import print_outcome, report
from mtjlab.cli.results import plain
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.errors import MtjlabError, UsageError
from mtjlab.runner import (
    Earlier,
    OnError,
    PaceName,
    SessionRun,
    StepOutcome,
    check_session,
    read_session,
)


def run_session(
    path: Path,
    *,
    bench: str | None,
    seed: int | None,
    settings: list[str],
    faults: Path | None,
    runs_dir: Path | None,
    begin: str | None,
    go_on: bool,
    command: str,
    on_error: OnError,
    pace: PaceName,
    as_json: bool,
) -> NoReturn:
    """Check, run, report, and leave with the exit code.

    Args:
        path: of the session file.
        bench: in place of the file's.
        seed: likewise.
        settings: `STEP.NAME=VALUE` texts, which win over the file.
        faults: a `--faults` file.
        runs_dir: None for a dry run.
        begin: the step to begin with; earlier ones are taken from their files.
        go_on: keep what is finished, go on with what is not.
        command: as in `Plan`.
        on_error: as in `Plan`.
        pace: as in `Plan`.
        as_json: print one JSON object and nothing else.
    """
    began_s = time.monotonic()
    screen = Console(quiet=as_json, highlight=False, soft_wrap=True)
    done: SessionRun | None = None
    error: BaseException | None = None
    with Signals(quiet=as_json) as signals:
        try:
            session = read_session(path, bench=bench, seed=seed, settings=settings, faults=faults)
            check_session(path, session)
            if (begin is not None or go_on) and runs_dir is None:
                raise UsageError("--from and --resume need run files, and --dry-run leaves none")
            earlier = (
                Earlier.find(session, runs_dir, begin)
                if runs_dir is not None and (begin is not None or go_on)
                else None
            )
            done = SessionRun(
                session,
                runs_dir,
                lambda planned: execute(replace(planned, pace=pace), signals, quiet=as_json),
                begun=lambda one: _print_begin(screen, len(session.steps), one, done),
                ended=lambda one: _print_step(screen, one),
                command=command,
                on_error=on_error,
                earlier=earlier,
            )
            done.run()
            error = done.error
        except Exception as failure:
            error = failure
        code = _exit_code(error)
        if as_json:
            wall_time_s = time.monotonic() - began_s
            typer.echo(json.dumps(_report(path, done, error, code, wall_time_s), default=str))
            raise typer.Exit(code)
        if done is None:
            assert error is not None
            raise error
        # Into a file or a pipe there is no width to fit.
        wide = screen.width if sys.stdout.isatty() else 160
        screen.print(_table(done), width=wide)
        if done.status != "finished":
            screen.print(f"mtjlab run {path} --resume goes on from there", markup=False)
    if error is not None and done.status != "aborted":
        raise error
    raise typer.Exit(code)


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    return error.exit_code if isinstance(error, MtjlabError) else 1


def _print_begin(screen: Console, count: int, one: StepOutcome, done: SessionRun | None) -> None:
    position = 1 + (done.steps.index(one) if done else 0)
    screen.print(f"step {position} of {count}: {one.step.name}", markup=False)


def _print_step(screen: Console, one: StepOutcome) -> None:
    if one.planned is not None:
        print_outcome(screen, one.step.protocol, one.seed, one.outcome)
    if one.outcome.error is not None and one.status == "failed":
        screen.print(f"step {one.step.name} failed: {one.outcome.error}", markup=False)


def _table(done: SessionRun) -> Table:
    table = Table(title=f"session {done.session_id}", title_justify="left", pad_edge=False)
    for column in ("step", "protocol", "status", "run file"):
        table.add_column(column, overflow="fold")
    for one in done.steps:
        file = one.outcome.run_file
        table.add_row(one.step.name, one.step.protocol, one.status, str(file or "-"))
    return table


def _report(
    path: Path,
    done: SessionRun | None,
    error: BaseException | None,
    code: int,
    wall_time_s: float,
) -> dict[str, Any]:
    """The object of `--json`; that of a step is the one of `mtjlab run`, with two keys more."""
    steps = []
    for one in done.steps if done else ():
        told = report(one.step.protocol, one.step.bench, one.seed, one.planned, one.outcome)
        steps.append({"name": one.step.name} | told | {"status": one.status})
    found: dict[str, Any] = plain(
        {
            "status": done.status if done else "failed",
            "session": done.session_id if done else None,
            "session_file": str(path),
            "bench": done.session.bench if done else None,
            "seed": done.seed if done else None,
            "wall_time_s": wall_time_s,
            "steps": steps,
            "exit_code": code,
            "error": {"class": type(error).__name__, "message": str(error)} if error else None,
        }
    )
    return found
