"""The B2900A's driver on its twin: one and two channels, refusals, lies of the instrument."""

from contextlib import closing as closed
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from drivers.keysight_b2900 import KeysightB2900
from drivers.keysight_b2900_settings import ABILITIES, STAGE
from drivers.messages import understand
from drivers.source_fitting import fit
from mtjlab.core.driver import Driver, Opening, Ports
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    InstrumentError,
    LimitError,
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
from sim_backend.twins.keysight_b2900 import KeysightB2900Twin
from sim_backend.world.world import World

SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6)
CURRENT = SourceSettings(
    "current", range=20e-6, compliance=1.0, four_wire=True, off_state="zero", nplc=0.1
)
SILENCE = None
TERMINALS = {"B2901A": ("smu",), "B2912A": ("smu.1", "smu.2")}


def make_twin(model, resource="USB0::0x0957::0x8E18::MY51140123::INSTR"):
    world = World(
        Wiring(
            tuple(
                SingleJunction(Cell(0, i), terminal, 10e3, 1.0, None)
                for i, terminal in enumerate(TERMINALS[model])
            )
        ),
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    options = KeysightB2900Twin.options_model(model=model)
    return KeysightB2900Twin(name="smu", resource=resource, options=options, world=world)


class Instrument:
    """A simulated B2912A whose replies can be tampered with: question -> replies, in turn."""

    def __init__(self):
        self.twin = make_twin("B2912A")
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
    return closing(KeysightB2900.open(opening(library)))


@pytest.fixture
def smu(box):
    return box.channels[2]


@pytest.fixture
def running(smu, permit):
    """The second channel, configured, on, at 0.2 V; `permit` is open for the test."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.2)
        yield smu


def settings_sent(library):
    return [message for message in library.sent if not understand(message).only_asks]


@contextmanager
def on_usb(model):
    """Driver, permit and twin through the unmodified PyVISA package."""
    twin = make_twin(model)
    library = visa.make(twin.world.clock)
    library.attach(twin.resource, twin)
    permit = WritePermit()
    opening = Opening(
        name="smu",
        resource=twin.resource,
        options={},
        ports=Ports(visa_library=library, virtual=True),
        clock=twin.world.clock,
        permit=permit,
    )
    with closed(KeysightB2900.open(opening)) as box:
        yield box, permit, twin


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("settings", [SETTINGS, CURRENT], ids=lambda s: s.function)
@pytest.mark.parametrize(("model", "face"), [("B2901A", ""), ("B2912A", "2")])
def test_each_channel_conforms(model, face, settings, check):
    with on_usb(model) as (box, permit, _):
        check(
            source_meter.SourceUnderTest(
                box.faces()[face], settings, level=settings.range / 2, allowed=permit.opened
            )
        )


def test_its_faces_are_source_meters():
    for model, names in (("B2901A", {""}), ("B2912A", {"1", "2"})):
        with on_usb(model) as (box, _, _):
            assert set(box.faces()) == names
            assert all(isinstance(face, SourceMeter) for face in box.faces().values())
            assert box.faces()[min(names)].identify().model == model
    assert hasattr(Driver, "open")


def test_connecting_only_asks(box, library):
    assert box.found == ()
    assert settings_sent(library) == []


def test_an_energised_channel_is_reported_and_not_touched(instrument, library, opening, closing):
    instrument.tell(":SOUR2:VOLT 0.25;:OUTP2 1")
    box = closing(KeysightB2900.open(opening(library)))
    assert box.found == ("output 2 on at 250 mV",)
    assert settings_sent(library) == []
    assert instrument.tell(":OUTP1?;:OUTP2?") == "0;1"


def test_a_reading_no_longer_switches_the_output_on(box, instrument, permit):
    """After *RST `:READ?` does, which is why it is refused before it is configured."""
    with pytest.raises(InstrumentError, match="before this session has configured it"):
        box.channels[1].measure()
    assert instrument.tell(":OUTP1:ON:AUTO?") == "1"
    with permit.opened():
        box.channels[1].configure(SETTINGS)
        with pytest.raises(InstrumentError, match="measures nothing while its output is off"):
            box.channels[1].measure()
    assert instrument.tell(":READ? (@1);:OUTP1?").endswith(";0")


def test_every_change_is_followed_by_the_error_queue(running, library):
    sent = library.sent
    changes = [n for n, message in enumerate(sent) if not understand(message).only_asks]
    assert all(sent[n + 1] == "SYST:ERR?" for n in changes)
    assert not any("RST" in message for message in sent)


@given(amperes=st.floats(1e-11, 1e-7))
@examples(max_examples=20, deadline=None)
def test_small_currents_go_out_with_all_their_digits(amperes):
    with on_usb("B2912A") as (box, permit, twin), permit.opened():
        smu = box.channels[1]
        smu.configure(SourceSettings("current", range=1e-7, compliance=0.5))
        smu.set_level(amperes)
        assert twin.channels[0].model.current.level == amperes


def test_a_reading_is_what_the_instrument_sees(running, instrument):
    instrument.twin.world.instrument_noise = False
    reading = running.measure()
    load_ohm = reading.voltage_v / reading.current_a
    assert reading.voltage_v == pytest.approx(0.2, abs=2e-6)
    assert 15e3 < load_ohm < 60e3
    assert not reading.in_compliance


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        (SourceSettings("voltage", range=0.3, compliance=1e-6), 0.3),
        (SourceSettings("current", range=20e-6, compliance=0.05), 20e-6),
    ],
    ids=["voltage", "current"],
)
def test_compliance_is_seen(smu, permit, settings, level):
    with permit.opened():
        smu.configure(settings)
        smu.output(True)
        smu.set_level(level)
        reading = smu.measure()
        assert reading.in_compliance
        limited = reading.current_a if settings.function == "voltage" else reading.voltage_v
        assert limited == pytest.approx(settings.compliance, rel=1e-3)
        with pytest.raises(Reported, match="compliance held the output back at 1 of 2 levels"):
            smu.sweep(np.array([0.0, level]), 0.0)


def test_a_sweep_runs_in_the_instrument(running, instrument, library):
    levels = np.linspace(-0.3, 0.3, 251)
    start = len(library.sent)
    readings = running.sweep(levels, 1e-3)
    assert readings.shape == (251, 2)
    assert np.allclose(readings[:, 0], levels, atol=4e-5)
    sent = library.sent[start:]
    assert sum(":INITIATE" in message for message in sent) == 1
    assert sum(":LIST:VOLTAGE" in message for message in sent) == 3
    assert running.state().level == pytest.approx(0.3)
    assert running.state().output_on
    # Nothing is left of it: the next reading is one reading at the level set.
    assert instrument.tell(":SOUR2:VOLT:MODE?;:TRIG2:ACQ:COUN?;:TRIG2:TRAN:COUN?") == "FIX;1;1"
    assert running.measure().voltage_v == pytest.approx(0.3, abs=4e-5)


@pytest.mark.parametrize("levels", [np.zeros(0), np.zeros(2501), np.array([0.31]), [[0.1]]])
def test_a_sweep_that_cannot_be_is_refused(running, library, levels):
    before = settings_sent(library)
    with pytest.raises(LimitError, match="nothing was sent"):
        running.sweep(np.asarray(levels, dtype=float), 0.0)
    with pytest.raises(LimitError, match="a delay of"):
        running.sweep(np.array([0.1]), -1.0)
    assert [m for m in settings_sent(library)[len(before) :] if "LIST" in m] == []


def test_a_sweep_that_fails_is_ended_and_the_level_stays(running, instrument):
    instrument.lies[":FETCH:ARRAY?"] = [(b"+1.0,+2.0\n",), (b"+1.0,+2.0\n",)]
    with pytest.raises(BadReply, match="2 numbers after a sweep"):
        running.sweep(np.array([0.1, 0.3]), 0.0)
    assert instrument.tell(":SOUR2:VOLT?;:SOUR2:VOLT:MODE?;:OUTP2?") == "2.000000E-01;FIX;1"


def test_a_leaked_driver_can_be_read_but_not_set(box, permit, library):
    smu = box.channels[1]
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
    before = settings_sent(library)
    for action in (
        lambda: smu.set_level(0.0),
        lambda: smu.output(False),
        lambda: smu.configure(SETTINGS),
        lambda: smu.sweep(np.array([0.1]), 0.0),
        smu.shutdown,
    ):
        with pytest.raises(LimitError):
            action()
    with pytest.raises(LimitError, match="switch the output on"):
        smu._link.ask(":MEAS? (@1)")
    assert settings_sent(library) == before
    assert smu.measure()
    assert smu.state().output_on


def test_there_is_no_guard_off_state(smu, permit, library):
    before = len(library.sent)
    with permit.opened(), pytest.raises(LimitError, match="off-state 'guard'"):
        smu.configure(SourceSettings("voltage", 0.3, 1e-4, off_state="guard"))
    assert len(library.sent) == before


@pytest.mark.parametrize(
    "idn",
    [
        "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1,C30",
        "Keysight Technologies,B2962A,MY1,3.4",
        "Rohde,B2901A,MY1,3.4",
        "B2901A",
    ],
)
def test_somebody_else_is_named(scripted, opening, idn):
    with pytest.raises(WrongIdentity, match=r"B2901A.* answered"):
        KeysightB2900.open(opening(scripted(("*IDN?", idn))))


def test_an_agilent_of_one_channel_will_do(scripted, opening, closing):
    library = scripted(
        ("*IDN?", "Agilent Technologies,B2911A,MY51140000,1.2.1143.4640"),
        ("SYST:ERR?", '+0,"No error"'),
        (":SOURCE1:FUNCTION:MODE?", "VOLT"),
        (":OUTPUT1?", "0"),
        (":SOURCE1:VOLTAGE?", "+0.00000000E+000"),
        (":SOURCE1:VOLTAGE:RANGE?", "+2.00000000E+000"),
        (":SENSE1:CURRENT:PROTECTION?", "+1.05000000E-004"),
    )
    box = closing(KeysightB2900.open(opening(library)))
    assert set(box.faces()) == {""}
    assert box.channels[1]._where == "smu (GPIB0::24::INSTR)"


@pytest.mark.parametrize(
    ("question", "lie"),
    [
        (":SENSE2:CURRENT:PROTECTION?", b"+1.000000E-03\n"),
        (":SOURCE2:VOLTAGE:RANGE?", b"+2.000000E+01\n"),
        (":OUTPUT2:ON:AUTO?", b"1\n"),
        (":OUTPUT2:OFF:MODE?", b"HIZ\n"),
        (":SOURCE2:FUNCTION:MODE?", b"CURR\n"),
    ],
)
def test_a_setting_that_does_not_read_back_is_an_error(smu, instrument, permit, question, lie):
    instrument.lies[question] = [(lie,)]
    with permit.opened():
        with pytest.raises(InstrumentError):
            smu.configure(SETTINGS)
        with pytest.raises(InstrumentError, match="before this session has configured"):
            smu.output(True)


ROW = b"+2.0E-01,+1.0E-05,+1.0E+00,+0.0E+00"


@pytest.mark.parametrize(
    ("reply", "error", "match"),
    [
        (ROW + b";1;" + ROW.replace(b"1.0E-05", b"1.1E-05") + b";1\n", BadReply, "same one twice"),
        (ROW + b"\n", BadReply, "expected it twice"),
        (b";".join([ROW.replace(b"0.0E+00", b"8.192E+03"), b"1"] * 2) + b"\n", BadReply, "over"),
        (b";".join([ROW.replace(b"2.0E-01", b"0.0E+00"), b"1"] * 2) + b"\n", BadReply, "moment"),
        (b";".join([ROW, b"0"] * 2) + b"\n", InstrumentError, "went off"),
        (b";".join([ROW.replace(b"0.0E+00", b"8.0E+00"), b"1"] * 2) + b"\n", InstrumentError, "pr"),
        (b";".join([ROW.replace(b"1.0E-05", b"nan"), b"1"] * 2) + b"\n", BadReply, "no reading"),
    ],
)
def test_a_reading_that_is_none_is_an_error(running, instrument, reply, error, match):
    instrument.lies[":READ?"] = [(reply,)]
    with pytest.raises(error, match=match):
        running.measure()


def test_somebody_presses_output(running, instrument):
    running.measure()
    instrument.tell(":OUTP2 0")
    with pytest.raises(InstrumentError, match="somebody else has switched it"):
        running.measure()


def test_the_other_channel_stays_aborted_until_it_is_shut_down(box, permit):
    with permit.opened():
        for channel in box.channels.values():
            channel.configure(SETTINGS)
            channel.output(True)
            channel.abort()
        box.channels[1].shutdown()
        with pytest.raises(Aborted):
            box.channels[2].measure()
        assert box.channels[2].state().output_on
        box.channels[2].shutdown()
        assert not box.channels[2].state().output_on


@pytest.mark.parametrize(
    "lie", [(SILENCE, SILENCE, SILENCE), (b"1\n",), (b"\n",)], ids=["silence", "on", "empty"]
)
def test_a_shutdown_without_proof_is_not_safe(running, instrument, lie):
    instrument.lies[":OUTPUT2?"] = [lie] * 8
    with pytest.raises(NotSafeError, match="by hand"):
        running.shutdown()
    assert instrument.tell(":OUTP2?") == "0"


def test_what_the_instrument_reports_is_raised(running, instrument):
    instrument.twin.report(202, "Not able to perform requested operation")
    with pytest.raises(Reported, match="202 Not able"):
        running.set_level(0.1)


def test_silence_is_a_time_out(running, instrument):
    instrument.lies[":READ?"] = [(SILENCE,) * 400]
    with pytest.raises(Timeout):
        running.measure()


@example(function="voltage", range_=1.0, compliance=2**-24, nplc=1.0)
@given(
    function=st.sampled_from(["voltage", "current"]),
    range_=st.floats(1e-8, 250),
    compliance=st.floats(1e-10, 250),
    nplc=st.floats(1e-4, 200),
)
@examples(max_examples=60, deadline=None)
def test_any_settings_are_either_refused_or_read_back(function, range_, compliance, nplc):
    wanted = SourceSettings(function, range=range_, compliance=compliance, nplc=nplc)
    with on_usb("B2901A") as (box, permit, twin), permit.opened():
        smu = box.channels[1]
        try:
            fitted = fit(wanted, STAGE, "smu")
            smu.configure(wanted)
        except LimitError:
            assert twin.channels[0].setting("on_auto")
            return
        model = twin.channels[0].model
        assert model.function == function
        assert model.limited.compliance == pytest.approx(compliance, rel=1e-6)
        assert model.sourced.source_range == fitted.source_range
        assert abs(range_) <= fitted.source_range * ABILITIES.overrange
