"""`mtjlab show`: what a run file says, whatever became of the run; what is in a recording."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.results import plain, results_table
from mtjlab.core.errors import ParameterError
from mtjlab.core.places import runs_dir
from mtjlab.core.units import parse_quantity
from mtjlab.store import RunReader, find_run
from mtjlab.store.traces import is_recording


def show(
    run: Annotated[
        str, typer.Argument(help="Run file, run id, or latest; or a recording: file or folder.")
    ] = "latest",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    interval: Annotated[
        str | None,
        typer.Option("--interval", help="Between samples of a recording, as in 5us."),
    ] = None,
) -> None:
    """Show status, results, streams and log of a run, or what is in a recording."""
    if is_recording(run):
        # The estimators compile: only who looks at a recording waits for them.
        from mtjlab.cli.show_trace import show_trace

        given_s = None if interval is None else parse_quantity(interval, "s")
        show_trace(run, given_s, as_json=as_json)
        return
    if interval is not None:
        raise ParameterError(f"--interval is for recordings; {run!r} is a run, which knows its own")
    with RunReader.open(find_run(runs_dir(), run)) as reader:
        if as_json:
            typer.echo(json.dumps(plain(_summary(reader))))
            return
        screen = Console(highlight=False, soft_wrap=True)
        header = reader.header
        twin = " (simulated twin)" if header.twin else ""
        screen.print(f"{reader.path}", markup=False)
        screen.print(
            f"{header.protocol} on bench {header.bench}{twin}, seed {header.seed}, "
            f"started {header.started:%Y-%m-%d %H:%M:%S} UTC: {reader.status_text}",
            markup=False,
        )
        if reader.results:
            screen.print(results_table("results", reader.results))
            for note in reader.results.get("notes", ()):
                screen.print(f"note: {note}", markup=False)
        table = Table(title="streams", title_justify="left", pad_edge=False)
        for column in ("stream", "rows", "row shape", "unit", "about"):
            table.add_column(column)
        for stream in reader.streams.values():
            rows = str(reader.committed[stream.name])
            table.add_row(stream.name, rows, str(stream.shape), stream.unit, stream.about)
        screen.print(table)
        for entry in reader.log():
            screen.print(f"{entry.bench_time_s:10.3f} s  {entry.level}: {entry.text}", markup=False)


def _summary(reader: RunReader) -> dict[str, object]:
    header = reader.header
    return {
        "run_file": str(reader.path),
        "run_id": header.run_id,
        "protocol": header.protocol,
        "bench": header.bench,
        "twin": header.twin,
        "seed": header.seed,
        "status": reader.status,
        "error": reader.error,
        "parameters": header.parameters,
        "results": reader.results,
        "streams": dict(reader.committed),
    }
