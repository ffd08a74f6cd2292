"""The 2400's driver: what it sends, what it refuses, what it does with an instrument that lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keithley2400 import Keithley2400
from drivers.keithley2400_settings import ABILITIES, STAGE, changes
from drivers.source_fitting import fit
from mtjlab.core.driver import Driver
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    InstrumentError,
    LimitError,
    NotFound,
    NotSafeError,
    Reported,
    Timeout,
    WrongIdentity,
)
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import (
    SourceMeter,
    SourceSettings,
)
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.twins.keithley2400 import Keithley2400Twin
from sim_backend.world.world import World

IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1000024,C34 Sep 21 2016 15:30:00/A02  /K/J"
SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6)
READ = ":READ?;:FETCH?"
SILENCE = None


def twice(reply: bytes) -> bytes:
    """As the instrument sends a reading."""
    return reply.removesuffix(b"\n") + b";" + reply


class Instrument:
    """A simulated 2400 whose replies can be tampered with: question -> replies, used up in turn."""

    def __init__(self):
        wires = [SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None)]
        self.world = World(
            Wiring(tuple(wires)),
            junction=JunctionParameters(),
            spread=Spread(),
            faults=(),
            chip_seed=1,
            generators=Generators(1),
        )
        options = Keithley2400Twin.options_model()
        self.twin = Keithley2400Twin(
            name="smu", resource="GPIB0::24::INSTR", options=options, world=self.world
        )
        self.lies = {}

    def __call__(self, message):
        self.twin.feed(message.encode() + b"\n")
        reply = bytes(self.twin.out)
        self.twin.out.clear()
        if self.lies.get(message):
            return self.lies[message].pop(0)
        return (reply,) if reply else ()

    def tell(self, message):
        """Somebody else sends something."""
        self.twin.feed(message.encode() + b"\n")
        reply = bytes(self.twin.out).decode().strip()
        self.twin.out.clear()
        return reply


@pytest.fixture
def instrument():
    return Instrument()


@pytest.fixture
def library(function_library, instrument):
    return function_library.around(instrument)


@pytest.fixture
def smu(library, opening, closing):
    return closing(Keithley2400.open(opening(library)))


@pytest.fixture
def running(smu, permit):
    """Configured, on, at 0.2 V; `permit` is open for the test."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.2)
        yield smu


def settings_sent(library):
    return [message for message in library.sent if not message.split()[0].endswith("?")]


def test_it_satisfies_its_interfaces(smu):
    assert isinstance(smu, SourceMeter)
    driver: Driver = smu
    assert driver.faces() == {"": smu}
    assert driver.host_loss.startswith("nothing")
    assert Keithley2400.largest_v == ABILITIES.voltage_ranges_v[-1] * ABILITIES.overrange
    assert Keithley2400.largest_a == ABILITIES.current_ranges_a[-1] * ABILITIES.overrange


def test_connecting_only_asks(smu, library):
    assert settings_sent(library) == []
    assert smu.identify().model == "2400"
    assert smu.found == ()


def test_an_energised_instrument_is_reported_and_not_touched(instrument, library, opening, closing):
    for message in (":SOUR:VOLT:RANG 2", ":SOUR:VOLT 0.15", "OUTP ON", ":NONSENSE"):
        instrument.tell(message)
    smu = closing(Keithley2400.open(opening(library)))
    assert smu.found[0] == "output on at 150 mV"
    assert "-113" in smu.found[1]
    assert smu.state().output_on
    assert settings_sent(library) == []


