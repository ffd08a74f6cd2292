"""`mtjlab run`: plan, watch, and say what came of it."""

import json
import secrets
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mtjlab.cli.execution import carry_out
from mtjlab.cli.session import run_session
from mtjlab.core.errors import UsageError
from mtjlab.core.places import bench_name, runs_dir
from mtjlab.runner import OnError, PaceName, Plan, plan


def run(
    protocol: Annotated[
        str,
        typer.Argument(
            metavar="PROTOCOL|SESSION.toml",
            help="Name of a protocol, such as noise_learning; or a session file.",
        ),
    ],
    bench: Annotated[
        str | None, typer.Option(help="Bench file or shipped name [default: twin].")
    ] = None,
    params: Annotated[Path | None, typer.Option(help="TOML file of parameters.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="One parameter; may be repeated. Of a session STEP.NAME=VALUE.",
        ),
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
    pace: Annotated[
        PaceName,
        typer.Option(help="realtime: a simulated bench takes as long as a real one would."),
    ] = "virtual",
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STEP", help="Of a session: begin here, earlier steps as they are."
        ),
    ] = None,
    go_on: Annotated[
        bool, typer.Option("--resume", help="Of a session: keep what is done, go on from there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Run a protocol on a bench and leave one run file; or a session, one for each step."""
    if protocol.endswith(".toml"):
        if params is not None:
            raise UsageError("--params is for one protocol; a session file has its own parameters")
        run_session(
            Path(protocol),
            bench=bench,
            seed=seed,
            settings=settings or [],
            faults=faults,
            runs_dir=None if dry_run else runs_dir(out),
            begin=begin,
            go_on=go_on,
            command=shlex.join(["mtjlab", *sys.argv[1:]]),
            on_error=on_error or what_on_error(as_json),
            pace=pace,
            as_json=as_json,
        )
    if begin is not None or go_on:
        raise UsageError(
            "--from and --resume are for session files; `mtjlab resume RUN` goes on with a run"
        )
    chosen = seed if seed is not None else secrets.randbelow(2**31)
    named = bench_name(bench)

    def planned() -> Plan:
        settled = plan(
            protocol,
            named,
            parameters_file=params,
            faults_file=faults,
            settings=settings or (),
            seed=chosen,
            runs_dir=None if dry_run else runs_dir(out),
            command=shlex.join(["mtjlab", *sys.argv[1:]]),
            on_error=on_error or what_on_error(as_json),
        )
        return replace(settled, pace=pace)

    carry_out(
        planned,
        protocol=protocol,
        bench=named,
        seed=chosen,
        as_json=as_json,
        before=_print_parameters if dry_run else lambda _screen, _plan: None,
    )


def _print_parameters(screen: Console, planned: Plan) -> None:
    screen.print(f"parameters of {planned.protocol_name}, resolved:", markup=False)
    for name, value in planned.params.model_dump().items():
        screen.print(f"  {name} = {json.dumps(value)}", markup=False)


def what_on_error(as_json: bool) -> OnError:
    """Somebody who sits there is waited for; a script is told."""
    return "pause" if sys.stdin.isatty() and not as_json else "fail"
