"""`mtjlab safe`: everything on a bench to 0 V and off, read back, by hand."""

import signal
from typing import Annotated

import typer

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import Channel, Daq
from mtjlab.core.places import bench_name


def safe(
    bench: Annotated[str | None, typer.Argument(help="Bench file or shipped name.")] = None,
) -> None:
    """Make a bench safe and prove it by read-back; exit 6 if it cannot be proved."""

    def notice(level: str, text: str) -> None:
        typer.echo(f"{level}: {text}", err=True)

    with OpenBench(
        load(bench_name(bench)),
        generators=Generators(0),
        notice=notice,
        as_many_as_possible=True,
        watched=False,
    ) as opened:
        # From here on nothing may interrupt: half a ramp is not safe.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for made in opened.make_safe():
            typer.echo(f"{made.name}: {_words(opened, made.name)}")


def _words(opened: OpenBench, name: str) -> str:
    """Only what was read back is claimed; a board's outputs that nothing is wired to are not."""
    if isinstance(opened.instruments.get(name), Channel):
        return "only read"
    if isinstance(opened.instruments.get(name), Daq) and not opened.wiring.outputs(name):
        return "no wired outputs"
    return "0 V and off, read back"
