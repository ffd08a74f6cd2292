"""The bench that somebody sits at, between runs: connected, looked at, made safe.

One thread owns its links. It energises nothing and hands out nothing that could; outputs that were
found on are told and left alone until `safe`. A run opens the bench for itself: whoever starts one
calls `release` before and `take_back` after it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace

from mtjlab.bench.file import LoadedBench, load
from mtjlab.bench.limit_words import limit_words
from mtjlab.core.errors import BenchError, MtjlabError
from mtjlab.runner.bench_links import BenchLinks
from mtjlab.runner.bench_state import (
    LENT,
    BenchChecked,
    BenchEvent,
    BenchState,
    error_words,
)
from mtjlab.runner.bench_thread import BenchThread

POLL_EVERY_S = 1.0


_IN_A_RUN = "a run has the instruments; they come back when it has ended"


class Attended:
    """The attended bench. All methods are for any thread; those with a `Future` return at once.

    A future holds the state that came of the request; nothing is raised through it. The listener
    is called in the thread of the bench, with every new state and with what `check` finds.
    """

    def __init__(
        self, listener: Callable[[BenchEvent], None], *, poll_every_s: float = POLL_EVERY_S
    ) -> None:
        """Args: `poll_every_s`: of wall time, between two looks at connected instruments."""
        self._listener = listener
        self._state = BenchState()
        self._loaded: LoadedBench | None = None
        self._links: BenchLinks | None = None
        self._wanted = False
        self._thread: BenchThread[BenchState] = BenchThread(
            "mtjlab bench",
            answer=lambda: self._state,
            failed=self._failed,
            idle=self._poll,
            idle_every_s=lambda: poll_every_s if self._links is not None else None,
        )

    @property
    def state(self) -> BenchState:
        """As told last."""
        return self._state

    def connect(self, bench: str) -> Future[BenchState]:
        """Open this bench, a path or shipped name, in place of the one before."""
        return self._thread.ask(lambda: self._connect(bench))

    def disconnect(self) -> Future[BenchState]:
        """Close every link."""
        return self._thread.ask(self._disconnect)

    def look(self) -> Future[BenchState]:
        """Ask each instrument anew; links are made again first if one does not answer."""
        return self._thread.ask(self._look)

    def check(self) -> Future[BenchState]:
        """Have the table of `mtjlab check` told, as a `BenchChecked`."""
        return self._thread.ask(self._check)

    def safe(self) -> Future[BenchState]:
        """Everything to 0 V and off, read back, before anything else that was asked for.

        A bench that was chosen but is not connected is opened for it, and closed again.
        """
        return self._thread.ask(self._safe, at_once=True)

    def abort(self) -> None:
        """Release whatever waits for an instrument now; `safe` must follow."""
        links = self._links
        if links is not None:
            links.abort()

    def release(self) -> BenchState:
        """Close every link for a run; returns when they are closed."""
        return self._thread.ask(self._release).result()

    def take_back(self) -> Future[BenchState]:
        """The run has ended: open again what was connected before."""
        return self._thread.ask(self._take_back)

    def close(self, timeout_s: float | None = None) -> bool:
        """Close every link and end the thread; False if that takes longer than `timeout_s`."""
        return self._thread.end(timeout_s, last=self._disconnect)

    def _connect(self, bench: str) -> None:
        loaded = load(bench)
        if self._in_a_run:
            self._loaded, self._wanted = loaded, True
            self._say(f"{loaded.file.name} is connected when the run has ended")
            return
        self._let_go()
        self._loaded = loaded
        self._open()

    def _open(self) -> None:
        loaded = self._loaded
        if loaded is None:
            raise BenchError("no bench is chosen: choose a bench file or a shipped bench first")
        file = loaded.file
        self._tell(
            BenchState(
                *(file.name, loaded.source, "opening", file.twin is not None),
                limits=limit_words(file.wiring.resolve(), file.limits.junction()),
                words=f"connecting to {file.name}",
            )
        )
        self._links = BenchLinks(loaded)
        self._state = replace(self._state, phase="connected")
        self._look()

    def _disconnect(self) -> None:
        self._wanted = False
        if self._in_a_run:
            self._say("stays disconnected when the run has ended")
            return
        self._let_go()
        self._tell(replace(self._state, phase="closed", instruments=(), words="", wrong=False))

    def _look(self) -> None:
        found = self._connected().anew()
        silent = [one.name for one in found if not one.answers]
        on = [f"{one.name} is {one.state}" for one in found if one.output_on]
        state = replace(self._state, instruments=found)
        self._tell(replace(state, words=_found_words(silent, on), wrong=bool(silent or on)))

    def _poll(self) -> None:
        if self._links is not None:
            self._tell(replace(self._state, instruments=self._links.ask()))

    def _check(self) -> None:
        source = self._state.source
        try:
            found = BenchChecked(source, tuple(self._connected().rows()))
        except MtjlabError as error:
            found = BenchChecked(source, error=str(error))
        self._told(found)

    def _safe(self) -> None:
        if self._in_a_run:
            self._say("a run has the instruments: STOP ends it, and it makes them safe", wrong=True)
            return
        passing = self._links is None
        if passing:
            self._open()
        links = self._connected()
        self._say("making the bench safe")
        try:
            links.make_safe()
            words, wrong = "safe: 0 V and off, read back", False
        except MtjlabError as error:
            words, wrong = str(error), True
        state = replace(self._state, instruments=links.ask(), words=words, wrong=wrong)
        if passing:
            self._let_go()
            state = replace(state, phase="closed")
        self._tell(state)

    def _release(self) -> None:
        self._wanted = self._wanted if self._in_a_run else self._links is not None
        self._let_go()
        lent = tuple(
            replace(one, state=LENT, output_on=None, level=None, error="")
            for one in self._state.instruments
        )
        self._tell(
            replace(self._state, phase="in a run", instruments=lent, words=_IN_A_RUN, wrong=False)
        )

    def _take_back(self) -> None:
        if not self._in_a_run:
            return
        self._tell(replace(self._state, phase="closed", words=""))
        if self._wanted:
            self._open()

    @property
    def _in_a_run(self) -> bool:
        return self._state.phase == "in a run"

    def _connected(self) -> BenchLinks:
        if self._links is None:
            raise BenchError(_IN_A_RUN if self._in_a_run else "no bench is connected")
        return self._links

    def _let_go(self) -> None:
        links, self._links = self._links, None
        if links is not None:
            links.close()

    def _failed(self, error: Exception) -> None:
        """Words instead of an exception: this thread goes on."""
        phase = "closed" if self._state.phase == "opening" else self._state.phase
        self._tell(replace(self._state, phase=phase, words=error_words(error), wrong=True))

    def _say(self, words: str, *, wrong: bool = False) -> None:
        self._tell(replace(self._state, words=words, wrong=wrong))

    def _tell(self, state: BenchState) -> None:
        if state != self._state:
            self._state = state
            self._told(state)

    def _told(self, event: BenchEvent) -> None:
        # Whoever listens must not be able to keep the bench from being made safe.
        with suppress(Exception):
            self._listener(event)


def _found_words(silent: list[str], on: list[str]) -> str:
    words = []
    if silent:
        words.append(f"no answer from {', '.join(silent)}: see there, mend it, then look again")
    if on:
        words.append(f"{'; '.join(on)}: nothing was touched, Safe switches off")
    return ". ".join(words) or "connected; every instrument answers"
