"""A computation beside its caller: its result, its error, and a caller that turns away."""

import threading

import pytest

from mtjlab.core.aside import aside


def nothing() -> None:
    """Nobody wants to leave."""


def test_the_result_comes_from_another_thread() -> None:
    assert aside(threading.get_ident, nothing) != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError, TimeoutError, KeyboardInterrupt])
def test_what_it_raises_is_raised_where_it_was_asked_for(error: type[BaseException]) -> None:
    def fails() -> None:
        raise error("in words")

    with pytest.raises(error, match="in words"):
        aside(fails, nothing)


def test_whoever_looks_can_leave_while_it_goes_on() -> None:
    began, released = threading.Event(), threading.Event()

    def long() -> bool:
        began.set()
        return released.wait(60)

    def look() -> None:
        if began.is_set():
            raise InterruptedError("stop")

    try:
        with pytest.raises(InterruptedError, match="stop"):
            aside(long, look)
    finally:
        released.set()


def test_nothing_begins_for_somebody_who_has_left_already() -> None:
    began: list[int] = []

    def look() -> None:
        raise InterruptedError("stop")

    with pytest.raises(InterruptedError):
        aside(lambda: began.append(1), look)
    assert began == []


def test_looking_goes_on_while_it_takes_long() -> None:
    looked: list[int] = []
    often = threading.Event()

    def look() -> None:
        looked.append(1)
        if len(looked) == 5:
            often.set()

    assert aside(lambda: often.wait(60), look)
    assert len(looked) >= 5
