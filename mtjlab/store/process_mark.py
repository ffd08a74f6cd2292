"""Which process writes a run file, in words that a reader can check later."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessMark:
    """A process, told apart from a later one that got the same number.

    Attributes:
        host: name of the computer.
        boot: id of its last start; empty where the system does not tell.
        namespace: process numbers are unique within it (containers have their own).
        pid: process number.
        started_ticks: when it started, clock ticks after boot; 0 where not known.
    """

    host: str
    boot: str
    namespace: str
    pid: int
    started_ticks: int

    @classmethod
    def here(cls) -> Self:
        """The process that asks."""
        pid = os.getpid()
        return cls(platform.node(), _boot(), _namespace(), pid, _started_ticks(pid) or 0)

    def alive(self) -> bool | None:
        """Whether the process still runs; None where that cannot be known from here."""
        if self.host != platform.node():
            return None
        if self.boot and _boot() and self.boot != _boot():
            return False
        if self.namespace != _namespace():
            return None
        if self.started_ticks:
            return _started_ticks(self.pid) == self.started_ticks
        return _answers(self.pid)

    def to_text(self) -> str:
        """As kept in the run file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The mark kept in a run file."""
        return cls(**json.loads(text))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _boot() -> str:
    return _read(_PROC / "sys/kernel/random/boot_id").strip()


def _namespace() -> str:
    try:
        return os.readlink(_PROC / "self/ns/pid")
    except OSError:
        return ""


def _started_ticks(pid: int) -> int | None:
    """Start time of a live process on Linux; None if it is gone, or only waits to be buried."""
    # The program's name, in brackets, may itself hold spaces and brackets.
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    if len(fields) < 20 or fields[0] in ("Z", "X"):
        return None
    return int(fields[19])


def _answers(pid: int) -> bool | None:
    if os.name != "posix":
        # On Windows os.kill(pid, 0) would end the process instead of asking for it.
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
