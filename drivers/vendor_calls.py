"""Calls into a vendor library that cannot be interrupted, made so that whoever waits can leave.

A C library that writes to a hung bus returns after its own time-out, or never. Such a call is made
in a thread of its own; an abort releases the caller and leaves the call there. Until it has ended
the library is in use, and nothing else is asked of it.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

from mtjlab.core.errors import Aborted, Timeout
from mtjlab.core.units import si

_SLICE_S = 0.02


class VendorCalls:
    """One library session's calls, one at a time.

    The thread is made for the first call, and a daemon: a call that never returns must not keep
    the program from ending.
    """

    def __init__(self, where: str, abort: threading.Event, *, direct: bool) -> None:
        """Args: `direct`: the library never waits, so calls are made as they are."""
        self._where = where
        self._abort = abort
        self._direct = direct
        self._asked: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] | None = None
        self._left: Future[Any] | None = None

    def run(
        self, call: Callable[[], Any], what: str, patience_s: float, *, quick: bool = False
    ) -> Any:
        """The result of `call`, or what it raises.

        Args:
            call: the vendor's, with its arguments.
            what: it does, for messages.
            patience_s: how long to wait for an earlier call that was left, s.
            quick: it returns at once.

        Raises:
            Aborted: `abort` was set while it waited; the call goes on without us.
            Timeout: an earlier call that was left has not ended yet.
        """
        if self._direct or (quick and self._left is None):
            return call()
        self._demand_idle(what, patience_s)
        future: Future[Any] = Future()
        self._thread().put((call, future))
        # A call that is made after the abort, to make things safe, is not for that abort to end.
        aborted = self._abort.is_set()
        while not wait([future], _SLICE_S).done:
            if self._abort.is_set() and not aborted:
                self._left = future
                raise Aborted(f"{self._where}: aborted while the vendor's library was at {what}")
        return future.result()

    def close(self) -> None:
        """Let the thread end once it is idle."""
        if self._asked is not None:
            self._asked.put(None)
            self._asked = None

    def _demand_idle(self, what: str, patience_s: float) -> None:
        if self._left is None:
            return
        if not wait([self._left], patience_s).done:
            raise Timeout(
                f"{self._where}: the vendor's library has not returned from a call that was "
                f"aborted, and {what} waited {si(patience_s, 's')} for it. Switch the instrument "
                "off and on, or end this program"
            )
        self._left = None

    def _thread(self) -> "queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]":
        if self._asked is None:
            self._asked = queue.SimpleQueue()
            name = f"vendor calls of {self._where}"
            threading.Thread(target=_serve, args=(self._asked,), name=name, daemon=True).start()
        return self._asked


def _serve(asked: "queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]") -> None:
    while (job := asked.get()) is not None:
        call, future = job
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)
