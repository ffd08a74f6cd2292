"""The 2450's driver: what it sends, what it refuses, what it does with an instrument that lies."""

from contextlib import closing as closed
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from drivers.keithley2450 import Keithley2450
from drivers.keithley2450_settings import ABILITIES, STAGE
from drivers.source_fitting import fit
from mtjlab.core.driver import Driver, Opening, Ports
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
from mtjlab.core.interfaces import SourceMeter, SourceSettings
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from mtjlab.testing import source_meter
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.twins.keithley2450 import Keithley2450Twin
from sim_backend.world.world import World

IDN = "KEITHLEY INSTRUMENTS,MODEL 2450,04000024,1.7.12b"
SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6)
CURRENT = SourceSettings(
    "current", range=20e-6, compliance=1.0, four_wire=True, off_state="zero", nplc=0.1
)
WANTED = '"defbuffer1", SOURCE, READING, SOURSTATUS, TSTAMP'
READ = f":READ? {WANTED};:FETCH? {WANTED}"
SILENCE = None


def make_twin(resource="GPIB0::24::INSTR"):
    world = World(
        Wiring((SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None),)),
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    options = Keithley2450Twin.options_model()
    return Keithley2450Twin(name="smu", resource=resource, options=options, world=world)


class Instrument:
    """A simulated 2450 whose replies can be tampered with: question -> replies, used up in turn."""

    def __init__(self):
        self.twin = make_twin()
        self.world = self.twin.world
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
    return closing(Keithley2450.open(opening(library)))


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


@contextmanager
def on_a_lan(resource):
    """Driver, permit and twin through the unmodified PyVISA package."""
    twin = make_twin(resource)
    library = visa.make(twin.world.clock)
    library.attach(resource, twin)
    permit = WritePermit()
    opening = Opening(
        name="smu",
        resource=resource,
        options={},
        ports=Ports(visa_library=library, virtual=True),
        clock=twin.world.clock,
        permit=permit,
    )
    with closed(Keithley2450.open(opening)) as smu:
        yield smu, permit, twin


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("settings", [SETTINGS, CURRENT], ids=lambda s: s.function)
def test_the_2450_conforms(settings, check):
    with on_a_lan("TCPIP0::127.0.0.1::hislip0,4880::INSTR") as (smu, permit, _):
        check(
            source_meter.SourceUnderTest(
                smu, settings, level=settings.range / 2, allowed=permit.opened
            )
        )


@pytest.mark.parametrize(
    "resource",
    [
        "USB0::0x05E6::0x2450::04000024::INSTR",
        "TCPIP0::127.0.0.1::5025::SOCKET",
        "TCPIP0::192.168.1.7::inst0::INSTR",
        "GPIB0::18::INSTR",
    ],
)
def test_any_resource_will_do(resource):
    with on_a_lan(resource) as (smu, permit, twin):
        with permit.opened():
            smu.configure(SETTINGS)
            smu.output(True)
            smu.set_level(0.1)
            assert smu.measure().voltage_v == pytest.approx(0.1, rel=1e-3)
            smu.shutdown()
        assert twin.world.clock.now_s() < 1


def test_it_satisfies_its_interfaces(smu):
    assert isinstance(smu, SourceMeter)
    driver: Driver = smu
    assert driver.faces() == {"": smu}
    assert driver.host_loss.startswith("nothing")
    assert Keithley2450.largest_v == ABILITIES.voltage_ranges_v[-1] * ABILITIES.overrange
    assert Keithley2450.largest_a == ABILITIES.current_ranges_a[-1] * ABILITIES.overrange


def test_connecting_only_asks(smu, library):
    assert settings_sent(library) == []
    assert smu.identify().model == "2450"
    assert smu.found == ()


