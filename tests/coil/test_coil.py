"""A field coil on a source-meter: limits, ramp, order of the safe state, the junctions' field."""

import math
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from mtjlab.bench.check import report
from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.coil import FieldSource
from mtjlab.core.errors import (
    Aborted,
    BenchError,
    InstrumentError,
    LimitError,
    MtjlabError,
    NotSafeError,
)
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings

TESLA_PER_A, OHM, MAX_A, MAX_T_PER_S = 0.05, 8.0, 0.5, 0.1
BENCH = """
[bench]
name = "magnet"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[twin]
instrument_noise = false
[twin.junction]
field_slope_p_per_t = 200.0
field_slope_ap_per_t = -200.0
{twin}
[instruments.magnet]
driver = "{driver}"
resource = "GPIB0::25::INSTR"
[instruments.smu]
driver = "keithley2400"
resource = "GPIB0::24::INSTR"
[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"
[[wiring.singles]]
row = 0
columns = "0"
source = "smu"
series = "10 kohm"
read = "daq/ai0"
range = 1.0
[[wiring.coils]]
source = "{source}"
tesla_per_ampere = {tesla}
resistance = "{ohm} ohm"
max_current = "{max_a} A"
max_ramp = {max_ramp}
compliance = "{compliance} V"
"""
VOLTAGE = SourceSettings("voltage", range=0.3, compliance=40e-6)


def text(**other):
    values = {
        "twin": "",
        "driver": "keithley2450",
        "source": "magnet",
        "tesla": TESLA_PER_A,
        "ohm": OHM,
        "max_a": MAX_A,
        "max_ramp": MAX_T_PER_S,
        "compliance": 10.0,
    }
    return BENCH.format(**(values | other))


@pytest.fixture
def opened():
    with ExitStack() as undo:

        def make(**other):
            loaded = parse(text(**other), source="magnet.toml")
            bench = OpenBench(loaded, generators=Generators(1), notice=lambda *_: None)
            return undo.enter_context(bench)

        yield make


@pytest.fixture
def bench(opened):
    return opened()


@pytest.fixture
def rig(bench):
    return bench.rig(lambda *_: None)


@pytest.fixture
def coil(rig):
    return rig.fields["magnet"]


def world_field_t(bench):
    return float(bench.simulated.world._chip.field_t[0])


def tell(twin, message):
    twin.feed(message.encode() + b"\n")
    reply = bytes(twin.out).decode().removesuffix("\n")
    twin.out.clear()
    return reply


def levels_over_time(bench, action):
    """(s, A) of every level that the source of the coil is given during `action`."""
    seen = []
    source = bench.instruments["magnet"]
    original = source.set_level
    clock = bench.simulated.world.clock

    def watched(level):
        original(level)
        seen.append((clock.now_s(), level))

    source.set_level = watched
    try:
        action()
    finally:
        source.set_level = original
    return np.array(seen)


def test_a_coil_is_a_field_and_no_source(rig, coil):
    assert isinstance(coil, FieldSource)
    assert set(rig.sources) == {"smu"}
    assert coil.field_t() == 0.0


@pytest.mark.parametrize("driver", ["keithley2400", "keithley2450", "keysight_b2900"])
@pytest.mark.parametrize("field_t", [0.02, -0.025])
def test_the_field_that_is_set_is_the_one_at_the_junctions(opened, driver, field_t):
    bench = opened(driver=driver)
    coil = bench.rig(lambda *_: None).fields["magnet"]
    coil.set_field_t(field_t)
    assert coil.field_t() == pytest.approx(field_t, rel=1e-3)
    assert world_field_t(bench) == pytest.approx(field_t, rel=1e-3)
    state = bench.instruments["magnet"].state()
    assert (state.function, state.output_on) == ("current", True)
    coil.off()
    assert world_field_t(bench) == 0.0
    assert not bench.instruments["magnet"].state().output_on


def test_a_field_adds_to_the_static_one(opened):
    bench = opened(twin='[[twin.fields]]\nrows = "0"\ncolumns = "0"\nfield_t = 0.003')
    coil = bench.rig(lambda *_: None).fields["magnet"]
    assert world_field_t(bench) == pytest.approx(0.003)
    coil.set_field_t(0.02)
    assert world_field_t(bench) == pytest.approx(0.023, rel=1e-3)


def test_junctions_follow_the_field(bench, rig, coil):
    """Slopes of opposite sign: exp(200/T x 0.025 T) each way leaves hardly a junction parallel."""
    smu = rig.sources["smu"]
    smu.configure(VOLTAGE)
    smu.output(True)
    smu.set_level(0.2)
    means = []
    for field_t in (0.025, -0.025):
        coil.set_field_t(field_t)
        bench.simulated.world.clock.sleep(1.0)
        volts = [rig.daqs["daq"].read(["ai0"])[0] for _ in range(400)]
        means.append(float(np.mean(volts)))
        smu.measure()
    assert abs(means[0] - means[1]) > 0.005


