"""The owner's side of a run in a process of its own; steered like `Run`."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from mtjlab.core.errors import MtjlabError, NotSafeError
from mtjlab.core.events import Event, Notice, RunEnded, RunStarted
from mtjlab.runner.apart import frames
from mtjlab.runner.apart.order import Order
from mtjlab.runner.outcome import Outcome

RENEW_AFTER_S = 5.0


class Spare:
    """Keeps one process ready, so that a run begins at once.

    It has imported everything and opened nothing; it ends with its owner.
    """

    def __init__(self) -> None:
        """Begins the first."""
        self._gate = threading.Lock()
        self._closed = False
        self._timer: threading.Timer | None = None
        self._ready: subprocess.Popen[bytes] | None = _begun()

    def take(self) -> "subprocess.Popen[bytes]":
        """The ready one; another is begun in its place."""
        with self._gate:
            taken, self._ready = self._ready, None
        if taken is None or taken.poll() is not None:
            taken = _begun()
        return taken

    def renew_later(self) -> None:
        """Begin another, where there is none, but not while a run has just begun.

        Getting ready takes a core for two seconds.
        """
        with self._gate:
            if self._closed or self._ready is not None or self._timer is not None:
                return
            self._timer = threading.Timer(RENEW_AFTER_S, self._renew)
            self._timer.daemon = True
            self._timer.start()

    def _renew(self) -> None:
        with self._gate:
            self._timer = None
            if self._ready is None and not self._closed:
                self._ready = _begun()

    def close(self) -> None:
        """End the one that waits, and begin none any more."""
        with self._gate:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            waiting, self._ready = self._ready, None
        if waiting is not None:
            _end(waiting)


class RunApart:
    """One run in another process. `start()`, then `wait()`; the rest from any thread.

    Listeners are called in a thread of this process; a slow one holds up nothing but itself.

    Attributes:
        outcome: complete after `wait`.
    """

    def __init__(
        self, order: Order, listeners: Sequence[Callable[[Event], None]], spare: Spare
    ) -> None:
        self.outcome = Outcome()
        self._order = order
        self._listeners = list(listeners)
        self._spare = spare
        self._gate = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: list[str] = []
        self._ended_told = False
        # Unless it is said, a real chip may be behind it.
        self._twin = False
        self._thread = threading.Thread(target=self._execute, name="mtjlab run apart")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False if it has not come within `timeout_s` of wall time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def pause(self) -> None:
        """Hold at the next step, outputs as they are."""
        self._say("pause")

    def resume(self) -> None:
        """Go on."""
        self._say("resume")

    def stop(self) -> None:
        """End at the next step."""
        self._say("stop")

    def abort(self) -> None:
        """End at once."""
        self._say("abort")

    def _say(self, command: str) -> None:
        with self._gate:
            if self._process is None:
                self._waiting.append(command)
                return
            self._write(command)

    def _write(self, line: str) -> None:
        assert self._process is not None
        pipe = cast(IO[bytes], self._process.stdin)
        with suppress(OSError, ValueError):
            pipe.write(f"{line}\n".encode())
            pipe.flush()

    def _execute(self) -> None:
        process = self._spare.take()
        with self._gate:
            self._process = process
            self._write(self._order.to_text())
            for command in self._waiting:
                self._write(command)
        told = False
        try:
            told = self._read(cast(IO[bytes], process.stdout))
        except Exception as error:
            # Nobody could follow or stop it any more: the end of its pipes ends it, safe.
            self._tell(Notice("error", f"what the run told makes no sense, it is ended: {error!r}"))
        if told:
            # The bench is safe and closed: nobody has to wait for an interpreter to clear up.
            threading.Thread(target=_end, args=(process,), name="mtjlab reaper").start()
        else:
            _end(process)
            self._died(process.returncode)
        if not self._ended_told:
            self._tell(self.outcome.told())

    def _read(self, pipe: IO[bytes]) -> bool:
        """Frames to listeners; whether the outcome was told."""
        while (frame := frames.read(pipe)) is not None:
            fields, raw = frame
            if fields["kind"] == "outcome":
                self._take(fields)
                return True
            event = frames.event_of(fields, raw)
            if event is None:
                continue
            if isinstance(event, RunStarted):
                self._twin = event.twin
                self.outcome.run_id = event.run_id
                self.outcome.run_file = Path(event.run_file) if event.run_file else None
                self._spare.renew_later()
            self._ended_told = self._ended_told or isinstance(event, RunEnded)
            self._tell(event)
        return False

    def _take(self, fields: dict[str, Any]) -> None:
        file = fields["run_file"]
        self.outcome = Outcome(
            fields["status"],
            frames.error_of(fields["error"]),
            fields["results"],
            fields["run_id"],
            None if file is None else Path(file),
            fields["bench_time_s"],
            fields["wall_time_s"],
        )

    def _died(self, code: int | None) -> None:
        how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
        said = f"the process of the run ended without a word ({how})"
        resume = "`mtjlab resume` goes on from the last checkpoint"
        self.outcome.status = "failed"
        self.outcome.error = (
            MtjlabError(f"{said}, and its twin with it: no real output was on. {resume}")
            if self._twin
            else NotSafeError(
                f"{said}. Its supervisor makes the bench safe; `mtjlab safe` proves it. {resume}"
            )
        )

    def _tell(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:
                # Whoever watches must not be able to lose the end of the run.
                self._listeners.remove(listener)
                words_of = f"a listener failed and is not told any more: {error!r}"
                self._tell(Notice("error", words_of))


def _begun() -> "subprocess.Popen[bytes]":
    # A session of its own: what is meant for the owner's terminal or group is not meant for a run.
    return subprocess.Popen(
        [sys.executable, "-m", "mtjlab.runner.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close its pipes and wait: its run has ended, or ends with the pipe."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
