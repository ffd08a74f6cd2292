"""The simulated B2900A by its words: channels, limits, readings, lists, what is saved."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from sim_backend.twins.keysight_b2900 import KeysightB2900Twin
from sim_backend.twins.keysight_b2900_settings import KeysightB2900Options

LOAD_OHM = 10e3


class Resistor:
    """A world that is one resistor on each terminal."""

    def __init__(self, ohm=LOAD_OHM):
        self.clock = VirtualClock()
        self.generators = Generators(3)
        self.instrument_noise = False
        self.ohm = ohm
        self.volts = {}

    def drive(self, terminal, volts):
        self.volts[terminal] = volts

    def load_ohm(self, terminal):
        return self.ohm

    def mean_conductance_s(self, terminal, duration_s):
        self.clock.sleep(duration_s)
        return 1 / self.ohm


class Bench:
    def __init__(self, model="B2912A", **options):
        self.world = Resistor()
        self.twin = KeysightB2900Twin(
            name="smu",
            resource="GPIB0::23::INSTR",
            options=KeysightB2900Options(model=model, **options),
            world=self.world,
        )

    def send(self, text):
        self.twin.feed(text.encode() + b"\n")
        reply = bytes(self.twin.out)
        self.twin.out.clear()
        return reply.decode("latin-1").removesuffix("\n")

    def numbers(self, text):
        return [float(value) for value in self.send(text).split(",")]

    def errors(self):
        found = []
        while (entry := self.send(":SYST:ERR?")) != '0,"No error"':
            found.append(int(entry.split(",")[0]))
        return found


@pytest.fixture
def bench():
    return Bench()


def test_terminals_and_identity():
    one, two = Bench("B2901A"), Bench("B2912A")
    assert one.send("*IDN?").startswith("Keysight Technologies,B2901A,")
    assert set(one.world.volts) == {"smu"}
    assert set(two.world.volts) == {"smu.1", "smu.2"}
    one.send(":OUTP2 1")
    assert one.errors() == [-114]


def test_the_number_of_the_first_channel_may_be_left_out(bench):
    bench.send(":VOLT 0.1;:SOUR2:VOLT 0.2;:OUTP 1;:OUTP2 ON")
    assert bench.errors() == []
    assert bench.world.volts == {"smu.1": 0.1, "smu.2": 0.2}
    assert bench.numbers(":SOUR1:VOLT?") + bench.numbers(":SOURCE2:VOLTAGE?") == [0.1, 0.2]


def test_a_reading_switches_on_unless_told_otherwise(bench):
    bench.send(":SOUR1:VOLT 0.5")
    assert bench.send(":OUTP1?") == "0"
    bench.send(":READ? (@1)")
    assert bench.send(":OUTP1?;:OUTP2?") == "1;0"
    bench.send(":OUTP2:ON:AUTO 0;:OUTP1:OFF:AUTO 1")
    bench.send(":READ? (@1,2)")
    assert bench.send(":OUTP1?;:OUTP2?") == "0;0"


def test_elements_come_in_the_order_of_the_instrument(bench):
    bench.send(':SENS1:FUNC:ON "VOLT","CURR";:FORM:ELEM:SENS STAT,CURR,VOLT,SOUR')
    assert bench.send(":FORM:ELEM:SENS?") == "VOLT,CURR,STAT,SOUR"
    bench.send(":SOUR1:VOLT 0.5;:OUTP1 1")
    assert bench.numbers(":READ? (@1)") == pytest.approx([0.5, 50e-6, 0, 0.5])
    bench.send(":FORM:DATA REAL")
    reply = bench.send(":FETC? (@1)").encode("latin-1")
    assert struct.unpack(">4d", reply[4:]) == pytest.approx([0.5, 50e-6, 0, 0.5])


def test_what_is_not_measured_is_not_a_number(bench):
    bench.send(":FORM:ELEM:SENS VOLT,CURR;:OUTP1 1")
    assert bench.numbers(":READ? (@1)")[0] == pytest.approx(9.91e37)


@pytest.mark.parametrize("ohm", [100.0, 1e3, 10e3, 1e6])
@pytest.mark.parametrize("function", ["VOLT", "CURR"])
def test_a_limit_holds_the_output_back(function, ohm):
    """Ohm's law with the limit as a bound: whichever of the two is reached first."""
    bench = Bench()
    bench.world.ohm = ohm
    other, level, limit = ("CURR", 0.5, 1e-4) if function == "VOLT" else ("VOLT", 1e-4, 0.5)
    bench.send(f":SOUR1:FUNC:MODE {function};:SENS1:{other}:PROT {limit};:SOUR1:{function} {level}")
    bench.send(':SENS1:FUNC "VOLT","CURR";:FORM:ELEM:SENS VOLT,CURR,STAT;:OUTP1 1')
    volts, amperes, status = bench.numbers(":READ? (@1)")
    assert bench.errors() == []
    assert volts == pytest.approx(min(0.5, 1e-4 * ohm), rel=1e-3)
    assert amperes == pytest.approx(volts / ohm, rel=1e-2, abs=2e-10)
    limited = 1e-4 * ohm < 0.5 if function == "VOLT" else 1e-4 * ohm > 0.5
    assert bool(int(status) & 6) == limited
    assert int(status) & 1 == (function == "CURR")
    assert bench.send(f":SENS1:{other}:PROT:TRIP?") == str(int(limited))


