"""Every set-point is sent as it is or refused with nothing sent."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.faces import GuardedDaq, GuardedSource
from mtjlab.bench.guard import Guard
from mtjlab.bench.selector_face import GuardedSelector
from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import InstrumentError, LimitError
from mtjlab.core.interfaces import Daq, Selector, SourceMeter, SourceSettings
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, SingleJunction, Wiring

VOLTAGE = SourceSettings("voltage", 2.0, 1e-3)


@pytest.fixture
def source(raw_source: Any, guard: Guard) -> GuardedSource:
    face = GuardedSource("smu", raw_source, guard)
    guard.sources["smu"] = face
    return face


def test_faces_satisfy_the_interfaces(
    source: GuardedSource, raw_daq: Any, raw_selector: Any, guard: Guard
) -> None:
    assert isinstance(source, SourceMeter)
    assert isinstance(GuardedDaq("daq", raw_daq, guard), Daq)
    assert isinstance(GuardedSelector("sel", raw_selector, guard), Selector)


def test_a_level_within_the_limits_arrives_exactly(
    source: GuardedSource, raw_source: Any, guard: Guard
) -> None:
    source.configure(VOLTAGE)
    source.output(True)
    source.set_level(0.123456789)
    assert raw_source.level == 0.123456789
    assert guard.setpoints["smu"] == 0.123456789


def test_levels_ramp_monotonically_in_steps_of_a_twentieth_of_the_limit(
    source: GuardedSource, raw_source: Any, clock: VirtualClock
) -> None:
    source.configure(VOLTAGE)
    source.set_level(0.1)
    levels = [value for name, value in raw_source.sent if name == "level"]
    assert levels == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert clock.now_s() == pytest.approx(3 * 2e-3)


@pytest.mark.parametrize("level", [0.51, -0.51, 10.0, float("nan"), float("inf")])
def test_a_level_above_the_worst_case_is_refused_and_nothing_is_sent(
    source: GuardedSource, raw_source: Any, guard: Guard, level: float
) -> None:
    source.configure(VOLTAGE)
    before = list(raw_source.sent)
    with pytest.raises(LimitError, match="nothing was sent"):
        source.set_level(level)
    assert raw_source.sent == before
    assert guard.setpoints["smu"] == 0.0


def test_the_message_has_value_limit_junction_and_what_would_pass(source: GuardedSource) -> None:
    source.configure(VOLTAGE)
    with pytest.raises(LimitError) as refused:
        source.set_level(0.6)
    for fragment in ("smu = 600 mV", "(0, 0)", "limit is 500 mV", "Largest source voltage"):
        assert fragment in str(refused.value)


def test_an_unconfigured_source_is_refused_because_its_worst_case_is_unknown(
    source: GuardedSource, raw_source: Any
) -> None:
    for attempt in (lambda: source.set_level(0.01), lambda: source.output(True)):
        with pytest.raises(LimitError, match="Call configure first"):
            attempt()
    assert raw_source.sent == []


def test_a_current_source_is_judged_by_its_compliance(
    source: GuardedSource, raw_source: Any
) -> None:
    with pytest.raises(LimitError, match="could put 600 mV"):
        source.configure(SourceSettings("current", 1e-3, compliance=0.6))
    assert raw_source.sent == []
    source.configure(SourceSettings("current", 1e-3, compliance=0.4))
    source.set_level(40e-6)
    with pytest.raises(LimitError, match="could drive 60 uA"):
        source.set_level(60e-6)


def test_switching_off_ramps_down_first(source: GuardedSource, raw_source: Any) -> None:
    source.configure(VOLTAGE)
    source.output(True)
    source.set_level(0.05)
    source.output(False)
    assert raw_source.sent[-2:] == [("level", 0.0), ("output", False)]


def test_a_sweep_is_checked_before_its_first_level(
    source: GuardedSource, raw_source: Any, guard: Guard
) -> None:
    source.configure(VOLTAGE)
    before = list(raw_source.sent)
    with pytest.raises(LimitError):
        source.sweep(np.array([0.0, 0.1, 0.9]), 0.0)
    assert raw_source.sent == before
    source.sweep(np.array([0.0, 0.2]), 0.0)
    assert guard.setpoints["smu"] == 0.2


def test_a_leaked_driver_can_be_read_but_not_set(source: GuardedSource, raw_source: Any) -> None:
    source.configure(VOLTAGE)
    assert raw_source.state().level == 0.0
    with pytest.raises(LimitError, match="only through the guard"):
        raw_source.set_level(0.1)


def test_energised_is_remembered_before_the_output_goes_on(
    source: GuardedSource, raw_source: Any, guard: Guard
) -> None:
    source.configure(VOLTAGE)
    assert not guard.energised
    raw_source.fails = RuntimeError("cable pulled")
    with pytest.raises(RuntimeError):
        source.output(True)
    assert guard.energised


def test_every_sample_of_a_block_is_checked(raw_daq: Any, guard: Guard) -> None:
    daq = GuardedDaq("daq", raw_daq, guard)
    timing: dict[str, Any] = {"ai": ("ai0",), "step_rate_hz": 1e3, "settle": 0, "keep": 1}
    good = np.full((100, 1), 5.0)
    daq.play_and_record(good, ao=("ao0",), rest_v=(0.0,), **timing)
    assert guard.energised
    for bad in (good * 3, np.where(np.arange(100)[:, None] == 57, -13.0, good), good * np.nan):
        with pytest.raises(LimitError, match="nothing was sent"):
            daq.play_and_record(bad, ao=("ao0",), rest_v=(0.0,), **timing)
    with pytest.raises(LimitError, match="nothing was sent"):
        daq.play_and_record(good, ao=("ao0",), rest_v=(13.0,), **timing)
    with pytest.raises(LimitError, match="does not fit"):
        daq.play_and_record(good, ao=("ao0", "ao1"), rest_v=(0.0, 0.0), **timing)
    assert raw_daq.sent == [("play", 100)]


def test_an_output_that_drives_nothing_known_stays_at_zero(raw_daq: Any, guard: Guard) -> None:
    daq = GuardedDaq("daq", raw_daq, guard)
    daq.write({"ao1": 0.0})
    with pytest.raises(LimitError, match="wires nothing to this output"):
        daq.write({"ao0": 1.0, "ao1": 0.1})
    assert raw_daq.sent == [("write", {"ao1": 0.0})]


def test_the_selector_moves_only_at_zero(
    source: GuardedSource, raw_daq: Any, raw_selector: Any, guard: Guard
) -> None:
    selector = GuardedSelector("sel", raw_selector, guard)
    daq = GuardedDaq("daq", raw_daq, guard)
    selector.connect([Cell(0, 0)], "ground")
    source.configure(VOLTAGE)
    source.output(True)
    source.set_level(0.1)
    with pytest.raises(LimitError, match="does not move while smu is on at 100 mV"):
        selector.connect([Cell(0, 1)], "ground")
    source.set_level(0.0)
    daq.write({"ao0": 1.0})
    with pytest.raises(LimitError, match="does not move while daq/ao0 holds 1 V"):
        selector.open_all()
    assert raw_selector.closed() == ("(0, 0)",)
    daq.shutdown()
    selector.open_all()
    assert raw_selector.closed() == ()


@given(
    volts=st.floats(-20, 20),
    series_ohm=st.floats(100, 1e6),
    divider=st.floats(1e-3, 1),
    junction_ohm=st.floats(0, 1e9),
)
def test_no_junction_however_bad_sees_more_than_the_limits_of_what_passes(
    volts: float, series_ohm: float, divider: float, junction_ohm: float
) -> None:
    limits = JunctionLimits(hard_v=0.5, hard_a=50e-6, soft_v=0.3)
    wiring = Wiring((SingleJunction(Cell(0, 0), "smu", series_ohm, divider, None),))
    guard = Guard(wiring, limits, WritePermit(), VirtualClock())
    current_a = abs(volts) * divider / (series_ohm + junction_ohm)
    seen_v = current_a * junction_ohm
    try:
        guard.check_voltage("smu", volts)
    except LimitError:
        assert abs(volts) > guard.largest_voltage("smu") * (1 - 1e-9)
    else:
        assert seen_v <= limits.hard_v * (1 + 1e-9)
        assert current_a <= limits.hard_a * (1 + 1e-9)


def test_a_masked_array_hides_nothing(raw_daq: Any, guard: Guard) -> None:
    daq = GuardedDaq("daq", raw_daq, guard)
    masked = np.ma.masked_array([[0.1], [13.0], [0.2]], mask=[[0], [1], [0]])
    with pytest.raises(LimitError, match="nothing was sent"):
        daq.play_and_record(
            masked,
            ao=("ao0",),
            ai=("ai0",),
            step_rate_hz=1e3,
            settle=0,
            keep=1,
            rest_v=(0.0,),
        )
    assert raw_daq.sent == []


def test_a_level_above_the_configured_range_is_refused_before_the_ramp(
    source: GuardedSource, raw_source: Any
) -> None:
    source.configure(SourceSettings("voltage", 0.1, 1e-3))
    before = list(raw_source.sent)
    with pytest.raises(LimitError, match="above the configured range of 100 mV"):
        source.set_level(0.4)
    assert raw_source.sent == before


def test_a_source_can_be_switched_off_after_a_mistaken_configure(
    source: GuardedSource, raw_source: Any
) -> None:
    source.configure(VOLTAGE)
    source.output(True)
    source.set_level(0.3)
    with pytest.raises(InstrumentError, match="only with the output off"):
        source.configure(VOLTAGE)
    source.output(False)
    assert not raw_source.on
