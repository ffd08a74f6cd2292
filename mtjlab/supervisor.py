"""Outlives the application and makes its bench safe when it has died.

`python -m mtjlab.supervisor`, started by `bench.watch` in a session of its own before any output
can go on. One JSON line on standard input says who the parent is and what the bench is; `ready`
answers it. Then come lines:

    lease SECONDS   an output may be on; the parent will speak again within this time
    free            everything is off
    bye             the bench was closed in order: leave, and touch nothing

It opens no instrument while the parent uses them. It acts when the parent dies or closes the bench
without a goodbye (its process descriptor or the end of the pipe says so), or lets a lease run out,
in which case the parent is killed first: that frees instruments that take one client only. A
parent that never held a lease has switched nothing on, and nothing is touched.
"""

import contextlib
import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from mtjlab.bench.file import LoadedBench, parse
from mtjlab.bench.open import OpenBench
from mtjlab.core import plugins
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators

# Between tries on an instrument that does not answer: short at first, then once in this time.
_FIRST_PAUSE_S = 0.025
_LONGEST_PAUSE_S = 5.0
# The first tries wait no longer than this for a reply; an instrument that needs more gets it later.
_HURRIED_TRIES, _HURRIED_S = 4, 0.3
# Later than this somebody may be using the instrument again, and must not be interfered with.
_TRIES_FOR_S = 600.0
# Selectors move after the sources are proved off, or after this time without proof.
_SOURCES_FIRST_S = 1.0
_KILLED_WITHIN_S = 2.0

DEAD = "the application has died, or left an output on"
HUNG = "the application has not renewed its lease and was killed"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ward:
    """Whom to watch and what to make safe.

    Attributes:
        pid: of the application.
        loaded: its bench.
        log: file that every word is appended to as well; None for none.
    """

    pid: int
    loaded: LoadedBench
    log: Path | None

    @classmethod
    def read(cls, line: str) -> "Ward":
        """From the first line on the pipe."""
        told = json.loads(line)
        loaded = parse(told["bench"], source=told["source"])
        return cls(int(told["pid"]), loaded, Path(told["log"]) if told["log"] else None)


class Pipe:
    """Lines from the parent; its end, or the parent's, ends them."""

    def __init__(self, stream: TextIO) -> None:
        self._fd = stream.fileno()
        self._pending = b""

    def line(self, parent_fd: int | None, timeout_s: float | None) -> str | None:
        """The next line; `""` when the parent is gone, None when the time is up."""
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        watched = [self._fd] if parent_fd is None else [self._fd, parent_fd]
        while b"\n" not in self._pending:
            rest_s = None if until_s is None else max(0.0, until_s - time.monotonic())
            readable, _, _ = select.select(watched, [], [], rest_s)
            if not readable:
                return None
            # What the parent said last counts, also when it is dead: a `bye` is a `bye`.
            piece = os.read(self._fd, 65536) if self._fd in readable else b""
            if not piece:
                return ""
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode("utf-8", "replace").strip()


