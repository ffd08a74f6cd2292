"""A computation beside the thread that asked for it, which can turn away from it at any time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

LOOK_S = 0.02

T = TypeVar("T")


def aside(function: Callable[[], T], look: Callable[[], None]) -> T:
    """What `function` returns, or raises.

    Args:
        function: pure; where it is left it goes on to its end, and nobody asks what came of it.
        look: called at the beginning and every 20 ms; what it raises leaves at once.
    """
    look()
    future: Future[T] = Future()
    # Of a run that is stopped nothing waits for it, not even the end of the process.
    threading.Thread(
        target=_compute, args=(function, future), name="mtjlab compute", daemon=True
    ).start()
    while True:
        try:
            return future.result(LOOK_S)
        except TimeoutError:
            if future.done():
                raise
            look()


def _compute(function: Callable[[], T], future: "Future[T]") -> None:
    try:
        future.set_result(function())
    except BaseException as error:
        future.set_exception(error)