def test_an_energised_instrument_is_reported_and_not_touched(instrument, library, opening, closing):
    for message in (":SOUR:VOLT:RANG 2", ":SOUR:VOLT 0.15", "OUTP ON", ":NONSENSE"):
        instrument.tell(message)
    smu = closing(Keithley2450.open(opening(library)))
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
        ":SOURCE:FUNCTION VOLT",
        ":SENSE:FUNCTION 'CURRENT'",
        ":SOURCE:VOLTAGE:RANGE 2.0",
        ":SENSE:CURRENT:RANGE:AUTO 1",
        ":SOURCE:VOLTAGE:ILIMIT 0.0002",
        ":SENSE:CURRENT:RANGE 0.001",
        ":SENSE:CURRENT:NPLCYCLES 1.0",
        ":SENSE:CURRENT:AVERAGE 0",
        ":SENSE:COUNT 1",
        ":SENSE:CURRENT:RSENSE 0",
        ":SOURCE:VOLTAGE:READ:BACK 1",
        ":SOURCE:VOLTAGE:DELAY:AUTO 1",
        ":OUTPUT:VOLTAGE:SMODE NORM",
        ":FORMAT:DATA ASC",
        ":FORMAT:ASCII:PRECISION 0",
        ":SOURCE:VOLTAGE 0.0",
        "OUTPUT 1",
        ":SOURCE:VOLTAGE 0.123456789",
    ]


def test_every_change_is_followed_by_the_error_queue(running, library):
    for before, after in zip(library.sent, library.sent[1:], strict=False):
        if not before.split()[0].endswith("?"):
            assert after == "SYST:ERR?", f"after {before}"


def test_a_reading_is_what_the_instrument_sees(running, instrument, library):
    already = len(library.sent)
    reading = running.measure()
    assert library.sent[already:] == [READ]
    assert reading.voltage_v == pytest.approx(0.2, rel=1e-3)
    load_ohm = instrument.world.load_ohm("smu")
    assert reading.current_a == pytest.approx(0.2 / load_ohm, rel=0.5)
    assert not reading.in_compliance


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        (SourceSettings("voltage", range=0.3, compliance=2e-6), 0.3),
        (SourceSettings("current", range=20e-6, compliance=0.1), 20e-6),
    ],
)
def test_compliance_is_seen(smu, permit, settings, level):
    with permit.opened():
        smu.configure(settings)
        smu.output(True)
        smu.set_level(level)
        reading = smu.measure()
    assert reading.in_compliance
    limited = reading.current_a if settings.function == "voltage" else reading.voltage_v
    assert limited == pytest.approx(settings.compliance, rel=0.02)


def test_a_sweep_runs_in_the_instruments_buffer(running, library):
    levels = np.linspace(0, 0.3, 120)
    already = len(library.sent)
    rows = running.sweep(levels, 1e-3)
    assert rows.shape == (120, 2)
    assert np.abs(rows[:, 0] - levels).max() < 1e-3
    sent = library.sent[already:]
    assert sum(m.startswith(":SOURCE:LIST:VOLTAGE") for m in sent) == 2, "100 levels a message"
    assert not any(m.startswith(":READ?") for m in sent)
    # The instrument's sweep ends with the output off: on again at 0, then to the last level.
    end = [m for m in sent[sent.index(":INIT") :] if not m.split()[0].endswith("?")]
    assert end == [
        ":INIT",
        ":SOURCE:VOLTAGE 0.0",
        "OUTPUT 1",
        ":SOURCE:VOLTAGE:DELAY:AUTO 1",
        ':TRIGGER:LOAD "Empty"',
        ":SOURCE:VOLTAGE 0.3",
    ]
    assert running.state().output_on
    assert running.state().level == pytest.approx(0.3)
    assert running.measure().voltage_v == pytest.approx(0.3, rel=1e-3)


def test_a_sweep_of_an_instrument_that_stays_on_is_not_interrupted(running, instrument, library):
    running.sweep(np.array([0.0, 0.1]), 0.0)
    already = len(library.sent)
    instrument.lies["OUTPUT?"] = [(b"1\n",), (b"1\n",)]
    running.sweep(np.array([0.0, 0.1]), 0.0)
    assert "OUTPUT 1" not in library.sent[already:]


def test_a_leaked_driver_can_be_read_but_not_set(running, permit, library):
    already = len(library.sent)
    permit._local.granted = False
    try:
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
        for question in (":MEAS:VOLT?", ":MEASURE?"):
            with pytest.raises(LimitError, match="changes what a 2450 measures"):
                running._link.ask(question)
        with pytest.raises(LimitError, match="passes only through"):
            running._link.ask(READ)
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
    smu = closing(Keithley2450.open(opening(library)))
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
        "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1000024,C34 Sep 21 2016 15:30:00/A02  /K/J",
        "KEITHLEY INSTRUMENTS,MODEL 2460,04000024,1.7.12b",
        "Keithley Instruments Inc., Model 2602B, 4000000, 3.3.5",
        "hello",
        "",
    ],
)
def test_somebody_else_is_named(scripted, opening, idn):
    with pytest.raises(WrongIdentity, match="a Keithley 2450 was expected"):
        Keithley2450.open(opening(scripted(("*IDN?", idn))))


