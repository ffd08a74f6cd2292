"""Bench time of a served world: with the wall clock, never behind, replies held until then."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.core.clock import ServedClock


class Wall:
    """A wall clock that moves when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_command_begins_at_the_wall_clocks_time_and_time_stands_still_in_it() -> None:
    wall = Wall()
    clock = ServedClock(5.0, monotonic_s=wall)
    wall.now_s += 2
    assert clock.now_s() == 5
    turn = clock.begin()
    wall.now_s += 1
    assert clock.now_s() == turn.bench_s == turn.wall_s == 7
    assert clock.due_s(turn) == 7
    assert clock.idle_s() == 1


def test_what_a_command_takes_is_waited_for_and_no_longer() -> None:
    wall = Wall()
    clock = ServedClock(monotonic_s=wall)
    turn = clock.begin()
    clock.sleep(0.3)
    assert clock.due_s(turn) == clock.now_s() == pytest.approx(0.3)
    # Computing took longer than the instrument would have.
    wall.now_s += 0.4
    assert not clock.hold(clock.due_s(turn))
    assert clock.begin().bench_s == pytest.approx(0.4)


def test_another_clients_long_command_is_not_waited_for() -> None:
    wall = Wall()
    clock = ServedClock(monotonic_s=wall)
    clock.begin()
    clock.sleep(50)
    wall.now_s += 1
    turn = clock.begin()
    clock.sleep(1e-3)
    assert (turn.wall_s, turn.bench_s) == (1, 50)
    assert 1 < clock.due_s(turn) < 1.1
    assert clock.begin().bench_s == pytest.approx(50.001)


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=8))
def test_clients_in_full_swing_do_not_make_bench_time_run_away(took_s: list[float]) -> None:
    wall = Wall()
    clock = ServedClock(monotonic_s=wall)
    busy_until_s = [0.0] * len(took_s)
    for _ in range(400):
        client = min(range(len(took_s)), key=busy_until_s.__getitem__)
        wall.now_s = max(wall.now_s, 1000 + busy_until_s[client])
        turn = clock.begin()
        clock.sleep(took_s[client])
        busy_until_s[client] = max(clock.due_s(turn), turn.wall_s + 1e-3)
    assert clock.now_s() - clock.wall_s() <= len(took_s) * max(took_s) + 0.1


def test_waits_end_in_time_or_when_aborted() -> None:
    clock = ServedClock()
    turn = clock.begin()
    clock.sleep(0.02)
    assert not clock.hold(clock.due_s(turn))
    assert clock.wall_s() >= 0.02
    flag = threading.Event()
    flag.set()
    assert clock.hold(1e9, flag)
    assert clock.hold(0.0, flag)


def test_a_restored_world_goes_on_from_where_it_was() -> None:
    wall = Wall()
    clock = ServedClock(monotonic_s=wall)
    wall.now_s += 100
    clock.begin()
    clock.restore(20.0)
    wall.now_s += 1
    assert clock.begin().bench_s == 21
