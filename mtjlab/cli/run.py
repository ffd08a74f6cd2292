"""`mtjlab run`: plan, watch, and say what came of it."""

import json
import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mtjlab.cli.results import plain, results_table
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.errors import UsageError
from mtjlab.core.places import bench_name, runs_dir
from mtjlab.runner import OnError, Outcome, Plan, plan


def run(
    protocol: Annotated[str, typer.Argument(help="Name of a protocol, such as noise_learning.")],
    bench: Annotated[
        str | None, typer.Option(help="Bench file or shipped name [default: twin].")
    ] = None,
    params: Annotated[Path | None, typer.Option(help="TOML file of parameters.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="One parameter; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run files.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the run [default: drawn and recorded].")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="TOML file of [[twin.scenario]] tables; twin only.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="On the bench's twin; leaves no file.")
    ] = False,
    on_error: Annotated[
        OnError | None,
        typer.Option(
            "--on-error",
            help="When an instrument does not come back: pause safe and wait, or fail "
            "[default: pause at a terminal, else fail].",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Run a protocol on a bench and leave one run file."""
    chosen = seed if seed is not None else secrets.randbelow(2**31)
    screen = Console(quiet=as_json, highlight=False, soft_wrap=True)
    planned: Plan | None = None
    outcome = Outcome()
    with Signals(quiet=as_json) as signals:
        try:
            planned = plan(
                protocol,
                bench_name(bench),
                parameters_file=params,
                faults_file=faults,
                settings=settings or (),
                seed=chosen,
                runs_dir=None if dry_run else runs_dir(out),
                command=shlex.join(["mtjlab", *sys.argv[1:]]),
                on_error=on_error or ("pause" if sys.stdin.isatty() and not as_json else "fail"),
            )
            if dry_run:
                _print_parameters(screen, planned)
            outcome = execute(planned, signals, quiet=as_json)
        except Exception as error:
            outcome.error = error
        if as_json:
            report = _report(protocol, bench_name(bench), chosen, planned, outcome)
            typer.echo(json.dumps(report, default=str))
            raise typer.Exit(outcome.exit_code)
        _print_outcome(screen, protocol, chosen, outcome)
    if outcome.error is not None and outcome.status != "aborted":
        raise outcome.error
    raise typer.Exit(outcome.exit_code)


def _report(
    protocol: str, bench: str, seed: int, planned: Plan | None, outcome: Outcome
) -> dict[str, Any]:
    """The object of `--json`; its keys are a contract."""
    error = outcome.error
    file = planned.loaded.file if planned else None
    report: dict[str, Any] = plain(
        {
            "status": outcome.status,
            "run_file": str(outcome.run_file) if outcome.run_file else None,
            "run_id": outcome.run_id or None,
            "protocol": protocol,
            "bench": file.name if file else bench,
            "twin": (file.twin is not None or planned.runs_dir is None)
            if file and planned
            else None,
            "seed": seed,
            "wall_time_s": outcome.wall_time_s,
            "bench_time_s": outcome.bench_time_s,
            "results": outcome.results,
            "exit_code": outcome.exit_code,
            "error": {"class": type(error).__name__, "message": str(error)} if error else None,
        }
    )
    return report


def report_unread(message: str, exit_code: int) -> dict[str, Any]:
    """The object of `--json` for a command line that could not even be read."""
    outcome = Outcome(error=UsageError(message))
    return _report("", "", 0, None, outcome) | {
        "protocol": None,
        "bench": None,
        "seed": None,
        "exit_code": exit_code,
    }


def _print_parameters(screen: Console, planned: Plan) -> None:
    screen.print(f"parameters of {planned.protocol_name}, resolved:", markup=False)
    for name, value in planned.params.model_dump().items():
        screen.print(f"  {name} = {json.dumps(value)}", markup=False)


def _print_outcome(screen: Console, protocol: str, seed: int, outcome: Outcome) -> None:
    if outcome.results:
        timed = {"bench_time_s": outcome.bench_time_s, "wall_time_s": outcome.wall_time_s}
        screen.print(results_table(f"{protocol}, seed {seed}", outcome.results | timed))
        for note in outcome.results.get("notes", ()):
            screen.print(f"note: {note}", markup=False)
    if outcome.status == "aborted":
        screen.print(f"aborted: {outcome.error}", markup=False)
    if outcome.run_file is not None:
        if outcome.status == "finished":
            # Matplotlib takes half a second to import: only who draws waits for it.
            from mtjlab.pictures import picture

            screen.print(f"picture: {picture(outcome.run_file)}", markup=False)
        screen.print(f"run file: {outcome.run_file}", markup=False)