def test_another_language_is_named_with_its_cure(scripted, opening):
    with pytest.raises(InstrumentError, match=r"'TSP'; expected SCPI.*Command Set"):
        Keithley2450.open(opening(scripted(("*IDN?", IDN), ("*LANG?", "TSP"))))


def test_nobody_there_is_not_found(scripted, opening):
    with pytest.raises(NotFound, match=r"nothing answers: smu \(GPIB0::24::INSTR\)"):
        Keithley2450.open(opening(scripted(("*IDN?", None))))


def test_what_the_instrument_reports_is_raised_with_every_entry(running, instrument):
    instrument.tell(":NONSENSE 1")
    instrument.tell(":SOUR:VOLT 1E9")
    with pytest.raises(Reported, match=r"-113 .*; -222 .*after :SOURCE:VOLTAGE 0\.1"):
        running.set_level(0.1)


def test_a_full_event_log_is_no_hang(running, instrument):
    for _ in range(1100):
        instrument.twin.report(-200, "Execution error")
    with pytest.raises(BadReply, match="does not become empty: -200 Execution error;1;"):
        running.set_level(0.1)


def test_warnings_are_not_errors(running, instrument):
    instrument.twin.events.log(1, "something", 2)
    running.set_level(0.1)


@pytest.mark.parametrize(
    ("question", "lie", "error"),
    [
        (":SOURCE:VOLTAGE:RANGE?", b"2.000000E+02\n", InstrumentError),
        (":SOURCE:VOLTAGE:ILIMIT?", b"1.050000E+00\n", InstrumentError),
        (":SENSE:CURRENT:NPLCYCLES?", b"1.000000E+01\n", InstrumentError),
        (":SENSE:CURRENT:RANGE?", b"1.000000E-08\n", InstrumentError),
        (":SENSE:CURRENT:RANGE?", b"\n", BadReply),
        (":OUTPUT:VOLTAGE:SMODE?", b"HIMP\n", InstrumentError),
        (":SOURCE:VOLTAGE:READ:BACK?", b"0\n", InstrumentError),
        (":SOURCE:FUNCTION?", b"CURR\n", InstrumentError),
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
    assert float(instrument.tell(":SOUR:VOLT?")) == 0


def test_a_limit_that_the_instrument_changes_by_itself_is_noticed(smu, instrument, permit):
    """It only warns when a range comes that the limit does not suit."""
    limit = ":SOURCE:VOLTAGE:ILIMIT?"
    instrument.lies[limit] = [(b"2.000000E-04\n",), (b"1.060000E-04\n",)]
    with permit.opened(), pytest.raises(InstrumentError, match=r"ILIMIT\? reads 1\.06.*event log"):
        smu.configure(SETTINGS)


@pytest.mark.parametrize(
    ("reply", "error", "match"),
    [
        (b"2.000000E-01,1.000000E-05\n", BadReply, "expected three numbers"),
        (b"2.000000E-01,garbage,128\n", BadReply, "expected three numbers"),
        (b"2.000000E-01,nan,128\n", BadReply, "expected three numbers"),
        (b"2.000000E-01,1.0E+999,128\n", BadReply, "finite"),
        (b"2.000000E-01,9.900000E+37,128\n", BadReply, "overflows its range"),
        (b"1.000000E-02,1.000000E-06,128\n", BadReply, "belongs to another moment"),
        (b"2.000000E-01,1.000000E-05,0\n", InstrumentError, "output was off"),
        (b"2.000000E-01,1.0", Timeout, "only"),
    ],
)
def test_a_reading_that_cannot_be_one_is_no_number(running, instrument, reply, error, match):
    stamped = reply.replace(b"\n", b",07/01/2025 12:00:00.000000")
    whole = stamped + b";" + stamped + b"\n" if stamped != reply else reply
    instrument.lies[READ] = [(whole,)]
    with pytest.raises(error, match=match):
        running.measure()
    assert running.measure().voltage_v == pytest.approx(0.2, rel=1e-3)


def test_an_output_switched_off_by_hand_is_noticed(running, instrument):
    instrument.tell("OUTP OFF")
    with pytest.raises(InstrumentError, match="output was off"):
        running.measure()
    with pytest.raises(InstrumentError, match="while its output is off"):
        running.measure()


def test_a_power_cycle_is_noticed(running, instrument):
    instrument.twin.power_cycle()
    with pytest.raises((InstrumentError, BadReply)):
        running.measure()
    with pytest.raises(InstrumentError, match="while its output is off"):
        running.measure()
    running.shutdown()
    running.configure(SETTINGS)


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
    instrument.lies[":TRIGGER:STATE?"] = [(b"RUNNING;RUNNING;5\n",)] * 1000
    unpatched = library.write

    def stop_at_third_poll(session, data):
        if library.sent.count(":TRIGGER:STATE?") == 3:
            running.abort()
        return unpatched(session, data)

    library.write = stop_at_third_poll
    with pytest.raises(Aborted):
        running.sweep(np.linspace(0, 0.3, 10), 0.0)
    assert float(instrument.tell(":SOUR:VOLT?")) == pytest.approx(0.2)
    assert instrument.tell(":TRIG:STAT?").startswith("EMPTY")
    assert ":ABORT" in library.sent


@pytest.mark.parametrize(
    ("question", "lie", "error", "match"),
    [
        (":TRIGGER:STATE?", b"RUNNING;RUNNING;5\n", Timeout, "has not ended"),
        (":TRIGGER:STATE?", b"FAILED;FAILED;3\n", BadReply, "'FAILED'"),
        (':TRACE:ACTUAL? "defbuffer1"', b"9\n", BadReply, "'9' readings"),
        (
            ':TRACE:DATA? 1, 10, "defbuffer1", SOURCE, READING, SOURSTATUS',
            b"1,2,3\n",
            BadReply,
            "3 numbers in the buffer",
        ),
    ],
)
def test_a_sweep_that_goes_wrong_is_an_error(running, instrument, question, lie, error, match):
    instrument.lies[question] = [(lie,)] * 10_000
    with pytest.raises(error, match=match):
        running.sweep(np.linspace(0, 0.3, 10), 0.0)
    instrument.lies.clear()
    assert float(instrument.tell(":SOUR:VOLT?")) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("levels", "delay_s"),
    [
        (np.full(3, 0.31), 0.0),
        (np.array([0.0, np.nan]), 0.0),
        (np.zeros(2501), 0.0),
        (np.zeros(0), 0.0),
        (np.zeros((2, 2)), 0.0),
        (np.zeros(2), -1.0),
        (np.zeros(2), 1e-5),
        (np.zeros(2), float("nan")),
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
    waits = []
    library.on_silence = lambda: waits.append(1)
    with pytest.raises(NotSafeError, match="could not be read back as off"):
        running.shutdown()
    assert len(waits) <= 3 * 40, "three time-outs of 2 s in slices of 50 ms"


def test_shutdown_works_in_the_middle_of_a_reply_and_after_an_abort(running, instrument):
    instrument.lies[READ] = [(b"2.0", SILENCE)]
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


@examples(deadline=None, max_examples=50)
@given(
    before=st.tuples(st.sampled_from(["voltage", "current"]), st.floats(1e-3, 200.0)),
    compliance=st.floats(1e-8, 0.1),
)
def test_from_any_settings_to_any_other_the_limit_is_the_one_asked_for(before, compliance):
    """The instrument's own adjustments on the way leave nothing behind."""
    function, size = before
    with on_a_lan("GPIB0::18::INSTR") as (smu, permit, twin), permit.opened():
        limit = 0.05 if function == "voltage" else 0.5
        smu.configure(SourceSettings(function, range=min(size, 1.0), compliance=limit))
        smu.configure(SourceSettings("voltage", range=0.3, compliance=compliance))
        assert smu.state().compliance == pytest.approx(compliance, rel=1e-3)
        assert twin.model.current.compliance == pytest.approx(compliance, rel=1e-9)
