"""Safe means read back, each instrument is tried, and nothing unsafe is called safe."""

from typing import Any

import pytest

from mtjlab.bench.safe import make_safe
from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import NotSafeError, Timeout
from mtjlab.core.permit import WritePermit


def quiet(_level: str, _text: str) -> None:
    pass


def test_sources_are_ramped_within_half_a_second_and_come_first(
    raw_source: Any, raw_daq: Any, raw_selector: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    with permit.opened():
        raw_source.set_level(0.1)
        raw_source.output(True)
    raw_source.sent.clear()
    instruments = {"selector": raw_selector, "daq": raw_daq, "smu": raw_source}
    done = make_safe(instruments, permit, clock, quiet)
    assert [made.name for made in done] == ["smu", "daq", "selector"]
    levels = [value for name, value in raw_source.sent if name == "level"]
    assert levels == sorted(levels, reverse=True)
    assert raw_source.sent[-1] == ("shutdown", None)
    assert clock.now_s() <= 0.5
    assert not permit.granted


def test_a_source_that_is_off_is_not_ramped(
    raw_source: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    make_safe({"smu": raw_source}, permit, clock, quiet)
    assert raw_source.sent == [("shutdown", None)]
    make_safe({"smu": raw_source}, permit, clock, quiet)


def test_an_aborted_source_goes_straight_to_off(
    raw_source: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    with permit.opened():
        raw_source.output(True)
    raw_source.abort()
    make_safe({"smu": raw_source}, permit, clock, quiet)
    assert raw_source.sent[-1] == ("shutdown", None)
    assert not raw_source.on


def test_one_failure_never_keeps_the_next_from_being_made_safe(
    raw_source: Any, raw_daq: Any, raw_selector: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    raw_source.fails = Timeout("smu: no answer within 2 s")
    raw_daq.fails = RuntimeError("a bug in a driver")
    said: list[str] = []
    with pytest.raises(NotSafeError) as unsafe:
        make_safe(
            {"smu": raw_source, "daq": raw_daq, "sel": raw_selector},
            permit,
            clock,
            lambda _level, text: said.append(text),
        )
    assert "smu: smu: no answer within 2 s" in str(unsafe.value)
    assert "daq: a bug in a driver" in str(unsafe.value)
    assert "by hand" in str(unsafe.value)
    assert raw_selector.closed() == ()
    assert len(said) == 2


def test_a_read_back_that_disagrees_is_not_safe(
    raw_source: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    raw_source.lies = True
    with pytest.raises(NotSafeError, match="reads back on"):
        make_safe({"smu": raw_source}, permit, clock, quiet)


def test_an_instrument_that_is_absent_is_not_safe_but_the_others_are_made_so(
    raw_source: Any, permit: WritePermit, clock: VirtualClock
) -> None:
    with pytest.raises(NotSafeError, match="daq: nothing answers"):
        make_safe(
            {"smu": raw_source}, permit, clock, quiet, absent={"daq": Timeout("nothing answers")}
        )
    assert raw_source.sent == [("shutdown", None)]