def test_protection_switches_off_where_it_is_on(bench):
    bench.send(":OUTP1:PROT 1;:SENS1:CURR:PROT 1e-6;:SOUR1:VOLT 0.5;:OUTP1 1;:OUTP1:ON:AUTO 0")
    bench.send(":READ? (@1)")
    assert bench.send(":OUTP1?") == "0"


def test_a_list_is_played_and_the_level_comes_back(bench):
    bench.send(':SENS2:FUNC "VOLT","CURR";:FORM:ELEM:SENS VOLT,TIME,SOUR;:OUTP2 1')
    bench.send(":SOUR2:VOLT 0.05;:SOUR2:LIST:VOLT 0.1,0.2;:SOUR2:LIST:VOLT:APP -0.3")
    bench.send(":SOUR2:VOLT:MODE LIST;:TRIG2:ACQ:COUN 3;:TRIG2:TRAN:COUN 3;:TRIG2:ACQ:DEL 0.01")
    bench.send(":INIT (@2)")
    assert bench.errors() == []
    table = np.reshape(bench.numbers(":FETC:ARR? (@2)"), (3, 3))
    assert table[:, 0] == pytest.approx([0.1, 0.2, -0.3])
    assert table[:, 2] == pytest.approx([0.1, 0.2, -0.3])
    # Delay and one cycle of the mains.
    assert np.diff(table[:, 1]) == pytest.approx(0.03, rel=1e-3)
    assert bench.world.volts["smu.2"] == 0.05
    assert int(bench.send(":STAT:OPER:COND?")) & (1 << 7 | 1 << 10) == 1 << 7 | 1 << 10


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (":TRIG1:ACQ:COUN 2;:SOUR1:VOLT:MODE LIST;:INIT (@1)", -221),
        (":SOUR1:VOLT 211", -222),
        (":SENS1:CURR:PROT 1e-10", -222),
        (":SOUR1:VOLT:RANG 200;:SENS1:CURR:PROT 1", -221),
        (":FETC? (@1)", -230),
        (":READ? (@3)", -222),
        (":NOTHING", -113),
    ],
)
def test_what_is_refused(bench, text, code):
    before = bench.send(":SOUR1:VOLT?;:SENS1:CURR:PROT?;:OUTP1?")
    bench.send(text)
    assert bench.errors() == [code]
    if ":INIT" not in text:
        assert bench.send(":SOUR1:VOLT?;:SENS1:CURR:PROT?;:OUTP1?") == before


def test_10_na_is_a_range_of_the_finer_models_only():
    for model, nominal in (("B2901A", 1e-7), ("B2911A", 1e-8)):
        bench = Bench(model)
        bench.send(":SOUR1:CURR:RANG 1e-9")
        assert bench.numbers(":SOUR1:CURR:RANG?") == [pytest.approx(nominal)]


def test_an_open_interlock_holds_high_voltage_back(bench):
    bench.send(":SENS1:CURR:PROT 0.01;:SOUR1:VOLT 100;:OUTP1 1")
    assert bench.world.volts["smu.1"] == 42.0


def test_mains_lost_and_back(bench):
    bench.send(":SOUR1:VOLT 0.5;:OUTP1 1;:OUTP1:ON:AUTO 0;:NOTHING")
    bench.twin.power_cycle()
    assert bench.send(":OUTP1?;:OUTP1:ON:AUTO?;:SOUR1:VOLT?") == "0;1;0.000000E+00"
    assert bench.errors() == []
    assert bench.world.volts["smu.1"] == 0.0


def test_faults_from_outside(bench):
    bench.send(":SOUR1:VOLT 0.5;:OUTP1 1;:FORM:ELEM:SENS STAT")
    bench.twin.trip(True)
    assert int(bench.numbers(":READ? (@1)")[0]) & 6
    bench.twin.report(301, "Emergency")
    assert bench.errors() == [301]


WORDS = st.sampled_from(
    [
        ":SOUR1:VOLT 0.1",
        ":SOUR2:VOLT 0.2",
        ":OUTP1 1",
        ":OUTP2 1",
        ":OUTP2:OFF:MODE HIZ",
        ":SENS2:CURR:PROT 1e-3",
        ":READ? (@2)",
        ":SOUR1:LIST:VOLT 0.1,0.2",
        ":NOTHING",
        ":FORM:ELEM:SENS VOLT",
        ":OUTP2 0",
    ]
)


@given(before=st.lists(WORDS, max_size=8), after=st.lists(WORDS, max_size=8))
@settings(max_examples=40, deadline=None)
def test_it_goes_on_from_a_saved_state(before, after):
    first, second = Bench(), Bench()
    for text in before:
        first.send(text)
    second.world.clock.restore(first.world.clock.now_s())
    second.twin.restore(first.twin.state())
    assert [first.send(text) for text in after] == [second.send(text) for text in after]
    assert json.loads(first.twin.state()["settings"]) == json.loads(second.twin.state()["settings"])
