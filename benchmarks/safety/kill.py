"""The kill matrix: a bench served in another process, a victim that is killed, a witness."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.safety import window
from benchmarks.safety.benches import BENCHES, Served, serve
from benchmarks.safety.witness import Ask, seconds_until_safe
from mtjlab.bench.watch import LEASE_S

# Death -> the signal that brings it; None: the victim does it to itself.
DEATHS: dict[str, signal.Signals | None] = {
    "SIGINT": signal.SIGINT,
    "SIGTERM": signal.SIGTERM,
    "SIGKILL": signal.SIGKILL,
    "os._exit": None,
    "SIGSTOP": signal.SIGSTOP,
    "exception in the protocol": None,
    "exception in the shutdown": None,
    "GUI close": None,
    "GUI killed": signal.SIGKILL,
    "GUI and its run killed": signal.SIGKILL,
}
_WINDOW = ("GUI close", "GUI killed", "GUI and its run killed")
_OWN = {"os._exit": "exit", "exception in the protocol": "protocol"}
_OWN["exception in the shutdown"] = "shutdown"
SAFE_WITHIN_S = 2.0
# A victim that ends itself first lets the witness see that its output is on.
_LOOK_FIRST_S = 0.7
# How long a witness goes on looking before it calls a cell a miss.
_LOOK_S = 20.0


@contextmanager
def victim(served: Served, death: str, delay_s: float) -> Iterator[subprocess.Popen[str]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as runs:
        if death in _WINDOW:
            process = window.begun(served.bench, runs)
            try:
                yield process
            finally:
                process.kill()
                process.communicate()
            return
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.safety.victim"),
                *(str(served.bench), runs, _OWN.get(death, "none"), str(delay_s + _LOOK_FIRST_S)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def one(served: Served, ask: Ask, death: str, delay_s: float) -> float | None:
    """Seconds from the death (of the lease, for SIGSTOP) until safe; None for a miss."""
    with victim(served, death, delay_s) as process:
        assert process.stdout is not None
        _expect(process, "on")
        on, level = ask()
        if not on:
            raise RuntimeError(f"{served.name}: the output is not on before {death}: {level} V")
        number = DEATHS[death]
        if death == "GUI close":
            assert process.stdin is not None
            time.sleep(delay_s)
            process.stdin.write("close\n")
            process.stdin.flush()
        elif number is None:
            _expect(process, "dying")
        else:
            time.sleep(delay_s)
            both = death == "GUI and its run killed"
            for each in (process.pid, *(_children(process.pid) if both else ())):
                os.kill(each, number)
        since_s = time.monotonic()
        took_s = seconds_until_safe(ask, since_s, _LOOK_S)
        if took_s is not None and number is signal.SIGSTOP:
            return max(0.0, took_s - LEASE_S)
        return took_s


def _children(pid: int) -> list[int]:
    """Of a window: its run, and the process that waits for the next; not their supervisors."""
    lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for found in lists for child in found.split()]


def _expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if line != word:
        raise RuntimeError(f"the victim said {line!r}; expected {word!r}")


def missed(took: list[float | None]) -> int:
    """How many were not proved safe in time."""
    return sum(1 for t in took if t is None or t > SAFE_WITHIN_S)


def cell(name: str, death: str, times: int, seed: int) -> list[float | None]:
    """One death of one instrument, so many times at a random moment, on one served bench."""
    rng = np.random.default_rng([seed, sorted(DEATHS).index(death)])
    with serve(name) as served:
        return [one(served, served.ask, death, float(rng.uniform(0.0, 0.3))) for _ in range(times)]


def table(results: dict[str, dict[str, list[float | None]]], times: int, seed: int) -> str:
    """In Markdown; `results` by instrument and death."""
    titles = [BENCHES[name].title for name in results]
    lines = [
        f"{times} random moments each, seed {seed}; the longest time until an independent client "
        f"read 0 and off, in seconds (for SIGSTOP after the lease of {LEASE_S:g} s has run out). "
        f"More than {SAFE_WITHIN_S:g} s is a miss.",
        "",
        f"| | {' | '.join(titles)} |",
        f"|---|{'---|' * len(titles)}",
    ]
    for death in DEATHS:
        cells = []
        for took in (row.get(death, []) for row in results.values()):
            worst = max((t for t in took if t is not None), default=float("nan"))
            cells.append(f"{worst:.2f} s, {missed(took)} of {len(took)} missed" if took else "-")
        lines.append(f"| {death} | {' | '.join(cells)} |")
    return "\n".join(lines)
