"""One thread that does what is asked of it, in turn, and something of its own when idle."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class BenchThread(Generic[Answer]):
    """Owns whatever its requests touch. All methods are for any thread."""

    def __init__(
        self,
        name: str,
        *,
        answer: Callable[[], Answer],
        failed: Callable[[Exception], None],
        idle: Callable[[], None],
        idle_every_s: Callable[[], float | None],
    ) -> None:
        """Start it.

        Args:
            name: of the thread.
            answer: what a request is answered with, once it was carried out or has failed.
            failed: told of what a request or `idle` raised; must not raise itself.
            idle: called when nothing was asked for so long.
            idle_every_s: s of wall time; None: nothing to do when idle.
        """
        self._answer, self._failed = answer, failed
        self._idle, self._idle_every_s = idle, idle_every_s
        self._asked: deque[tuple[Callable[[], None], Future[Answer] | None]] = deque()
        self._changed = threading.Condition()
        self._open = True
        # Not waited for when the program ends: an instrument may keep it for as long as it likes.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def ask(self, act: Callable[[], None], *, at_once: bool = False) -> Future[Answer]:
        """Have it done; `at_once`: before anything else that waits."""
        future: Future[Answer] = Future()
        with self._changed:
            if not self._open:
                future.set_result(self._answer())
            elif at_once:
                self._asked.appendleft((act, future))
            else:
                self._asked.append((act, future))
            self._changed.notify()
        return future

    def end(self, timeout_s: float | None = None, *, last: Callable[[], None]) -> bool:
        """Carry out what waits, then `last` and nothing after it; False if that takes longer."""
        with self._changed:
            if self._open:
                self._asked.append((last, None))
            self._open = False
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (request := self._next()) is not None:
            act, future = request
            try:
                act()
            except Exception as error:
                self._failed(error)
            if future is not None:
                future.set_result(self._answer())

    def _next(self) -> tuple[Callable[[], None], Future[Answer] | None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._asked or not self._open, self._idle_every_s())
            if self._asked:
                return self._asked.popleft()
            return (self._idle, None) if self._open else None