def test_the_exact_words_of_a_configuration(smu, library, permit):
    """Reference traffic: a change of it is a change of what real instruments are sent."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.123456789)
    assert settings_sent(library) == [
        ":SOURCE:VOLTAGE 0.0",
        ":SOURCE:CURRENT 0.0",
        ":FORMAT:ELEMENTS VOLTAGE, CURRENT, RESISTANCE, TIME, STATUS",
        ":SOURCE:FUNCTION VOLT",
        ":SOURCE:VOLTAGE:MODE FIXED",
        ":SENSE:FUNCTION:CONCURRENT ON",
        ":SENSE:FUNCTION 'VOLTAGE','CURRENT'",
        ":SENSE:RESISTANCE:MODE MAN",
        ":SOURCE:CLEAR:AUTO 0",
        ":SOURCE:VOLTAGE:RANGE 2",
        ":SENSE:CURRENT:PROTECTION 0.0002",
        ":SENSE:CURRENT:RANGE 0.001",
        ":SENSE:CURRENT:NPLCYCLES 1",
        ":SENSE:AVERAGE 0",
        ":ARM:COUNT 1",
        ":TRIGGER:COUNT 1",
        ":SYSTEM:RSENSE 0",
        ":OUTPUT:SMODE NORM",
        ":SOURCE:VOLTAGE 0.0",
        "OUTPUT 1",
        ":SOURCE:VOLTAGE 0.123456789",
    ]


def test_every_change_is_followed_by_the_error_queue(running, library):
    for before, after in zip(library.sent, library.sent[1:], strict=False):
        if not before.split()[0].endswith("?"):
            assert after == "SYST:ERR?", f"after {before}"


def test_a_reading_is_what_the_instrument_sees(running, instrument):
    reading = running.measure()
    assert reading.voltage_v == pytest.approx(0.2, rel=1e-3)
    load_ohm = instrument.world.load_ohm("smu")
    assert reading.current_a == pytest.approx(0.2 / load_ohm, rel=0.5)
    assert not reading.in_compliance


def test_compliance_is_seen(smu, permit):
    with permit.opened():
        smu.configure(SourceSettings("voltage", range=0.3, compliance=2e-6))
        smu.output(True)
        smu.set_level(0.3)
        reading = smu.measure()
    assert reading.in_compliance
    assert reading.current_a == pytest.approx(2e-6, rel=0.02)


def test_a_sweep_runs_in_the_instruments_buffer(running, library):
    levels = np.linspace(0, 0.3, 120)
    already = len(library.sent)
    rows = running.sweep(levels, 1e-3)
    assert rows.shape == (120, 2)
    assert np.abs(rows[:, 0] - levels).max() < 1e-3
    sent = library.sent[already:]
    assert sum(m.startswith(":SOURCE:LIST:VOLTAGE") for m in sent) == 2, "100 levels a message"
    assert READ not in sent
    assert running.state().level == pytest.approx(0.3)
    assert running.measure().voltage_v == pytest.approx(0.3, rel=1e-3)


def test_a_leaked_driver_can_be_read_but_not_set(running, permit, library):
    already = len(library.sent)

    def attempt():
        for setting in (
            lambda: running.set_level(0.0),
            lambda: running.output(False),
            lambda: running.configure(SETTINGS),
            lambda: running.sweep(np.zeros(2), 0.0),
            running.shutdown,
        ):
            with pytest.raises(LimitError, match="nothing was sent"):
                setting()
        running.measure()
        running.state()

    permit._local.granted = False
    try:
        attempt()
    finally:
        permit._local.granted = True
    assert settings_sent(library)[-1] == ":SOURCE:VOLTAGE 0.2"
    assert READ in library.sent[already:]


@pytest.mark.parametrize("level", [0.3001, -1.0, float("nan"), float("inf")])
def test_a_level_beyond_the_configured_range_is_refused(running, library, level):
    already = len(library.sent)
    with pytest.raises(LimitError, match=r"300 mV either way.*nothing was sent"):
        running.set_level(level)
    assert library.sent[already:] == []


def test_without_settings_of_this_session_the_level_only_goes_down(
    instrument, library, opening, closing, permit
):
    for message in (":SOUR:VOLT:RANG 2", ":SOUR:VOLT 0.2", "OUTP ON"):
        instrument.tell(message)
    smu = closing(Keithley2400.open(opening(library)))
    with permit.opened():
        smu.set_level(0.1)
        with pytest.raises(LimitError):
            smu.set_level(0.15)
        with pytest.raises(InstrumentError, match="before this session has configured it"):
            smu.measure()
        smu.shutdown()
    assert instrument.tell(":OUTP?") == "0"


@pytest.mark.parametrize(
    "idn",
    [
        "KEITHLEY INSTRUMENTS,MODEL 2450,4000001,1.7.0",
        "KEITHLEY INSTRUMENTS INC.,MODEL 2420,1,C30",
        "YOKOGAWA,GS200,1,1",
        "hello",
        "",
    ],
)
def test_somebody_else_is_named(scripted, opening, idn):
    with pytest.raises(WrongIdentity, match="a Keithley 2400 was expected"):
        Keithley2400.open(opening(scripted(("*IDN?", idn))))


def test_nobody_there_is_not_found(scripted, opening):
    with pytest.raises(NotFound, match=r"nothing answers: smu \(GPIB0::24::INSTR\)"):
        Keithley2400.open(opening(scripted(("*IDN?", None))))


def test_what_the_instrument_reports_is_raised_with_every_entry(running, instrument):
    instrument.tell(":NONSENSE 1")
    instrument.tell(":SOUR:VOLT 1E9")
    with pytest.raises(Reported, match=r"-113 .*; -222 .*after :SOURCE:VOLTAGE 0\.1"):
        running.set_level(0.1)


def test_an_error_queue_without_end_is_no_hang(running, instrument):
    instrument.lies["SYST:ERR?"] = [(b'-350,"Queue overflow"\n',)] * 1000
    with pytest.raises(BadReply, match="does not become empty"):
        running.set_level(0.1)


@pytest.mark.parametrize(
    ("question", "lie", "error"),
    [
        (":SOURCE:VOLTAGE:RANGE?", b"2.100000E+02\n", InstrumentError),
        (":SENSE:CURRENT:PROTECTION?", b"1.050000E+00\n", InstrumentError),
        (":SENSE:CURRENT:NPLCYCLES?", b"1.000000E+01\n", InstrumentError),
        (":OUTPUT:SMODE?", b"HIMP\n", InstrumentError),
        (":OUTPUT:SMODE?", b"garbage\n", BadReply),
        (":SENSE:CURRENT:RANGE?", b"\n", BadReply),
        (":SOURCE:FUNCTION?", b"7\n", BadReply),
        ("OUTPUT?", b"1\n", InstrumentError),
        ("OUTPUT?", b"ON?\n", BadReply),
        (":SENSE:FUNCTION?", b'"RES"\n', InstrumentError),
    ],
)
def test_a_setting_that_does_not_read_back_is_an_error(
    smu, instrument, permit, question, lie, error
):
    instrument.lies[question] = [(lie,)] * 5
    with permit.opened(), pytest.raises(error):
        smu.configure(SETTINGS)
    instrument.lies.clear()
    assert instrument.tell(":OUTP?") == "0"


@pytest.mark.parametrize(
    "reply",
    [
        b"+2.000000E-01\n",
        b"+2.0E-01,+1.0E-05,+9.91E+37,+1.0E+00\n",
        b"+2.0E-01,+1.0E-05,+9.91E+37,+1.0E+00,bits\n",
        b"+2.0E-01,+9.9E+37,+9.91E+37,+1.0E+00,+0.0E+00\n",
        b"+2.0E-01,+9.91E+37,+9.91E+37,+1.0E+00,+0.0E+00\n",
        b"+2.0E-01,+1.0E-05,+9.91E+37,+1.0E+00,+1.0E+00\n",
        b"+2.0E-01,NAN,+9.91E+37,+1.0E+00,+0.0E+00\n",
        b"+0.0E+00,+1.0E-05,+9.91E+37,+1.0E+00,+0.0E+00\n",
        b"\xff\xfe,\n",
    ],
)
def test_no_garbled_reading_becomes_a_number(running, instrument, reply):
    instrument.lies[READ] = [(twice(reply),)]
    with pytest.raises(BadReply):
        running.measure()
    assert running.measure().voltage_v == pytest.approx(0.2, rel=1e-3)


GOOD = b"+2.000000E-01,+1.000000E-05,+9.910000E+37,+1.000000E+00,+5.324800E+04"


@pytest.mark.parametrize(
    "reply",
    [GOOD, GOOD + b";", GOOD + b";" + GOOD.replace(b"+1.000000E-05", b"+3.000000E-05")],
    ids=["once", "cut off", "one digit is another"],
)
def test_a_reading_must_come_twice_and_the_same(running, instrument, reply):
    instrument.lies[READ] = [(reply + b"\n",)]
    with pytest.raises(BadReply, match="the same one twice"):
        running.measure()
    assert running.measure().voltage_v == pytest.approx(0.2, rel=1e-3)


def test_the_reading_of_before_is_no_new_one(running, instrument):
    instrument.lies[READ] = [(twice(GOOD + b"\n"),)] * 2
    assert running.measure().current_a == 1e-5
    with pytest.raises(BadReply, match="reading of before came once more"):
        running.measure()
    running.measure()


def test_a_sweep_that_met_compliance_is_no_data(running):
    load_ohm = running.measure().voltage_v / running.measure().current_a
    running.shutdown()
    running.configure(SourceSettings("voltage", range=0.3, compliance=0.15 / load_ohm))
    running.output(True)
    with pytest.raises(Reported, match="compliance held the output back"):
        running.sweep(np.linspace(0.0, 0.3, 5), 0.0)
    assert running.state().level == pytest.approx(0.3), "it ends where it was to end"


def test_a_reading_that_comes_too_late_is_not_the_next_one(running, instrument):
    late = b"+2.000000E-01,+9.999999E-05,+9.910000E+37,+1.0E+00,+0.0E+00\n"
    instrument.lies[READ] = [(SILENCE,) * 200 + (twice(late),)]
    with pytest.raises(Timeout):
        running.measure()
    assert running.measure().current_a < 9e-5


def test_off_measures_nothing_and_stays_off(running, library):
    running.set_level(0.0)
    running.output(False)
    already = len(library.sent)
    with pytest.raises(InstrumentError, match="measures nothing while its output is off"):
        running.measure()
    assert READ not in library.sent[already:]


def test_an_output_switched_off_by_hand_is_noticed(running, instrument):
    running.measure()
    instrument.tell("OUTP OFF")
    with pytest.raises(BadReply, match="the same one twice"):
        running.measure()
    with pytest.raises(InstrumentError, match="while its output is off"):
        running.measure()


def test_abort_holds_until_shutdown(running):
    running.abort()
    for call in (
        running.measure,
        lambda: running.configure(SETTINGS),
        lambda: running.sweep(np.zeros(3), 0.0),
    ):
        with pytest.raises(Aborted):
            call()
    running.set_level(0.1)
    running.shutdown()
    running.configure(SETTINGS)


def test_an_aborted_sweep_leaves_the_source_where_it_was(running, instrument, library):
    instrument.lies["*STB?"] = [(b"0\n",)] * 1000
    unpatched = library.write

    def stop_at_third_poll(session, data):
        if library.sent.count("*STB?") == 3:
            running.abort()
        return unpatched(session, data)

    library.write = stop_at_third_poll
    with pytest.raises(Aborted):
        running.sweep(np.linspace(0, 0.3, 10), 0.0)
    assert instrument.tell(":SOUR:VOLT:MODE?") == "FIX"
    assert float(instrument.tell(":SOUR:VOLT?")) == pytest.approx(0.2)


def test_a_sweep_that_never_ends_times_out_in_bench_time(running, instrument):
    instrument.lies["*STB?"] = [(b"0\n",)] * 10_000
    with pytest.raises(Timeout, match="has not filled the buffer"):
        running.sweep(np.linspace(0, 0.3, 10), 0.0)


@pytest.mark.parametrize(
    ("levels", "delay_s"),
    [
        (np.full(3, 0.31), 0.0),
        (np.array([0.0, np.nan]), 0.0),
        (np.zeros(2501), 0.0),
        (np.zeros(0), 0.0),
        (np.zeros((2, 2)), 0.0),
        (np.zeros(2), -1.0),
    ],
)
def test_a_sweep_the_instrument_cannot_do_is_refused(running, library, levels, delay_s):
    already = len(settings_sent(library))
    with pytest.raises(LimitError, match="nothing was sent"):
        running.sweep(levels, delay_s)
    assert len(settings_sent(library)) == already


def test_shutdown_says_so_when_the_output_does_not_go_off(running, instrument):
    instrument.lies["OUTPUT?"] = [(b"1\n",)]
    with pytest.raises(NotSafeError, match=r"reads back on at 0 V.*by hand"):
        running.shutdown()
    running.shutdown()


def test_shutdown_of_a_dead_instrument_is_not_safe(running, library):
    library.instrument = lambda message: ()
    with pytest.raises(NotSafeError, match="could not be read back as off"):
        running.shutdown()


def test_shutdown_of_a_dead_instrument_gives_up_soon(running, library):
    library.instrument = lambda message: ()
    waits = []
    library.on_silence = lambda: waits.append(1)
    with pytest.raises(NotSafeError):
        running.shutdown()
    assert len(waits) <= 3 * 40, "three time-outs of 2 s in slices of 50 ms"


def test_what_was_reported_before_a_shutdown_does_not_spoil_the_next_settings(running, instrument):
    instrument.tell(":NONSENSE")
    running.shutdown()
    running.configure(SETTINGS)


def test_shutdown_works_in_the_middle_of_a_reply_and_after_an_abort(running, instrument):
    instrument.lies[READ] = [(b"+2.0", SILENCE)]
    running.abort()
    with pytest.raises(Aborted):
        running.measure()
    running.shutdown()
    assert instrument.tell(":OUTP?") == "0"
    assert float(instrument.tell(":SOUR:VOLT?")) == 0


@pytest.mark.parametrize(
    "settings",
    [
        SourceSettings("voltage", range=250.0, compliance=1e-3),
        SourceSettings("voltage", range=1.0, compliance=2.0),
        SourceSettings("voltage", range=1.0, compliance=0.0),
        SourceSettings("voltage", range=100.0, compliance=0.5),
        SourceSettings("current", range=0.5, compliance=100.0),
        SourceSettings("voltage", range=1.0, compliance=1e-3, nplc=11.0),
        SourceSettings("voltage", range=float("nan"), compliance=1e-3),
    ],
)
def test_settings_the_instrument_does_not_have_are_refused(smu, permit, library, settings):
    already = len(library.sent)
    with permit.opened(), pytest.raises(LimitError, match="nothing was sent"):
        smu.configure(settings)
    assert library.sent[already:] == []


@given(level=st.floats(0, 210), compliance=st.floats(1e-9, 0.105))
def test_ranges_are_the_smallest_that_hold(level, compliance):
    fitted = fit(SourceSettings("voltage", range=level, compliance=compliance), STAGE, "smu")
    overrange = ABILITIES.overrange
    assert level <= fitted.source_range * overrange
    assert compliance <= fitted.sense_range * overrange
    smaller = [r for r in ABILITIES.voltage_ranges_v if r < fitted.source_range]
    assert all(level > r * overrange for r in smaller)


@given(
    compliance=st.floats(1e-8, 1.0),
    before=st.sampled_from(ABILITIES.current_ranges_a),
)
def test_range_and_compliance_never_contradict_on_the_way(compliance, before):
    """The instrument's own rule, at every moment: range <= compliance's, compliance >= 0.1 %."""
    fitted = fit(SourceSettings("voltage", range=0.3, compliance=compliance), STAGE, "smu")
    present, limit = before, before
    for change in changes(fitted, present_sense_range=before):
        if change.attribute == "current_range":
            present = float(change.value)
        elif change.attribute == "compliance_current":
            limit = float(change.value)
        assert present <= 10 * limit * 1.05 or present == fitted.sense_range
        assert limit >= 1e-3 * present or limit == compliance
    assert (present, limit) == (fitted.sense_range, compliance)
