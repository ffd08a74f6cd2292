"""The supervisor as the application sees it: started with the bench, told how long to be patient.

While any output may be on, the thread that owns the instruments holds a lease. It renews it as it
works; what takes longer than a lease declares its time first. See `mtjlab.supervisor`.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mtjlab.bench.file import LoadedBench
from mtjlab.core.clock import WallClock
from mtjlab.core.errors import InstrumentError, Unwatched

LEASE_S = 5.0
# Saying it again this often is enough, and keeps the pipe out of a learning step.
_RENEW_EVERY_S = 0.5
_READY_WITHIN_S = 30.0
_LEAVES_WITHIN_S = 5.0


class Watch:
    """One supervisor process. Its lease is in wall time; calls come from any thread."""

    def __init__(self, loaded: LoadedBench, log: Path | None = None) -> None:
        """Start it; `ready` waits until it has imported the drivers.

        Args:
            loaded: the bench it will make safe.
            log: file that its words are appended to; they also go to standard error.
        """
        self._lock = threading.Lock()
        self._until_s = 0.0
        self._said_s = 0.0
        # A session of its own: neither Ctrl-C nor the end of the terminal reaches it. Pipes are
        # closed in every program started from here; only a fork without exec inherits them.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mtjlab.supervisor"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._tell(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "bench": loaded.text,
                    "source": loaded.source,
                    "log": str(log) if log is not None else None,
                }
            )
        )

    def ready(self) -> None:
        """Wait until it watches.

        Raises:
            InstrumentError: it did not start; nothing may be switched on.
        """
        answer: list[bytes] = []
        output = self._process.stdout
        assert output is not None
        reader = threading.Thread(target=lambda: answer.append(output.readline()), daemon=True)
        reader.start()
        reader.join(_READY_WITHIN_S)
        if answer != [b"ready\n"]:
            self._process.kill()
            raise InstrumentError(
                "the supervisor, which makes the bench safe when this program dies, did not start: "
                f"it said {answer[0] if answer else b''!r} and left with "
                f"{self._process.poll()}. Nothing was switched on; see its words above"
            )

    def lease(self, duration_s: float = 0.0) -> None:
        """An output may be on, and what follows may take `duration_s` (s of wall time, >= 0).

        Raises:
            Unwatched: the supervisor is gone; make the bench safe.
        """
        now_s = time.monotonic()
        until_s = now_s + LEASE_S + duration_s
        # Never shortened: this may be a call in the middle of one that declared its time.
        fresh = self._until_s > 0 and now_s - self._said_s < _RENEW_EVERY_S
        if until_s <= self._until_s or (fresh and not duration_s):
            return
        self._until_s, self._said_s = until_s, now_s
        self._tell(f"lease {until_s - now_s:.3f}")

    def free(self) -> None:
        """Everything was read back as off; nobody needs to hurry."""
        self._until_s = 0.0
        self._tell("free")

    def leave(self, *, in_order: bool) -> None:
        """The bench is closed. May be repeated.

        Args:
            in_order: everything is off: the supervisor leaves and touches nothing. Else it makes
                the bench safe now, while this process goes on.
        """
        if self._process.stdin is None or self._process.stdin.closed:
            return
        with suppress(InstrumentError, OSError):
            if in_order:
                self._tell("bye")
            self._process.stdin.close()
        try:
            self._process.wait(_LEAVES_WITHIN_S)
        except subprocess.TimeoutExpired:
            # One that is still busy with an instrument that does not answer must stay.
            if in_order:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _tell(self, line: str) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            with self._lock:
                stream.write(line.encode() + b"\n")
                stream.flush()
        except (OSError, ValueError) as error:
            raise Unwatched(
                "the supervisor is gone, so nothing would make the bench safe if this program "
                f"died ({error}). The run ends in the safe state"
            ) from error


class LeasedClock(WallClock):
    """The wall clock of a watched bench: who waits on it has said so to the supervisor."""

    def __init__(self, lease: Callable[[float], None]) -> None:
        super().__init__()
        self._lease = lease

    def sleep(self, seconds: float, abort: threading.Event | None = None) -> bool:
        """As `WallClock.sleep`, with a lease for as long."""
        # Who waits in the middle of making the bench safe must not be kept from it.
        with suppress(Unwatched):
            self._lease(seconds)
        return super().sleep(seconds, abort)
