"""What is asked of the bench's thread is done in turn, and nothing after its last act."""

import threading

from mtjlab.runner.bench_thread import BenchThread

TIMEOUT_S = 20.0


def made(failed: list[Exception]) -> BenchThread[str]:
    return BenchThread(
        "bench",
        answer=lambda: "so",
        failed=failed.append,
        idle=lambda: None,
        idle_every_s=lambda: None,
    )


def test_nothing_is_done_after_the_last_act() -> None:
    done: list[str] = []
    held, free = threading.Event(), threading.Event()
    thread = made([])

    def hold() -> None:
        held.set()
        free.wait(TIMEOUT_S)

    thread.ask(hold)
    assert held.wait(TIMEOUT_S)
    thread.ask(lambda: done.append("connected"))
    assert not thread.end(0.0, last=lambda: done.append("disconnected"))
    late = thread.ask(lambda: done.append("connected again"))
    assert late.result(TIMEOUT_S) == "so"
    thread.ask(lambda: done.append("and again"), at_once=True)
    free.set()
    assert thread.end(TIMEOUT_S, last=lambda: done.append("twice"))
    assert done == ["connected", "disconnected"]


def test_what_fails_is_told_and_the_next_is_done() -> None:
    failed: list[Exception] = []
    thread = made(failed)
    assert thread.ask(lambda: [][0]).result(TIMEOUT_S) == "so"
    assert [type(error) for error in failed] == [IndexError]
    ran = threading.Event()
    thread.ask(ran.set, at_once=True).result(TIMEOUT_S)
    assert ran.is_set()
    assert thread.end(TIMEOUT_S, last=lambda: None)
