"""Two threads for one learning step, with a fixed share each; one thread is the default.

Within `with Crew(2):` the large pieces of a step are shared out between the thread that entered and
one more; BLAS keeps to one thread in each. A share is a range of columns or rows that depends on
nothing but their number, so the same seed gives the same bytes at a given number of threads.
"""

import queue
import threading
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType

from threadpoolctl import threadpool_limits

# Operations below which a second thread costs more than it does.
WORTH_IT = 1_000_000
# Shares begin at multiples of so many numbers: whole cache lines, whole registers.
GRAIN = 16

Work = Callable[[int, int], None]

_current: ContextVar["Crew | None"] = ContextVar("crew", default=None)


class Crew:
    """Threads that share work while the context lasts, in the thread that entered it.

    Args:
        threads: 1 or 2.

    Raises:
        ValueError: another number.
    """

    def __init__(self, threads: int = 1) -> None:
        if threads not in (1, 2):
            raise ValueError(f"threads = {threads}: a learning step is made for 1 or 2")
        self.threads = threads
        self._orders: queue.SimpleQueue[tuple[Work, int, int] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def __enter__(self) -> "Crew":
        self._limits = threadpool_limits(limits=1, user_api="blas")
        self._before: Token[Crew | None] = _current.set(self if self.threads > 1 else None)
        if self.threads > 1:
            self._mate = threading.Thread(target=self._serve, name="learning mate", daemon=True)
            self._mate.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        _current.reset(self._before)
        if self.threads > 1:
            self._orders.put(None)
            self._mate.join()
        self._limits.restore_original_limits()

    def split(self, count: int, work: Work, grain: int) -> None:
        """The mate does the second share, this thread the first; both have ended on return."""
        middle = min(count, -(-count // (2 * grain)) * grain)
        self._orders.put((work, middle, count))
        try:
            work(0, middle)
        finally:
            failed = self._done.get()
        if failed is not None:
            raise failed

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            work, first, end = order
            try:
                work(first, end)
            except BaseException as error:
                self._done.put(error)
            else:
                self._done.put(None)


def share(count: int, work: Work, *, operations: int, grain: int = GRAIN) -> None:
    """Do work(first, end) for a range of `count`; in two shares where there is a crew.

    Args:
        count: columns or rows to be done.
        work: writes what belongs to columns or rows `first` to `end`, and nothing else.
        operations: of all of it; a small piece stays whole.
        grain: the second share begins at a multiple of it.
    """
    crew = _current.get()
    if crew is None or operations < WORTH_IT:
        work(0, count)
    else:
        crew.split(count, work, grain)
