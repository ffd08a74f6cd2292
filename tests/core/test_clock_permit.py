"""Virtual time moves when told; settings pass only where the guard opened the way."""

import threading

import pytest

from mtjlab.core.clock import VirtualClock, WallClock
from mtjlab.core.errors import LimitError
from mtjlab.core.permit import WritePermit


def test_virtual_time_moves_only_when_told() -> None:
    clock = VirtualClock()
    assert not clock.sleep(12 * 3600)
    assert clock.now_s() == 12 * 3600
    flag = threading.Event()
    flag.set()
    assert clock.sleep(1, flag)
    assert clock.now_s() == 12 * 3600
    clock.restore(5.0)
    assert clock.now_s() == 5.0


def test_wall_clock_is_released_by_abort() -> None:
    flag = threading.Event()
    flag.set()
    clock = WallClock()
    assert clock.sleep(3600, flag)
    assert 0 <= clock.now_s() < 60


def test_permit_holds_for_one_thread_and_one_block() -> None:
    permit = WritePermit()
    with pytest.raises(LimitError, match="only through the guard"):
        permit.demand("smu :SOUR:VOLT 1")
    seen: list[bool] = []
    with permit.opened():
        permit.demand("smu :SOUR:VOLT 1")
        with permit.opened():
            pass
        assert permit.granted
        other = threading.Thread(target=lambda: seen.append(permit.granted))
        other.start()
        other.join()
    assert seen == [False]
    assert not permit.granted