def main() -> int:
    """Watch until the parent says goodbye, dies or hangs; returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pipe = Pipe(sys.stdin)
    first = pipe.line(None, None)
    if not first:
        return 0
    ward = Ward.read(first)
    parent_fd = _descriptor(ward.pid)
    _load_drivers(ward.loaded)
    print("ready", flush=True)
    why = _watch(pipe, parent_fd)
    if why is None:
        return 0
    _end(ward.pid, parent_fd, hung=why is HUNG)

    def say(text: str) -> None:
        _say(ward.log, text)

    say(f"{ward.loaded.file.name}: {why}; making the bench safe")
    make_safe(ward.loaded, say)
    return 0


def _watch(pipe: Pipe, parent_fd: int | None) -> str | None:
    """Why the bench must be made safe now; None if it need not."""
    energised = False
    until_s: float | None = None
    while True:
        line = pipe.line(parent_fd, None if until_s is None else until_s - time.monotonic())
        if line is None:
            return HUNG
        word, _, rest = line.partition(" ")
        if word == "bye":
            return None
        if word == "":
            return DEAD if energised else None
        if word == "lease":
            energised, until_s = True, time.monotonic() + float(rest)
        elif word == "free":
            until_s = None


def make_safe(loaded: LoadedBench, say: Say) -> None:
    """Every instrument to 0 V and off, read back; tries for ten minutes until it is proved.

    Each instrument has a thread: one that does not answer delays no other.
    """
    selectors = _selectors(loaded)
    # What is only recorded has nothing to switch off.
    sources = [
        name
        for name, entry in loaded.file.instruments.items()
        if name not in selectors and not entry.recorded
    ]
    threads = [_in_thread(loaded, name, say) for name in sources]
    until_s = time.monotonic() + _SOURCES_FIRST_S
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    threads += [_in_thread(loaded, name, say) for name in selectors]
    for thread in threads:
        thread.join()


def _selectors(loaded: LoadedBench) -> list[str]:
    """Instruments that switch, by what their driver class can do."""
    found = []
    for name, entry in loaded.file.instruments.items():
        with contextlib.suppress(BenchError):
            if hasattr(plugins.load("drivers", entry.plugin, error=BenchError), "open_all"):
                found.append(name)
    return found


def _in_thread(loaded: LoadedBench, name: str, say: Say) -> threading.Thread:
    thread = threading.Thread(target=_until_safe, args=(loaded, name, say), name=f"safe {name}")
    thread.start()
    return thread


def _until_safe(loaded: LoadedBench, name: str, say: Say) -> None:
    said = ""
    until_s = time.monotonic() + _TRIES_FOR_S
    for attempt, pause_s in enumerate(_pauses()):
        try:
            with OpenBench(
                _hurried(loaded, name) if attempt < _HURRIED_TRIES else loaded,
                generators=Generators(0),
                notice=lambda _level, _text: None,
                only=(name,),
                watched=False,
            ) as bench:
                bench.make_safe()
            say(f"{name}: 0 V and off, read back")
            return
        except Exception as error:
            words = f"{name}: NOT PROVED SAFE: {error}"
            if words != said:
                say(f"{words}. Trying again")
            said = words
        if time.monotonic() > until_s:
            say(f"{name}: GIVEN UP, NOT PROVED SAFE. Go to the rack and switch it off by hand")
            return
        time.sleep(pause_s)


def _hurried(loaded: LoadedBench, name: str) -> LoadedBench:
    """The same bench with a short wait for replies: what a death has cost is soon asked again."""
    entry = loaded.file.instruments[name]
    kind: Any = plugins.load("drivers", entry.plugin, error=BenchError)
    if "timeout_s" not in kind.options_model.model_fields:
        return loaded
    changed = entry.model_copy(update={"options": entry.options | {"timeout_s": _HURRIED_S}})
    instruments = loaded.file.instruments | {name: changed}
    return replace(loaded, file=loaded.file.model_copy(update={"instruments": instruments}))


def _pauses() -> Iterator[float]:
    pause_s = _FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)


def _end(pid: int, parent_fd: int | None, *, hung: bool) -> None:
    """Kill a hung parent, and its forks in any case, and wait until they are gone.

    A fork holds the parent's sockets, and instruments that take one client only stay closed to us
    while it lives. It is known by the pipe that it inherited; a number alone may belong to a
    stranger by now.
    """
    doomed = _holders(sys.stdin.fileno())
    if hung:
        doomed.add(pid)
    for process in doomed:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)
    # One that closed its bench with an output on may live, and has closed its links.
    if hung and parent_fd is not None:
        _gone(parent_fd, _KILLED_WITHIN_S)


def _holders(fd: int) -> set[int]:
    """Other processes that have the pipe behind `fd` open; Linux only, elsewhere none."""
    found = set()
    try:
        inode = f"pipe:[{os.fstat(fd).st_ino}]"
        processes = [int(entry) for entry in os.listdir("/proc") if entry.isdecimal()]
    except OSError:
        return set()
    for process in processes:
        if process == os.getpid():
            continue
        with contextlib.suppress(OSError):
            folder = f"/proc/{process}/fd"
            if any(os.readlink(f"{folder}/{entry}") == inode for entry in os.listdir(folder)):
                found.add(process)
    return found


def _descriptor(pid: int) -> int | None:
    """A descriptor that becomes readable when the process dies; None where there is none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _gone(parent_fd: int, within_s: float) -> bool:
    return bool(select.select([parent_fd], [], [], within_s)[0])


def _load_drivers(loaded: LoadedBench) -> None:
    """Import now what would cost a fifth of a second after a death."""
    for entry in loaded.file.instruments.values():
        with contextlib.suppress(BenchError):
            kind: Any = plugins.load("drivers", entry.plugin, error=BenchError)
            getattr(kind, "preload", lambda: None)()


def _say(log: Path | None, text: str) -> None:
    line = f"mtjlab supervisor: {text}"
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
    if log is not None:
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


if __name__ == "__main__":
    sys.exit(main())
