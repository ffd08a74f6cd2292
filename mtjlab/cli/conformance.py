"""`mtjlab check --conformance`: does every instrument do what its driver promises?"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.table import Table

from mtjlab.bench.conformance import Subject, judge, subjects
from mtjlab.bench.file import LoadedBench
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import Aborted, InstrumentError, UsageError
from mtjlab.core.generators import Generators
from mtjlab.testing.verdict import Verdict

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def check_conformance(loaded: LoadedBench, *, yes: bool) -> None:
    """Say what will be done, ask, do it, print a table, and end safe.

    Raises:
        UsageError: nobody can be asked; Aborted: the answer was no, or a signal came.
        InstrumentError: a check failed, or an output was found on.
        NotSafeError: the bench could not be made safe afterwards.
    """
    screen = Console(highlight=False, soft_wrap=True)

    def notice(level: str, text: str) -> None:
        screen.print(f"{level}: {text}", markup=False)

    with OpenBench(loaded, generators=Generators(0), notice=notice) as bench:
        if bench.found_on:
            raise InstrumentError(
                f"{', '.join(bench.found_on)}: found on, so nothing was tried. Somebody may be "
                "measuring; `mtjlab safe` switches it off"
            )
        found = subjects(bench)
        for subject in found:
            said = f"left alone: {subject.reason}" if subject.reason else subject.plan
            screen.print(f"{subject.name}: {said}", markup=False)
        _ask(yes=yes)
        with _ending_safe(bench):
            verdicts = [(subject, judge(bench, subject)) for subject in found]
    failed = _print(screen, loaded, verdicts)
    count = sum(len(of) for _, of in verdicts)
    if failed:
        raise InstrumentError(f"{failed} of {count} conformance checks failed")
    screen.print(f"{count} checks passed; everything is at 0 V and off, read back")


def _ask(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "--conformance energises outputs and there is no terminal to ask at; add --yes"
        )
    if not typer.confirm("Outputs will go on. Is everybody away from the chip, and go on?"):
        raise Aborted("nothing was energised")


@contextmanager
def _ending_safe(bench: OpenBench) -> Iterator[None]:
    """Signals end the block as Ctrl-C does; nothing interrupts the safe state behind it."""

    def leave(number: int, _frame: object) -> None:
        bench.abort()
        raise Aborted(f"ended by signal {signal.Signals(number).name}")

    before = [signal.signal(number, leave) for number in _ENDINGS]
    try:
        yield
    finally:
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        try:
            bench.make_safe()
        finally:
            for number, handler in zip(_ENDINGS, before, strict=True):
                signal.signal(number, handler)


def _print(
    screen: Console, loaded: LoadedBench, verdicts: list[tuple[Subject, list[Verdict]]]
) -> int:
    """The table; how many failed."""
    table = Table(title=f"conformance of bench {loaded.file.name}", title_justify="left")
    for column in ("instrument", "check", "verdict", "note"):
        table.add_column(column)
    for subject, of in verdicts:
        if subject.reason:
            table.add_row(subject.name, "", "left alone", subject.reason)
        for verdict in of:
            words = verdict.check.strip("_").removeprefix("check_").replace("_", " ")
            table.add_row(
                subject.name, words, "bad" if verdict.fault else "ok", verdict.fault or ""
            )
    screen.print(table)
    return sum(verdict.fault is not None for _, of in verdicts for verdict in of)
