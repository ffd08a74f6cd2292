"""The 2600's driver: what it sends, what it refuses, what it does with an instrument that lies."""

from contextlib import closing as closed
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from drivers.keithley2600 import Keithley2600
from drivers.keithley2600_settings import ABILITIES, fit
from drivers.tsp_messages import understand
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
from sim_backend.twins.keithley2600 import Keithley2600Twin
from sim_backend.world.world import World

IDN = "Keithley Instruments Inc., Model 2602B, 4012345, 3.3.2"
SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6)
CURRENT = SourceSettings(
    "current", range=20e-6, compliance=1.0, four_wire=True, off_state="zero", nplc=0.1
)
SILENCE = None
CHANNELS = ("a", "b")


def make_twin(resource="GPIB0::26::INSTR"):
    world = World(
        Wiring(
            tuple(
                SingleJunction(Cell(0, i), f"smu.{letter}", 10e3, 1.0, None)
                for i, letter in enumerate(CHANNELS)
            )
        ),
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    options = Keithley2600Twin.options_model()
    return Keithley2600Twin(name="smu", resource=resource, options=options, world=world)


class Instrument:
    """A simulated 2602B whose replies can be tampered with: question -> replies, used in turn."""

    def __init__(self):
        self.twin = make_twin()
        self.world = self.twin.world
        self.lies = {}

    def __call__(self, message):
        reply = self.tell(message)
        for start, replies in self.lies.items():
            if replies and message.startswith(start):
                return replies.pop(0)
        return (reply.encode() + b"\n",) if reply else ()

    def tell(self, message):
        """Somebody sends something."""
        self.twin.feed(message.encode() + b"\n")
        reply = bytes(self.twin.out).decode().removesuffix("\n")
        self.twin.out.clear()
        return reply


@pytest.fixture
def instrument():
    return Instrument()


@pytest.fixture
def library(function_library, instrument):
    return function_library.around(instrument)


@pytest.fixture
def box(library, opening, closing):
    return closing(Keithley2600.open(opening(library)))


@pytest.fixture
def smu(box):
    return box.channels["a"]


@pytest.fixture
def running(smu, permit):
    """Configured, on, at 0.2 V; `permit` is open for the test."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.2)
        yield smu


def settings_sent(library):
    return [message for message in library.sent if not understand(message).only_asks]


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
    with closed(Keithley2600.open(opening)) as box:
        yield box, permit, twin


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("settings", [SETTINGS, CURRENT], ids=lambda s: s.function)
@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_conforms(channel, settings, check):
    with on_a_lan("TCPIP0::127.0.0.1::5025::SOCKET") as (box, permit, _):
        source = box.faces()[channel]
        check(
            source_meter.SourceUnderTest(
                source, settings, level=settings.range / 2, allowed=permit.opened
            )
        )


@pytest.mark.parametrize(
    "resource",
    [
        "USB0::0x05E6::0x2602::4012345::INSTR",
        "TCPIP0::127.0.0.1::5025::SOCKET",
        "TCPIP0::192.168.1.7::inst0::INSTR",
        "GPIB0::26::INSTR",
    ],
)
def test_any_resource_will_do(resource):
    with on_a_lan(resource) as (box, permit, twin):
        smu = box.channels["b"]
        with permit.opened():
            smu.configure(SETTINGS)
            smu.output(True)
            smu.set_level(0.1)
            assert smu.measure().voltage_v == pytest.approx(0.1, rel=1e-3)
            smu.shutdown()
        assert twin.world.clock.now_s() < 1


def test_it_satisfies_its_interfaces(box):
    driver: Driver = box
    faces = driver.faces()
    assert sorted(faces) == ["a", "b"]
    assert all(isinstance(face, SourceMeter) for face in faces.values())
    assert driver.host_loss.startswith("nothing")
    assert Keithley2600.largest_v == ABILITIES.voltage_ranges_v[-1] * ABILITIES.overrange
    full_scale_a = ABILITIES.current_ranges_a[-1] * ABILITIES.overrange
    assert Keithley2600.largest_a == pytest.approx(full_scale_a)


def test_connecting_only_asks(box, library):
    assert settings_sent(library) == []
    assert box.channels["b"].identify().model == "2602B"
    assert box.found == ()


def test_an_energised_instrument_is_reported_and_not_touched(instrument, library, opening, closing):
    for message in ("smub.source.levelv=0.15", "smub.source.output=1", "x x"):
        instrument.tell(message)
    box = closing(Keithley2600.open(opening(library)))
    assert box.found[0] == "output b on at 150 mV"
    assert "-285" in box.found[1]
    assert box.channels["b"].state().output_on
    assert not box.channels["a"].state().output_on
    assert settings_sent(library) == []


def test_the_exact_words_of_a_configuration(smu, library, permit):
    """Reference traffic: a change of it is a change of what real instruments are sent."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.123456789)
    assert settings_sent(library) == [
        "smua.source.levelv=0.0",
        "smua.source.leveli=0.0",
        "format.data=1",
        "format.asciiprecision=10",
        "smua.source.func=1",
        "smua.source.limitp=0.0",
        "smua.source.limiti=0.0002",
        "smua.source.rangev=1.0",
        "smua.measure.rangei=0.001",
        "smua.source.limiti=0.0002",
        "smua.measure.nplc=1.0",
        "smua.measure.count=1",
        "smua.measure.filter.enable=0",
        "smua.measure.rel.enablei=0",
        "smua.measure.rel.enablev=0",
        "smua.measure.autozero=2",
        "smua.measure.delay=0.0",
        "smua.source.delay=0.0",
        "smua.sense=0",
        "smua.source.offfunc=1",
        "smua.source.offmode=0",
        "smua.source.levelv=0.0",
        "smua.source.output=1",
        "smua.source.levelv=0.123456789",
    ]


def test_every_change_is_followed_by_the_error_queue(running, library):
    for before, after in zip(library.sent, library.sent[1:], strict=False):
        if not understand(before).only_asks:
            assert after == "print(errorqueue.next())", f"after {before}"


@pytest.mark.parametrize("amperes", [1e-7, 1.23456789e-8, 2.5e-7])
def test_small_currents_go_out_with_all_their_digits(smu, instrument, permit, amperes):
    """PyMeasure sends 0 for these."""
    with permit.opened():
        smu.configure(SourceSettings("voltage", range=0.1, compliance=1e-7))
        assert smu.state().compliance == 1e-7
        smu.configure(SourceSettings("current", range=2.5e-7, compliance=0.3))
        smu.set_level(amperes)
    assert float(instrument.tell("print(smua.source.leveli)")) == pytest.approx(amperes, rel=1e-9)


def test_a_reading_is_what_the_instrument_sees(running, instrument, library):
    already = len(library.sent)
    reading = running.measure()
    assert len(library.sent) == already + 1, "one transaction"
    assert reading.voltage_v == pytest.approx(0.2, rel=1e-3)
    load_ohm = instrument.world.load_ohm("smu.a")
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
        with pytest.raises(Reported, match="compliance held the output back at 1 of 2 levels"):
            smu.sweep(np.array([0.0, level]), 0.0)


def test_a_sweep_runs_in_the_instrument(running, instrument, library):
    levels = np.linspace(0, 0.3, 120)
    already = len(library.sent)
    rows = running.sweep(levels, 1e-3)
    assert rows.shape == (120, 2)
    assert np.abs(rows[:, 0] - levels).max() < 1e-3
    sent = library.sent[already:]
    assert sum(message.startswith("local part={") for message in sent) == 3, "50 levels a message"
    assert sum(message.startswith("for n=1,120 do") for message in sent) == 1
    assert max(map(len, sent)) < 1500
    assert running.state().level == pytest.approx(0.3)
    assert instrument.tell("print(mtjlab_levels)") == "nil"


def test_a_leaked_driver_can_be_read_but_not_set(running, permit, library):
    permit._local.granted = False
    already = len(settings_sent(library))
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
        for message in (
            "smua.source.levelv=0.5",
            "print(reset())",
            "print(1) smua.source.levelv=1",
            "print(smua.source.levelv) x=1",
            "abort",
            "*RST",
        ):
            with pytest.raises(LimitError):
                running._link.ask(message)
        with pytest.raises(LimitError, match="passes only through"):
            running._link.ask(running._question)
    finally:
        permit._local.granted = True
    assert len(settings_sent(library)) == already


@pytest.mark.parametrize("level", [0.3001, -1.0, float("nan"), float("inf")])
def test_a_level_beyond_the_configured_range_is_refused(running, library, level):
    already = len(library.sent)
    with pytest.raises(LimitError, match=r"300 mV either way.*nothing was sent"):
        running.set_level(level)
    assert library.sent[already:] == []


@pytest.mark.parametrize(
    ("levels", "delay_s"),
    [
        ([], 0.0),
        ([0.1, 0.31], 0.0),
        ([0.1, float("nan")], 0.0),
        ([0.1], -1.0),
        ([0.1], float("nan")),
        (np.zeros(2501), 0.0),
        (np.zeros((2, 2)), 0.0),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(running, library, levels, delay_s):
    already = len(settings_sent(library))
    with pytest.raises(LimitError, match="nothing was sent"):
        running.sweep(np.array(levels, dtype=float), delay_s)
    assert len(settings_sent(library)) == already


def test_without_settings_of_this_session_the_level_only_goes_down(
    instrument, library, opening, closing, permit
):
    instrument.tell("smua.source.levelv=0.2 smua.source.output=1")
    smu = closing(Keithley2600.open(opening(library))).channels["a"]
    with permit.opened():
        smu.set_level(0.1)
        with pytest.raises(LimitError):
            smu.set_level(0.15)
        with pytest.raises(InstrumentError, match="before this session has configured it"):
            smu.measure()
        smu.shutdown()
    assert float(instrument.tell("print(smua.source.output)")) == 0


@pytest.mark.parametrize(
    "idn",
    [
        "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1000024,C34 Sep 21 2016 15:30:00/A02  /K/J",
        "KEITHLEY INSTRUMENTS,MODEL 2450,04000024,1.7.12b",
        "Keithley Instruments Inc., Model 2636B, 4000000, 3.3.5",
        "hello",
        "",
    ],
)
def test_somebody_else_is_named(scripted, opening, idn):
    with pytest.raises(WrongIdentity, match=r"a Keithley 2601, .*2602B, 2604B was expected"):
        Keithley2600.open(opening(scripted(("*IDN?", idn))))


def test_a_2601b_has_one_channel(scripted, opening, closing):
    state = "1.0\t0.0\t0.0\t1.0\t1.0\t0.0\t1.0\t1.0"
    question = (
        "print(smua.source.func,smua.source.output,smua.source.levelv,smua.source.rangev,"
        "smua.source.limiti,smua.source.leveli,smua.source.rangei,smua.source.limitv)"
    )
    library = scripted(
        ("*IDN?", IDN.replace("2602B", "2601B")),
        ("print(errorqueue.next())", "0.0e+00\tQueue Is Empty\t0.0e+00\t1.0e+00"),
        (question, state),
    )
    assert list(closing(Keithley2600.open(opening(library))).faces()) == ["a"]


def test_nobody_there_is_not_found(scripted, opening):
    with pytest.raises(NotFound, match=r"nothing answers: smu \(GPIB0::24::INSTR\)"):
        Keithley2600.open(opening(scripted(("*IDN?", None))))


def test_what_the_instrument_reports_is_raised_with_every_entry(running, instrument):
    instrument.tell("x x")
    instrument.tell("smub.source.levelv=99")
    with pytest.raises(Reported, match=r"-285 .*; 1101 .*after smua.source.levelv=0\.1"):
        running.set_level(0.1)


def test_a_queue_without_end_is_no_hang(running, instrument):
    entry = b"-2.85000e+02\tTSP Syntax error\t2.0e+01\t1.0e+00\n"
    instrument.lies["print(errorqueue.next())"] = [(entry,)] * 500
    with pytest.raises(BadReply, match="does not become empty: -285 TSP Syntax error"):
        running.set_level(0.1)


@pytest.mark.parametrize(
    ("question", "lie", "error"),
    [
        ("print(smua.source.rangev)", b"4.0e+01\n", InstrumentError),
        ("print(smua.source.limiti)", b"1.0e+00\n", InstrumentError),
        ("print(smua.measure.nplc)", b"1.0e+01\n", InstrumentError),
        ("print(smua.measure.rangei)", b"1.0e-07\n", InstrumentError),
        ("print(smua.measure.rangei)", b"\n", BadReply),
        ("print(smua.measure.rangei)", b"nil\n", BadReply),
        ("print(smua.source.offmode)", b"2.0e+00\n", InstrumentError),
        ("print(smua.source.func)", b"0.0e+00\n", InstrumentError),
        ("print(smua.source.levelv)", b"1.0e-01\n", InstrumentError),
        ("print(smua.source.func,", b"1\t1\t0\t1\t1\t0\t1\t1\n", InstrumentError),
        ("print(smua.source.func,", b"1\t5\t0\t1\t1\t0\t1\t1\n", BadReply),
        ("print(smua.source.func,", b"1\t0\t0\t1\t1\t0\t1\n", BadReply),
        ("print(errorqueue.next())", b"0.0\n", BadReply),
    ],
)
def test_a_setting_that_does_not_read_back_is_an_error(
    smu, instrument, permit, question, lie, error
):
    instrument.lies[question] = [(lie,)] * 5
    with permit.opened(), pytest.raises(error):
        smu.configure(SETTINGS)
    instrument.lies.clear()
    assert instrument.tell("print(smua.source.output+smua.source.levelv)") in (
        "0.000000000e+00",
        "0.00000e+00",
    )


GOOD = "1.0e-05\t2.0e-01\t0.0e+00\t1.0e+00\t1.0e+00"


@pytest.mark.parametrize(
    ("reply", "error", "match"),
    [
        (GOOD, BadReply, "expected the same one twice"),
        (f"{GOOD}\t;\t{GOOD.replace('2.0', '2.1')}", BadReply, "expected the same one twice"),
        ("x\t;\tx", BadReply, "expected 5 numbers"),
        ("nan\t1\t0\t1\t1\t;\tnan\t1\t0\t1\t1", BadReply, "expected 5 numbers"),
        ("1e999\t1\t0\t1\t1\t;\t1e999\t1\t0\t1\t1", BadReply, "beyond all numbers"),
        ("9.91e37\t0.2\t0\t1\t1\t;\t9.91e37\t0.2\t0\t1\t1", BadReply, "overflows its range"),
        ("1e-5\t0.2\t128\t1\t1\t;\t1e-5\t0.2\t128\t1\t1", BadReply, "overflows its range"),
        ("1e-5\t0.9\t0\t1\t1\t;\t1e-5\t0.9\t0\t1\t1", BadReply, "another moment"),
        ("1e-5\t0.2\t0\t0\t1\t;\t1e-5\t0.2\t0\t0\t1", InstrumentError, "output was off"),
    ],
)
def test_a_reading_that_is_none_is_an_error(running, instrument, reply, error, match):
    instrument.lies["local i,v"] = [(reply.encode() + b"\n",)]
    with pytest.raises(error, match=match):
        running.measure()
    assert running.measure().voltage_v == pytest.approx(0.2, rel=1e-3)


def test_the_reading_of_before_is_found_out(running, instrument):
    reply = f"{GOOD}\t;\t{GOOD}\n".encode()
    instrument.lies["local i,v"] = [(reply,), (reply,)]
    running.measure()
    with pytest.raises(BadReply, match="came once more"):
        running.measure()


def test_somebody_presses_output(running, instrument):
    instrument.tell("smua.source.output=0")
    with pytest.raises(InstrumentError, match="somebody else has switched it"):
        running.measure()
    with pytest.raises(InstrumentError, match="measured while the output is off"):
        running.measure()


@pytest.mark.parametrize(
    ("question", "lie", "error"),
    [
        ("print(smua.nvbuffer1.n", b"119\t120\n", BadReply),
        ("printbuffer", b"1,2,3\n", BadReply),
        ("printbuffer", b"", Timeout),
    ],
)
def test_a_sweep_that_fails_is_ended_and_the_source_goes_to_0(
    running, instrument, library, question, lie, error
):
    instrument.lies[question] = [(lie,) if lie else (SILENCE,) * 100]
    with pytest.raises(error):
        running.sweep(np.linspace(0, 0.3, 120), 0.0)
    instrument.lies.clear()
    assert "abort" in library.sent
    assert float(instrument.tell("print(smua.source.levelv)")) == 0


def test_abort_in_a_sweep_stops_the_loop_in_the_instrument(running, instrument, library):
    instrument.lies["print(smua.nvbuffer1.n"] = [(SILENCE,) * 1000]
    library.on_silence = running.abort
    with pytest.raises(Aborted):
        running.sweep(np.linspace(0, 0.3, 120), 1.0)
    assert library.sent[-3:].count("abort") <= 1
    assert "abort" in library.sent
    library.on_silence = lambda: None
    library.pending.clear()
    running.shutdown()
    assert not running.state().output_on


def test_the_other_channel_stays_aborted_until_it_is_shut_down(box, permit):
    a, b = box.channels.values()
    with permit.opened():
        for channel in (a, b):
            channel.configure(SETTINGS)
            channel.output(True)
            channel.abort()
        a.shutdown()
        a.configure(SETTINGS)
        with pytest.raises(Aborted, match=r"smu\.b"):
            b.measure()
        b.shutdown()


def test_shutdown_leaves_the_other_channel_alone(box, instrument, permit):
    a, b = box.channels.values()
    with permit.opened():
        for channel in (a, b):
            channel.configure(SETTINGS)
            channel.output(True)
            channel.set_level(0.1)
        a.shutdown()
        assert b.measure().voltage_v == pytest.approx(0.1, rel=1e-3)
        assert b.state().output_on
        b.shutdown()
    states = instrument.tell("print(smua.source.output+smub.source.output)")
    assert float(states) == 0


@pytest.mark.parametrize(
    "lie",
    [
        b"1\t1\t0\t1\t1\t0\t1\t1\n",
        b"1\t0\t0.1\t1\t1\t0\t1\t1\n",
        b"1\t0\t0\t1\t1\t1e-6\t1\t1\n",
        b"1\t0\t0\n",
        None,
    ],
)
def test_a_shutdown_without_proof_is_not_safe(running, instrument, lie):
    replies = (SILENCE,) * 100 if lie is None else (lie,)
    instrument.lies["print(smua.source.func,"] = [replies] * 3
    with pytest.raises(NotSafeError, match="by hand"):
        running.shutdown()
    assert float(instrument.tell("print(smua.source.output)")) == 0


@given(
    st.sampled_from(("voltage", "current")),
    st.floats(1e-9, 50) | st.floats(-50, -1e-9),
    st.floats(1e-9, 50),
    st.floats(1e-4, 30),
)
@examples(deadline=None, max_examples=40)
def test_any_settings_are_either_refused_or_read_back(function, range_, compliance, nplc):
    settings = SourceSettings(function, range=range_, compliance=compliance, nplc=nplc)
    with on_a_lan("GPIB0::26::INSTR") as (box, permit, twin):
        smu = box.channels["a"]
        with permit.opened():
            try:
                fit(settings, "smu")
            except LimitError:
                with pytest.raises(LimitError, match="nothing was sent"):
                    smu.configure(settings)
                return
            smu.configure(settings)
        state = smu.state()
        assert state.compliance == pytest.approx(compliance, rel=1e-5)
        assert state.range * 1.01 >= abs(range_)
        assert len(twin.status.errors) == 0


@pytest.mark.parametrize(
    ("text", "only_asks", "has_reply", "acquires"),
    [
        ("*IDN?", True, True, False),
        ("print(smua.source.levelv)", True, True, False),
        ("print(errorqueue.next())", True, True, False),
        ("printbuffer(1,2,smua.nvbuffer1.readings)", True, True, False),
        ("smua.source.levelv=1", False, False, False),
        ("print(smua.measure.i())", False, True, True),
        ("print(smua.reset())", False, True, False),
        ("print(smua.source.levelv) smua.source.levelv=1", False, True, False),
        ("x=print", False, True, False),
        ("abort", False, False, False),
        ("*RST", False, False, False),
        ("for n=1,2 do smua.measure.iv(smua.nvbuffer1) end", False, False, True),
        ("", False, False, False),
    ],
)
def test_the_nature_of_a_message(text, only_asks, has_reply, acquires):
    message = understand(text)
    assert (message.only_asks, message.has_reply, message.acquires) == (
        only_asks,
        has_reply,
        acquires,
    )
