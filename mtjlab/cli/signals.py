"""A run on the command line: watched on the screen, ended in order by signals."""

import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, Self

from mtjlab.cli.progress import watch
from mtjlab.core.events import Mailbox
from mtjlab.runner import Outcome, Plan, Run

ENDED_BY = (signal.SIGTERM, signal.SIGHUP)


class Signals:
    """First Ctrl-C: end at the next step. Second, SIGTERM or SIGHUP: at once. Always safe.

    Held until the last line is printed: a late Ctrl-C must not cost the path of the run file.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._pressed = 0
        self._execution: Run | None = None
        self._before: dict[signal.Signals, Any] = {}

    def steer(self, execution: Run) -> None:
        """From now on signals go to this run; one that came earlier, too."""
        self._execution = execution
        if self._pressed:
            execution.stop()

    def __enter__(self) -> Self:
        handlers = {signal.SIGINT: self._interrupt, **dict.fromkeys(ENDED_BY, self._end)}
        for number, handler in handlers.items():
            self._before[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._pressed += 1
        if self._execution is None:
            return
        if self._pressed > 1:
            self._execution.abort()
            return
        self._execution.stop()
        if not self._quiet:
            # A signal handler must survive a terminal that has gone.
            with suppress(Exception):
                sys.stderr.write("\nstopping at the next step; Ctrl-C again stops at once\n")

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._pressed += 1
        if self._execution is not None:
            self._execution.abort()


def execute(planned: Plan, signals: Signals, *, quiet: bool) -> Outcome:
    """Run to the end, whatever signals come; the signals must be held."""
    mailbox = Mailbox()
    execution = Run(planned, [mailbox.put])
    signals.steer(execution)
    execution.start()
    try:
        watch(mailbox, quiet=quiet, resume=execution.resume)
    except BaseException:
        # The screen is gone (a closed pipe): end safely while the signals are still held.
        execution.abort()
        raise
    finally:
        execution.wait()
    return execution.outcome