@given(
    fields_t=st.lists(st.floats(-TESLA_PER_A * MAX_A, TESLA_PER_A * MAX_A), min_size=1, max_size=4)
)
@examples(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_ramp_is_faster_than_the_coil_may(opened, fields_t):
    bench = opened()
    coil = bench.rig(lambda *_: None).fields["magnet"]

    def action():
        for field_t in fields_t:
            coil.set_field_t(field_t)
        coil.off()

    seen = levels_over_time(bench, action)
    assert seen[-1, 1] == 0.0
    # Each step has its share of time before it.
    steps_t = np.abs(np.diff(seen[:, 1])) * TESLA_PER_A
    assert (steps_t <= MAX_T_PER_S * np.diff(seen[:, 0]) * (1 + 1e-6)).all()


@pytest.mark.parametrize("field_t", [0.026, -1.0, math.inf, math.nan])
def test_more_than_the_coil_may_have_is_refused(bench, coil, field_t):
    with pytest.raises(LimitError, match="nothing was sent"):
        coil.set_field_t(field_t)
    assert not bench.instruments["magnet"].state().output_on


def test_a_broken_lead_is_an_error(bench, coil):
    bench.simulated.twins["magnet"].trip(True)
    with pytest.raises(InstrumentError):
        coil.set_field_t(0.02)
    bench.simulated.twins["magnet"].trip(False)


def test_the_off_state_is_zero(bench, coil):
    """NORMAL is not for inductive loads (2400 manual, 13-10)."""
    coil.set_field_t(0.01)
    assert tell(bench.simulated.twins["magnet"], ":OUTP:CURR:SMOD?") == "ZERO"


def test_a_coil_that_is_on_already_is_not_taken_over(bench, coil):
    tell(bench.simulated.twins["magnet"], ":SOUR:FUNC CURR;:SOUR:CURR 0.1;:OUTP 1")
    with pytest.raises(InstrumentError, match="not by this session"):
        coil.set_field_t(0.01)
    assert tell(bench.simulated.twins["magnet"], ":OUTP?") == "1"


def test_a_source_that_was_switched_off_by_hand_is_not_ramped_blindly(bench, coil):
    coil.set_field_t(0.01)
    tell(bench.simulated.twins["magnet"], ":OUTP 0")
    with pytest.raises(MtjlabError):
        coil.set_field_t(0.02)
    assert world_field_t(bench) == 0.0


def test_the_safe_state_takes_the_coil_last_and_slowly(bench, rig, coil):
    smu = rig.sources["smu"]
    smu.configure(VOLTAGE)
    smu.output(True)
    smu.set_level(0.2)
    coil.set_field_t(0.025)
    clock = bench.simulated.world.clock
    before_s = clock.now_s()
    made = []
    seen = levels_over_time(bench, lambda: made.extend(bench.make_safe()))
    assert made[-1].name == "magnet"
    assert all(one.error is None for one in made)
    assert clock.now_s() - before_s >= 0.025 / MAX_T_PER_S * 0.9
    rates = np.abs(np.diff(seen[:, 1])) * TESLA_PER_A / np.diff(seen[:, 0])
    assert rates.max() <= MAX_T_PER_S * (1 + 1e-6)
    state = bench.instruments["magnet"].state()
    assert (state.output_on, state.level) == (False, 0.0)


def test_a_coil_that_does_not_answer_is_not_proved_safe(bench, coil):
    coil.set_field_t(0.01)
    bench.drivers["magnet"].close()
    with pytest.raises(NotSafeError, match="magnet"):
        bench.make_safe()


def test_abort_ends_a_ramp_and_the_safe_state_still_works(bench, coil):
    """At any moment of the ramp, as the application does it: by the bench."""
    coil.set_field_t(0.005)
    source, clock = bench.instruments["magnet"], bench.simulated.world.clock
    original, aborted_s = source.set_level, []

    def watched(level):
        original(level)
        if level * TESLA_PER_A > 0.012 and not aborted_s:
            aborted_s.append(clock.now_s())
            bench.abort()

    source.set_level = watched
    with pytest.raises(Aborted):
        coil.set_field_t(0.025)
    source.set_level = original
    assert clock.now_s() - aborted_s[0] < 0.1
    assert 0.012 < world_field_t(bench) < 0.022
    bench.make_safe()
    assert world_field_t(bench) == 0.0


def test_the_world_goes_on_from_a_saved_state(opened):
    first, second = opened(), opened()
    first.rig(lambda *_: None).fields["magnet"].set_field_t(0.02)
    second.simulated.restore(first.simulated.state())
    assert world_field_t(second) == world_field_t(first) != 0.0


def test_check_names_the_coil(bench):
    rows = report(bench.loaded, bench.instruments, bench.drivers)
    (row,) = (row for row in rows if row.item == "magnet coil")
    assert (row.section, row.value, row.verdict) == ("limits", "up to 25 mT", "ok")


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ({"source": "magnt"}, "no instrument 'magnt'; did you mean 'magnet'"),
        ({"source": "daq/ao0"}, "is a board output; expected a source-meter"),
        ({"source": "smu"}, "also drives something else"),
        ({"compliance": 3.0}, "takes 4 V; expected at least that"),
        ({"max_ramp": 0.001}, "for the safe state"),
        ({"tesla": 0.0}, "expected the field of 1 A"),
        ({"max_a": -1.0}, "max_current"),
    ],
)
def test_a_mistake_is_named(other, match):
    with pytest.raises(BenchError, match=match):
        parse(text(**other), source="magnet.toml")
