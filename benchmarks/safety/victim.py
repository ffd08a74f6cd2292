"""The program that is killed: holds an output on a served bench until something happens to it.

`python -m benchmarks.safety.victim BENCH RUNS DEATH SECONDS` prints `on` once the output is on, and
`dying` just before it does something to itself: `os._exit`, an exception in the protocol, or one
in the shutdown of the driver. Signals come from outside.
"""

import os
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from mtjlab.bench.file import load
from mtjlab.cli.signals import Signals, execute
from mtjlab.core.interfaces import SourceSettings
from mtjlab.core.parameters import Parameters
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.runner import Plan

LEVEL_V = 0.1


class Nothing(Parameters):
    """No parameters."""


class Hold:
    """Keeps every source at 0.1 V and measures, or writes outputs to and fro, for ever."""

    parameters = Nothing

    def __init__(self, death: str, seconds: float) -> None:
        self.death, self.seconds = death, seconds
        self.until_s = float("inf")

    def resolve(self, params: Nothing) -> Nothing:
        return params

    def twin_overrides(self, params: Nothing) -> dict[str, Any]:
        return {}

    def streams(self, params: Nothing, rig: Rig) -> list[Stream]:
        return [Stream("level", "f8", (), "V", "of the output")]

    def setup(self, rig: Rig, params: Nothing) -> None:
        for source in rig.sources.values():
            source.configure(SourceSettings("voltage", 0.2, 1e-5, nplc=0.01))
            source.output(True)
            source.set_level(LEVEL_V)
        for name, daq in rig.daqs.items():
            daq.write(dict.fromkeys(rig.wiring.outputs(name), LEVEL_V))
        if self.death == "shutdown":
            _break_shutdown()
        print("on", flush=True)
        self.until_s = time.monotonic() + self.seconds
        if self.death == "exit":
            threading.Timer(self.seconds, _exit).start()

    def steps(
        self, rig: Rig, params: Nothing, state: State | None
    ) -> Generator[Progress, None, Results]:
        step = 0
        while True:
            for source in rig.sources.values():
                source.measure()
            for name, daq in rig.daqs.items():
                level_v = LEVEL_V * (1 + step % 2) / 2
                daq.write(dict.fromkeys(rig.wiring.outputs(name), level_v))
                time.sleep(1e-3)
            rig.emit_row("level", LEVEL_V)
            step += 1
            yield Progress({"step": step}, step, step + 1, {})
            if time.monotonic() > self.until_s and self.death in ("protocol", "shutdown"):
                print("dying", flush=True)
                raise RuntimeError("the protocol fails here, as it was told to")


class HoldForEver(Hold):
    """The same for a window, which makes it without arguments."""

    def __init__(self) -> None:
        super().__init__("none", float("inf"))


def _exit() -> None:
    print("dying", flush=True)
    os._exit(17)


def _break_shutdown() -> None:
    def broken(self: object) -> None:
        raise RuntimeError("the shutdown fails here, as it was told to")

    for name, module in tuple(sys.modules.items()):
        if name.startswith("drivers."):
            for value in vars(module).values():
                if isinstance(value, type) and hasattr(value, "shutdown"):
                    cast(Any, value).shutdown = broken


def main() -> int:
    bench, runs, death, seconds = sys.argv[1:5]
    protocol = Hold(death, float(seconds))
    plan = Plan("hold", protocol, Nothing(), load(bench), 1, Path(runs))
    with Signals(quiet=True) as signals:
        outcome = execute(plan, signals, quiet=True)
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
