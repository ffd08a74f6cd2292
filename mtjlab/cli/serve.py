"""`mtjlab serve`: a simulated bench for other programs, until it is told to stop."""

import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from mtjlab.bench.file import load
from mtjlab.core.generators import Generators
from mtjlab.core.places import bench_name

if TYPE_CHECKING:
    from mtjlab.bench.serve import BenchServer

_ENDED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Whoever makes a bench safe after the program that started this server has died needs no longer
# between two commands, and not so long in all.
_ABANDONED_S = 15.0
_LONGEST_S = 600.0


def serve(
    bench: Annotated[str | None, typer.Argument(help="Bench file or shipped name.")] = None,
    write_bench: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a bench file of the served instruments."),
    ] = None,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    seed: Annotated[int, typer.Option(min=0, help="Seed of this world's noise.")] = 0,
    faults: Annotated[
        Path | None, typer.Option(help="TOML file of [[twin.scenario]] tables.")
    ] = None,
    as_child: Annotated[bool, typer.Option("--as-child", hidden=True)] = False,
) -> None:
    """Serve a bench's twin on this machine, in real time, until Ctrl-C."""
    # The simulator takes a second to import: only who serves waits for it.
    from mtjlab.bench.serve import BenchServer

    loaded = load(bench_name(bench), faults=faults)
    told = _Told()
    with BenchServer(loaded, generators=Generators(seed), host=host) as server:
        if write_bench is not None:
            server.write_bench(write_bench)
        for name, resource in server.resources.items():
            print(name, resource)
        print("ready", flush=True)
        told.wait(server if as_child else None)


class _Told:
    """Waits for a signal; a child also for the end of its standard input."""

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()
        for number in _ENDED_BY:
            signal.signal(number, self._signalled)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        os.write(self._tell, b"!")

    def wait(self, served: "BenchServer | None") -> None:
        if served is None:
            os.read(self._told, 1)
            return
        readable, _, _ = select.select([self._told, sys.stdin], [], [])
        if self._told in readable:
            return
        # Its parent is gone, and perhaps the parent's supervisor still needs the instruments.
        until_s = time.monotonic() + _LONGEST_S
        while time.monotonic() < until_s:
            left_s = _ABANDONED_S - served.clock.idle_s()
            if left_s <= 0 or select.select([self._told], [], [], left_s)[0]:
                return
