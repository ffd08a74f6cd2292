"""`mtjlab analyse`: what the traces of a run, or a recording, tell and do not tell."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.cli.results import plain
from mtjlab.core.errors import DataError, UsageError
from mtjlab.core.places import runs_dir
from mtjlab.core.units import parse_quantity, si
from mtjlab.store import RunReader, cell, find_run
from mtjlab.store.junction_traces import JunctionTrace, junction_traces
from mtjlab.store.traces import is_recording, open_trace

if TYPE_CHECKING:
    from mtjlab.analysis.estimate import Estimate
    from mtjlab.analysis.trace_report import TraceReport

# At least so many samples are a trace.
_FEWEST = 10
# Junctions in the picture; each has a row of panels.
_MOST_DRAWN = 4
_NARROW = 1e-3
# Units by the end of a name.
_UNITS = (("_v2_per_hz", "V^2/Hz"), ("_hz", "Hz"), ("_v", "V"), ("_s", "s"))


@dataclass(frozen=True)
class Analysed:
    """A trace and its report; without one, why."""

    trace: JunctionTrace
    report: "TraceReport | None"
    reason: str = ""


def analyse(
    run: Annotated[
        str, typer.Argument(help="Run file, run id, or latest; or a recording: file or folder.")
    ] = "latest",
    junction: Annotated[str | None, typer.Option(help="Only this junction, such as 3,14.")] = None,
    samples: Annotated[
        int, typer.Option(min=_FEWEST, help="Most samples of each trace.")
    ] = 10_000_000,
    interval: Annotated[
        str | None, typer.Option(help="Between samples, as in 5us, where the file does not say.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="PNG or SVG of the picture [default: beside the run file].")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object; draws only with --out.")
    ] = False,
) -> None:
    """Levels, rates, dwell times, correlation, spectrum, drift and a verdict, with intervals."""
    given_s = None if interval is None else parse_quantity(interval, "s")
    recording = is_recording(run)
    if recording and junction is not None:
        raise UsageError(f"--junction is for runs; {run!r} is a recording of one junction")
    where = Path(run.partition("::")[0]) if recording else find_run(runs_dir(), run)
    traces = (
        _recorded(run, samples, given_s)
        if recording
        else _of_run(where, None if junction is None else cell(junction), samples, given_s)
    )
    found = [_analysed(trace) for trace in traces]
    drawn = None if as_json and out is None else _draw(found, where, out, recording=recording)
    if as_json:
        typer.echo(json.dumps(plain(_told(where, found, drawn))))
        return
    screen = Console(highlight=False, soft_wrap=True)
    screen.print(f"{where}", markup=False)
    for one in found:
        _print(screen, one)
    if drawn is not None:
        screen.print(f"picture: {drawn}", markup=False)


def _recorded(where: str, samples: int, interval_s: float | None) -> Iterator[JunctionTrace]:
    with open_trace(where, interval_s=interval_s) as trace:
        count = min(samples, trace.samples)
        yield JunctionTrace(Path(where).name, None, trace.read(0, count), trace.interval_s)


def _of_run(
    path: Path, wanted: tuple[int, int] | None, samples: int, interval_s: float | None
) -> Iterator[JunctionTrace]:
    with RunReader.open(path) as reader:
        yield from junction_traces(reader, cell=wanted, samples=samples, interval_s=interval_s)


def _analysed(trace: JunctionTrace) -> Analysed:
    # Machine code takes a second to import: only who analyses waits for it.
    from mtjlab.analysis.analyse import analyse_trace
    from mtjlab.store.traces_look import resolution_v

    if len(trace.volts) < _FEWEST:
        return Analysed(trace, None, f"{len(trace.volts)} samples are no trace")
    try:
        report = analyse_trace(
            trace.volts, trace.interval_s, resolution_v=resolution_v(trace.volts)
        )
    except ValueError as error:
        raise DataError(f"trace of {trace.name}: {error}") from error
    return Analysed(trace, report)


def _told(where: Path, found: list[Analysed], drawn: Path | None) -> dict[str, Any]:
    """The object of `--json`."""
    junctions = [
        {
            "name": one.trace.name,
            "junction": one.trace.cell,
            "reason": one.reason or None,
            "left_out": one.trace.note or None,
        }
        | (one.report.as_json() if one.report else {})
        for one in found
    ]
    picture = None if drawn is None else str(drawn)
    return {"analysed": str(where), "picture": picture, "junctions": junctions}


def _draw(found: list[Analysed], where: Path, out: Path | None, *, recording: bool) -> Path | None:
    """Telegraphs first: they have most to show."""
    some = [(one.trace.name, one.trace.volts, one.report) for one in found if one.report]
    if not some:
        return None
    # Matplotlib takes half a second to import: only who draws waits for it.
    from mtjlab.pictures.analysis import analysis_picture

    title = where.name
    if not recording:
        with RunReader.open(where) as reader:
            title += " (simulated twin)" if reader.header.twin else ""
    some.sort(key=lambda one: one[2].verdict != "telegraph")
    beside = where.with_name(f"{where.stem}-analysis.png")
    return analysis_picture(some[:_MOST_DRAWN], out or beside, title=title)


def _print(screen: Console, one: Analysed) -> None:
    if one.report is None:
        screen.print(f"{one.trace.name}: {one.reason}", markup=False)
        return
    report = one.report
    span_s = report.samples * report.interval_s
    table = Table(
        title=f"{one.trace.name}: {report.verdict}; {report.samples} samples, {si(span_s, 's')}",
        title_justify="left",
        pad_edge=False,
    )
    for column in ("", "value", "95 % interval", ""):
        table.add_column(column, overflow="fold")
    table.add_row("transitions", str(report.transitions), "", "")
    for name, estimate in report.estimates.items():
        table.add_row(name, *_words(name, estimate))
    screen.print(table)
    for line in (report.conclusion, *report.notes, *filter(None, [one.trace.note])):
        screen.print(f"  {line}", markup=False)


def _words(name: str, estimate: "Estimate") -> tuple[str, str, str]:
    unit = next((unit for end, unit in _UNITS if name.endswith(end)), "")

    # Both ends of a narrow interval shall differ in what is printed of them.
    narrow = abs(estimate.high - estimate.low) < _NARROW * abs(estimate.value)
    digits = 7 if narrow else 4

    def said(value: float) -> str:
        if not math.isfinite(value):
            return "unbounded"
        return si(value, unit, digits) if unit else f"{value:.{digits}g}"

    value = said(estimate.value) if estimate.known else "none"
    bounded = math.isfinite(estimate.low) or math.isfinite(estimate.high)
    interval = f"{said(estimate.low)} to {said(estimate.high)}" if bounded else ""
    return value, interval, estimate.reason or ""
