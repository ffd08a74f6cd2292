"""After an instrument error: the bench safe, its links made anew, and on from the last step.

Drivers and guard never retry: only who knows what a step is may do it again.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Event

from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import (
    Aborted,
    InstrumentError,
    MtjlabError,
    NotSafeError,
    Unwatched,
    WrongIdentity,
)
from mtjlab.core.units import si

# One try after each pause, in bench time. A link that comes back does so within seconds; what is
# still wrong after that is for a person.
BACK_OFF_S = (0.2, 1.0, 5.0)

# What another try cannot mend.
_FINAL = (WrongIdentity, Unwatched)

Notice = Callable[[str, str], None]


class Recovery:
    """Tries again as often as the back-off allows; a finished step starts the count anew.

    Attributes:
        count: recoveries that worked, in the whole run.
    """

    def __init__(self, bench: OpenBench, notice: Notice, abort: Event) -> None:
        self.count = 0
        self._bench = bench
        self._notice = notice
        self._abort = abort
        self._failures = 0

    def progressed(self) -> None:
        """A step was committed since the last failure."""
        self._failures = 0

    def after(self, error: InstrumentError) -> None:
        """Bench safe and connected again, or raise.

        Raises:
            InstrumentError: `error`, or what stood in the way of the last try.
            NotSafeError: the last try could not prove the bench safe.
            Aborted: by the user, meanwhile.
        """
        if self._bench.found_on and not self._bench.guard.energised:
            # Somebody else's output: not ours to switch off, and no step of ours to do again.
            raise error
        failure: InstrumentError | NotSafeError = error
        while self._failures < len(BACK_OFF_S) and not isinstance(failure, _FINAL):
            pause_s = BACK_OFF_S[self._failures]
            self._failures += 1
            self._notice(
                "error",
                f"{type(failure).__name__}: {failure}. Rows of the unfinished step are dropped; "
                f"safe state, then try {self._failures} of {len(BACK_OFF_S)} in {si(pause_s, 's')}",
            )
            unsafe = self._safe()
            if self._bench.clock.sleep(pause_s, self._abort):
                raise Aborted("stopped by the user while an instrument was being reconnected")
            try:
                self._bench.reconnect()
            except InstrumentError as again:
                failure = unsafe or again
                continue
            unsafe = self._safe() if unsafe else None
            if unsafe is None:
                self.count += 1
                self._notice("warning", "connected again; going on from the last finished step")
                return
            failure = unsafe
        raise failure

    def _safe(self) -> NotSafeError | None:
        try:
            self._bench.make_safe()
        except NotSafeError as error:
            return error
        return None


def end_safely(bench: OpenBench, notice: Notice) -> None:
    """The safe state at the end of a run; a link that fails just then is made anew.

    Where a supervisor stands by, one more try is enough: it goes on trying when the bench is left,
    and no second is to be lost. What is wrong with our own code no new link will mend.

    Raises:
        NotSafeError: it could not be proved.
    """
    pauses = BACK_OFF_S[:1] if bench.watched else BACK_OFF_S
    for pause_s in (*pauses, None):
        try:
            bench.make_safe()
            return
        except NotSafeError as error:
            if pause_s is None or not isinstance(error.__cause__, MtjlabError):
                raise
            notice("error", f"{error}. Connecting again in {si(pause_s, 's')}")
            bench.clock.sleep(pause_s)
            # What does not answer is among the missing, and the next try says so.
            with suppress(InstrumentError):
                bench.reconnect()
