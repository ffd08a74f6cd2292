"""`mtjlab find`: which instruments are there, before there is a bench file."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.bench.answers import Answers, instruments_of
from mtjlab.bench.drafted import draft, mistakes_of
from mtjlab.bench.file import load
from mtjlab.bench.search import Search, named
from mtjlab.core.errors import NotFound, UsageError
from mtjlab.core.found import Findings, Found


def find(
    resources: Annotated[
        list[str] | None,
        typer.Argument(help="Only these; also some that nobody lists, such as a TCP socket."),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask", help="Ask each who it is; a serial line only when it is named."),
    ] = False,
    bench: Annotated[
        str | None, typer.Option(help="Look at the instruments of this simulated bench.")
    ] = None,
    library: Annotated[str, typer.Option(help="VISA library, such as @py.")] = "",
    timeout: Annotated[
        float, typer.Option(min=0.01, max=60.0, help="Longest wait for an answer, s.")
    ] = 1.0,
    baud: Annotated[int, typer.Option(min=50, help="Of the serial lines named.")] = 115200,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the beginning of a bench file; to be filled in."),
    ] = None,
) -> None:
    """List VISA resources, serial ports and NI boards. Sends nothing to them without --ask."""
    _demand_new(write)
    place = Search(
        None if bench is None else load(bench), library=library, timeout_s=timeout, baud=baud
    )
    findings = _chosen(place.find(), resources or [])
    if ask:
        everyone = [
            place.ask(one) if resources or one.kind != "serial" else one for one in findings.found
        ]
        findings = replace(findings, found=tuple(everyone))
    screen = Console(highlight=False, soft_wrap=True)
    _show(screen, place, findings, asked=ask)
    if write is not None:
        _write(screen, write, findings, twin=place.twin)
    silent = [one for one in findings.found if one.silent and resources]
    if silent:
        raise NotFound("; ".join(f"{one.resource}: {one.silent}" for one in silent))


def _chosen(findings: Findings, resources: list[str]) -> Findings:
    if not resources:
        return findings
    listed = {one.resource.upper(): one for one in findings.found}
    wanted = (named(text) for text in dict.fromkeys(resources))
    return replace(findings, found=tuple(listed.get(w.resource.upper(), w) for w in wanted))


def _show(screen: Console, place: Search, findings: Findings, *, asked: bool) -> None:
    table = Table(title=f"instruments on {place.where}", title_justify="left")
    for column in ("", "resource", "what is known", "driver"):
        table.add_column(column, overflow="fold")
    for one in findings.found:
        table.add_row(one.kind, one.resource, one.told, _driver(one))
    screen.print(table)
    for sentence in findings.unseen:
        screen.print(f"not looked: {sentence}", markup=False)
    if not findings.found:
        screen.print(
            "nothing is listed. Check power and cables, and whether NI-VISA or another VISA "
            "library is installed"
        )
    if not asked:
        screen.print("nothing was sent to an instrument; --ask asks who they are")
    elif any(one.kind == "serial" and not one.answer and not one.silent for one in findings.found):
        screen.print("serial lines were not asked: name one to ask it")


def _driver(one: Found) -> str:
    if one.drivers:
        return " or ".join(one.drivers)
    return "none here" if one.answer else ""


def _demand_new(path: Path | None) -> None:
    if path is not None and path.exists():
        raise UsageError(f"{path} exists and is not overwritten; give another name, or remove it")


def _write(screen: Console, path: Path, findings: Findings, *, twin: bool) -> None:
    known = [one for one in findings.found if one.drivers]
    answers = Answers(name=path.stem, instruments=tuple(instruments_of(known)), twin=twin)
    beside = [f"{one.resource}: {one.told}" for one in findings.found if not one.drivers]
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(draft(answers, beside=beside))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    left = len(mistakes_of(answers))
    screen.print(
        f"{path}: {len(known)} instruments; {left} things to fill in. Then: mtjlab check {path}",
        markup=False,
    )
