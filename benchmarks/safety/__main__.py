"""`make safety`: the kill matrix, written into docs/safety.md.

Every cell is DEATHS x INSTRUMENTS, so many times at a seeded random moment: the bench is served in
another process, the victim is killed, and an independent client waits for the output to be off.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

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
}
_OWN = {"os._exit": "exit", "exception in the protocol": "protocol"}
_OWN["exception in the shutdown"] = "shutdown"
SAFE_WITHIN_S = 2.0
# How long a witness goes on looking before it calls a cell a miss.
_LOOK_S = 20.0
_PAGE = Path("docs/safety.md")
_BEGIN, _END = "<!-- kill matrix -->", "<!-- end of kill matrix -->"


@contextmanager
def victim(served: Served, death: str, delay_s: float) -> Iterator[subprocess.Popen[str]]:
    with tempfile.TemporaryDirectory() as runs:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.safety.victim"),
                *(str(served.bench), runs, _OWN.get(death, "none"), str(delay_s)),
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
        if number is None:
            _expect(process, "dying")
        else:
            time.sleep(delay_s)
            os.kill(process.pid, number)
        since_s = time.monotonic()
        took_s = seconds_until_safe(ask, since_s, _LOOK_S)
        if took_s is not None and number is signal.SIGSTOP:
            return max(0.0, took_s - LEASE_S)
        return took_s


def _expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if line != word:
        raise RuntimeError(f"the victim said {line!r}; expected {word!r}")


def cell(served: Served, ask: Ask, death: str, times: int, seed: int) -> list[float | None]:
    rng = np.random.default_rng([seed, sorted(DEATHS).index(death)])
    return [one(served, ask, death, float(rng.uniform(0.0, 0.3))) for _ in range(times)]


def table(results: dict[str, dict[str, list[float | None]]], times: int, seed: int) -> str:
    names = list(results)
    lines = [
        f"{times} random moments each, seed {seed}; the longest time until an independent client "
        f"read 0 and off, in seconds (for SIGSTOP after the lease of {LEASE_S:g} s has run out); "
        f"a time above {SAFE_WITHIN_S:g} s or no proof within {_LOOK_S:g} s is a miss.",
        "",
        f"| | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for death in DEATHS:
        cells = []
        for name in names:
            took = results[name].get(death, [])
            missed = sum(1 for t in took if t is None or t > SAFE_WITHIN_S)
            worst = max((t for t in took if t is not None), default=float("nan"))
            cells.append(f"{worst:.2f} s, {missed} missed of {len(took)}" if took else "-")
        lines.append(f"| {death} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(text: str, page: Path) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", encoding="utf-8")


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.safety", description=__doc__)
    options.add_argument("--times", type=int, default=25)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", nargs="*", choices=sorted(BENCHES), default=sorted(BENCHES))
    options.add_argument("--deaths", nargs="*", choices=sorted(DEATHS), default=list(DEATHS))
    options.add_argument("--json", type=Path, help="write every time here")
    options.add_argument("--page", type=Path, default=_PAGE)
    given = options.parse_args()
    results: dict[str, dict[str, list[float | None]]] = {}
    say: Callable[[str], None] = lambda text: print(text, flush=True)
    for name in given.only:
        results[BENCHES[name].title] = {}
        for death in given.deaths:
            with serve(name) as served:
                took = cell(served, served.ask, death, given.times, given.seed)
            results[BENCHES[name].title][death] = took
            missed = sum(1 for t in took if t is None or t > SAFE_WITHIN_S)
            say(f"{name:12} {death:26} {missed} missed of {len(took)}, {took}")
    text = table(results, given.times, given.seed)
    print(text)
    if given.json is not None:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    if given.page.exists():
        write(text, given.page)
    missed = sum(
        1
        for row in results.values()
        for took in row.values()
        for t in took
        if t is None or t > SAFE_WITHIN_S
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
