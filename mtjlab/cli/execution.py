"""A run from plan to exit code: steered by signals, and told as a table or as one JSON object."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

import typer
from rich.console import Console

from mtjlab.cli.results import plain, results_table
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.errors import UsageError
from mtjlab.runner import Outcome, Plan


def carry_out(
    make: Callable[[], Plan],
    *,
    protocol: str,
    bench: str,
    seed: int,
    as_json: bool,
    before: Callable[[Console, Plan], None] = lambda _screen, _plan: None,
) -> NoReturn:
    """Plan, run, report, and leave with the exit code.

    Args:
        make: the plan; what it raises is reported like an error of the run.
        protocol: for the report where there is no plan.
        bench: likewise.
        seed: likewise.
        as_json: print one JSON object and nothing else.
        before: called between plan and run, to show something.
    """
    screen = Console(quiet=as_json, highlight=False, soft_wrap=True)
    planned: Plan | None = None
    outcome = Outcome()
    with Signals(quiet=as_json) as signals:
        try:
            planned = make()
            before(screen, planned)
            outcome = execute(planned, signals, quiet=as_json)
        except Exception as error:
            outcome.error = error
        if as_json:
            typer.echo(json.dumps(report(protocol, bench, seed, planned, outcome), default=str))
            raise typer.Exit(outcome.exit_code)
        print_outcome(screen, protocol, seed, outcome)
    if outcome.error is not None and outcome.status != "aborted":
        raise outcome.error
    raise typer.Exit(outcome.exit_code)


def report(
    protocol: str, bench: str, seed: int, planned: Plan | None, outcome: Outcome
) -> dict[str, Any]:
    """The object of `--json`; its keys are a contract."""
    error = outcome.error
    file = planned.loaded.file if planned else None
    found: dict[str, Any] = plain(
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
    return found


def report_unread(message: str, exit_code: int) -> dict[str, Any]:
    """The object of `--json` for a command line that could not even be read."""
    outcome = Outcome(error=UsageError(message))
    return report("", "", 0, None, outcome) | {
        "protocol": None,
        "bench": None,
        "seed": None,
        "exit_code": exit_code,
    }


def print_outcome(screen: Console, protocol: str, seed: int, outcome: Outcome) -> None:
    """Results, notes, picture and path, for a person."""
    if outcome.results:
        timed = {"bench_time_s": outcome.bench_time_s, "wall_time_s": outcome.wall_time_s}
        screen.print(results_table(f"{protocol}, seed {seed}", outcome.results | timed))
        # Whoever runs for good has read it in the log before the first step.
        for line in () if outcome.run_file else outcome.results.get("prediction", ()):
            screen.print(f"predicted: {line}", markup=False)
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
