"""The simulated Keithley 2450 by its words: limits, readings, buffers, sweeps, event log."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymeasure.instruments.keithley import Keithley2450

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.twins.keithley2450 import Keithley2450Twin
from sim_backend.twins.keithley2450_settings import Keithley2450Options
from sim_backend.twins.keithley2450_words import WORDS
from sim_backend.world.world import World

LOAD_OHM = 10e3
RESOURCE = "TCPIP0::127.0.0.1::hislip0,4880::INSTR"


class Resistor:
    """A world that is one resistor."""

    def __init__(self, ohm=LOAD_OHM, noise=False):
        self.clock = VirtualClock()
        self.generators = Generators(3)
        self.instrument_noise = noise
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
    def __init__(self, world=None, **options):
        self.world = world or Resistor()
        self.twin = Keithley2450Twin(
            name="smu",
            resource=RESOURCE,
            options=Keithley2450Options(**options),
            world=self.world,
        )

    def send(self, text):
        self.twin.feed(text.encode() + b"\n")
        reply = bytes(self.twin.out)
        self.twin.out.clear()
        return reply.decode("latin-1").removesuffix("\n")

    def read(self, text=":READ?"):
        return [float(v) for v in self.send(text).split(",")]

    def errors(self):
        found = []
        while not (entry := self.send("SYST:ERR?")).startswith("0,"):
            found.append(int(entry.split(",")[0]))
        return found

    @property
    def terminal_v(self):
        return self.world.volts["smu"]

    def settings(self):
        """Everything but registers, errors and bytes on their way."""
        state = self.twin.state()
        parts = json.loads(state.pop("settings"))
        del parts["status"], parts["session"]
        return parts, {name: np.asarray(v).tolist() for name, v in state.items()}


@pytest.fixture
def bench():
    return Bench()


def junction_world(noise=False, **changes):
    wires = Wiring((SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None),))
    return World(
        wires,
        junction=JunctionParameters(**changes),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(5),
        instrument_noise=noise,
    )


POWER_ON = {
    "*LANG?": "SCPI",
    "OUTP?": "0",
    "OUTP:SMOD?": "NORM",
    "OUTP:VOLT:SMOD?;:OUTP:CURR:SMOD?": "NORM;NORM",
    "ROUT:TERM?": "FRON",
    "SOUR:FUNC?": "VOLT",
    "SOUR:VOLT?;:SOUR:CURR?": "0.000000E+00;0.000000E+00",
    "SOUR:VOLT:RANG?;RANG:AUTO?": "2.000000E-02;1",
    "SOUR:VOLT:ILIM?": "1.050000E-04",
    "SOUR:CURR:VLIM?": "2.100000E+01",
    "SOUR:VOLT:ILIM:TRIP?": "0",
    "SOUR:VOLT:READ:BACK?": "1",
    "SOUR:VOLT:DEL:AUTO?": "1",
    "SOUR:VOLT:PROT?": "NONE",
    "SENS:FUNC?": '"CURR:DC"',
    "SENS:CURR:RANG:AUTO?": "1",
    "SENS:CURR:NPLC?;RSEN?;AVER?": "1.000000E+00;0;0",
    "SENS:COUN?": "1",
    "FORM?;FORM:BORD?": "ASC;SWAP",
    "TRAC:POIN?;ACT?": "10000;0",
    "TRIG:STAT?": "EMPTY;EMPTY;0",
    "SYST:LFR?": "50",
}


def test_power_on_and_reset_are_the_same_state(bench):
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 1e-3;:SOUR:CURR:VLIM 5;:SENS:CURR:NPLC 0.1;:OUTP ON")
    bench.send(":SENS:VOLT:RSEN ON;:OUTP:SMOD ZERO;:FORM REAL;:SENS:FUNC 'VOLT';:SENS:COUN 3")
    bench.send(":TRAC:MAKE 'mine', 100;:SOUR:LIST:CURR 0,1e-3;:SOUR:SWE:CURR:LIST 1;:READ?")
    assert bench.send("SOUR:CURR?") == "1.000000E-03"
    bench.send("*RST")
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
    assert bench.terminal_v == 0.0
    assert bench.errors() == []


def test_a_reading_is_one_number_of_the_function_chosen(bench):
    bench.send(":SOUR:VOLT 0.1;:OUTP ON")
    assert bench.send(":READ?") == "1.000000E-05"
    assert bench.send(":MEAS:VOLT?") == "1.000000E-01"
    assert bench.send(":SENS:FUNC?") == '"VOLT:DC"'
    assert bench.read(":MEAS:RES?") == [pytest.approx(LOAD_OHM, rel=1e-3)]
    assert bench.send(":FETC?") == bench.send(":FETC? 'defbuffer1', READ")
    assert bench.send(":TRAC:ACT?") == "3"
    assert bench.errors() == []


def test_measuring_never_touches_output_or_limits(bench):
    """Where a 2400 configures and switches on, a 2450 only selects the function."""
    bench.send(":SOUR:VOLT 0.2;:SOUR:VOLT:ILIM 1e-6;:SENS:CURR:NPLC 0.1")
    assert bench.read(":MEAS:CURR?") == [0.0]
    assert bench.send(":OUTP?;:SOUR:VOLT:ILIM?;:SENS:CURR:NPLC?") == "0;1.000000E-06;1.000000E-01"
    assert bench.terminal_v == 0.0


def test_elements_in_the_order_asked_for(bench):
    bench.send(":SOUR:VOLT 0.1;:OUTP ON")
    values = bench.read(':READ? "defbuffer1", SOUR, READ, SOURSTAT, STATus, RELATIVE')
    assert values == [pytest.approx(0.1), pytest.approx(1e-5), 128 | 8, 8, 0.0]
    text = bench.send(":FETC? 'defbuffer1', DATE, TIME, FORM, UNIT, SOURFORM, SOURUNIT, TST, SEC")
    date, time, formed, unit, source, source_unit, stamp, seconds = text.split(",")
    assert (date, unit, source_unit) == ("01/01/2020", "Amp DC", "Volt DC")
    assert stamp.startswith(f"{date} {time}")
    assert formed.split() == ["+010.0000", "uA"]
    assert source.split() == ["+100.0000", "mV"]
    assert int(seconds) == 1577836800
    bench.send(":SENS:CURR:RSEN ON")
    assert bench.send(":OUTP?") == "0", "another way of sensing switches the output off"
    bench.send(":OUTP ON;:SOUR:VOLT:READ:BACK OFF")
    assert bench.read(":READ? 'defbuffer1', SOURSTAT") == [128 | 64]
    assert bench.errors() == []


def test_binary_readings(bench):
    bench.send(":SOUR:VOLT 0.1;:OUTP ON;:FORM REAL")
    data = bench.send(":READ? 'defbuffer1', READ, SOUR").encode("latin-1")
    assert data[:2] == b"#0"
    assert struct.unpack("<2d", data[2:]) == (pytest.approx(1e-5), pytest.approx(0.1))
    bench.send(":FORM SREAL;:FORM:BORD NORM")
    assert struct.unpack(">f", bench.send(":FETC?").encode("latin-1")[2:])[0] == (
        pytest.approx(1e-5)
    )
    assert bench.send(":TRAC:DATA? 1, 1, 'defbuffer1', DATE") == ""
    assert bench.send("SYST:ERR?").startswith(
        '1133,"Parameter 4, Syntax error, expected valid name parameters;1;'
    )
    bench.send(":FORM ASC;:FORM:ASC:PREC 3")
    assert bench.send(":FETC?") == "1.00E-05"


def test_the_limit_pulls_the_voltage_down_and_says_so(bench):
    bench.send(":SOUR:VOLT 5;:SOUR:VOLT:ILIM 1e-5;:OUTP ON")
    assert bench.terminal_v == pytest.approx(0.1)
    source, amperes, status = bench.read(":READ? 'defbuffer1', SOUR, READ, SOURSTAT")
    assert (source, amperes) == (pytest.approx(0.1, abs=1e-3), pytest.approx(1e-5))
    assert int(status) & 32
    assert bench.send("SOUR:VOLT:ILIM:TRIP?;:SOUR:CURR:VLIM:TRIP?") == "1;0"
    bench.send(":SOUR:VOLT:READ:BACK OFF")
    source, _, status = bench.read(":READ? 'defbuffer1', SOUR, READ, SOURSTAT")
    assert source == 5, "without read-back it is what was programmed"
    assert int(status) & 32
    bench.send(":SOUR:VOLT 0.05")
    assert bench.send("SOUR:VOLT:ILIM:TRIP?") == "0"
    assert bench.terminal_v == 0.05


def test_a_current_source_is_limited_by_voltage(bench):
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 1e-4;:SENS:FUNC 'VOLT';:OUTP ON")
    assert bench.read() == [pytest.approx(1.0)]
    bench.send(":SOUR:CURR:VLIM 0.3")
    assert bench.read() == [pytest.approx(0.3)]
    assert bench.send("SOUR:CURR:VLIM:TRIP?") == "1"
    bench.send(":SENS:VOLT:RANG 0.02")
    assert bench.send(":SOUR:CURR:VLIM?") == "3.000000E-01"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (":SOUR:VOLT 211", -222),
        (":SOUR:VOLT:RANG 2;:SOUR:VOLT 2.2", -222),
        (":SOUR:VOLT 3;:SOUR:VOLT:RANG 2", -221),
        (":SOUR:CURR:RANG 2", -222),
        (":SOUR:VOLT:ILIM 2", -222),
        (":SOUR:VOLT:ILIM 0", -222),
        (":SENS:CURR:RANG 1e-4;:SOUR:VOLT:ILIM 9e-8", -222),
        (":SOUR:VOLT:RANG 200;:SOUR:VOLT:ILIM 0.2", -222),
        (":SOUR:VOLT:PROT PROT5;:SOUR:CURR:VLIM 6", -221),
        (":SOUR:VOLT:PROT 5", -104),
        (":SENS:CURR:NPLC 11", -222),
        (":SENS:FUNC 'POW'", -224),
        (":SENS:FUNC CURR", -104),
        (":SENS:FUNC 'CURR','VOLT'", -108),
        (":SYST:LFR 50", -113),
        ("*LANG TSP", -224),
        (":FETC?", -230),
        (":FETC? 'nobody'", -224),
        (":READ? defbuffer1", -104),
        (":READ? 'defbuffer1', VOLT", 1133),
        (":READ? 'defbuffer1'," + ",".join(["READ"] * 15), 1133),
        (":TRAC:MAKE 'mine', 9", -222),
        (":TRAC:MAKE 'defbuffer1', 100", 1115),
        (":TRAC:DEL 'defbuffer2'", -224),
        (":TRAC:DATA? 1, 5", -222),
        (":TRAC:FEED SENSE", -113),
        (":SENS:CURR:PROT 1e-3", -113),
        (":SOUR:VOLT:MODE LIST", -113),
        (":CONF:VOLT", -113),
        (":INIT", -213),
        (":SOUR:SWE:VOLT:LIST 1", -222),
        (":SOUR:SWE:VOLT:LIN 0, 1, 1", -222),
        (":SOUR:SWE:VOLT:LIN 0, 300, 3", -222),
        (":SOUR:SWE:VOLT:LIN 0, 1, 3, 0, 0", -222),
        (":SOUR:SWE:VOLT:LOG -1, 1, 3", -222),
        (":SOUR:SWE:VOLT:LIN:STEP 0, 1, 0", -222),
        (":SOUR:VOLT:RANG 2;:SOUR:LIST:VOLT 0, 3;:SOUR:SWE:VOLT:LIST 1", -222),
        (":SOUR:SWE:VOLT:LIN 0, 1, 3, 0, 1, AUTO, OFF, OFF, 'nobody'", -224),
    ],
)
def test_what_a_2450_refuses(bench, message, code):
    *before, refused = message.split(";")
    for unit in before:
        bench.send(unit)
    assert bench.errors() == []
    state = bench.settings()
    assert bench.send(refused) == ""
    assert bench.errors() == [code]
    assert bench.settings() == state


def test_a_limit_gives_way_to_a_range_and_a_warning_says_so(bench):
    """Page 6-71; a 2400 would refuse."""
    bench.send(":SOUR:VOLT:ILIM 1;:SOUR:VOLT:RANG 200")
    assert bench.send(":SOUR:VOLT:ILIM?") == "1.050000E-01"
    assert bench.send(":SYST:EVEN:COUN? WARN;:SYST:ERR:COUN?") == "1;0"
    bench.send(":SOUR:VOLT:ILIM 1e-5;:SENS:CURR:RANG 0.1")
    assert bench.send(":SOUR:VOLT:ILIM?") == "1.000000E-04"
    bench.send(":SOUR:VOLT:PROT PROT10")
    assert bench.send(":SOUR:CURR:VLIM?") == "1.000000E+01"
    assert bench.send(":SYST:EVEN:COUN?") == "3"
    assert ";2;2020/01/01 " in bench.send(":SYST:EVEN:NEXT? WARN")
    assert bench.errors() == []
    assert bench.send(":SYST:EVEN:COUN?") == "0", "asking for errors loses the warnings before"


def test_the_event_log_keeps_kinds_and_times(bench):
    assert bench.send("SYST:ERR?") == '0,"No error;0;0 0"'
    bench.world.clock.sleep(61.5)
    bench.send(":NONSENSE")
    bench.send(":SYST:EVEN:POST 'mine', WARN")
    assert bench.send("*STB?") == "4"
    assert bench.send(":SYST:EVEN:COUN? ERR, WARN") == "2"
    assert bench.send("SYST:ERR?") == '-113,"Undefined header;1;2020/01/01 00:01:01.500"'
    assert bench.send("*STB?;*ESR?") == "0;160"
    assert bench.send(":SYST:EVEN:NEXT?").startswith('1003,"User: mine;2;')
    for _ in range(1005):
        bench.twin.report(5, "something")
    assert bench.send("SYST:ERR:COUN?") == "1000"
    assert bench.errors()[-1] == -350
    bench.twin.report(5, "something")
    bench.send(":*CLS")
    assert bench.send(":SYST:ERR:COUN?;:SYST:EVEN:COUN?") == "0;0"


def test_the_measuring_range_of_the_sourced_quantity_is_the_sources(bench):
    """And the one set is kept for later (page 6-54)."""
    bench.send(":SOUR:VOLT:RANG 2;:SENS:VOLT:RANG 20")
    assert bench.send(":SENS:VOLT:RANG?") == "2.000000E+00"
    bench.send(":SOUR:FUNC CURR")
    assert bench.send(":SENS:VOLT:RANG?;RANG:AUTO?") == "2.000000E+01;0"
    assert bench.errors() == []


def test_a_fixed_range_that_is_too_small_limits(bench):
    bench.send(":SOUR:VOLT:ILIM 1e-3;:SENS:CURR:RANG 1e-6;:SOUR:VOLT 1;:OUTP ON")
    assert bench.read() == [pytest.approx(1.05e-6)]


@pytest.mark.parametrize(
    ("state", "volts"), [("NORM", 0.0), ("ZERO", 0.0), ("HIMP", None), ("GUAR", None)]
)
def test_off_states_belong_to_the_source_function(bench, state, volts):
    bench.send(f":OUTP:VOLT:SMOD {state};:SOUR:VOLT 0.3;:OUTP 1")
    assert bench.terminal_v == 0.3
    bench.send(":OUTP OFF")
    assert bench.terminal_v == volts
    assert bench.send(":OUTP:SMOD?;CURR:SMOD?") == f"{state};NORM"
    bench.send(":SOUR:FUNC CURR")
    assert bench.terminal_v == 0.0
    assert bench.send(":OUTP:SMOD?") == "NORM"


def test_overvoltage_protection_holds_the_source(bench):
    bench.send(":SOUR:VOLT:ILIM 0.1;:SOUR:VOLT:PROT PROT20;:SOUR:VOLT 30;:OUTP ON")
    assert bench.terminal_v == 20.0
    assert bench.send(":SOUR:VOLT:PROT?;PROT:TRIP?") == "PROT20;1"
    assert int(bench.read(":READ? 'defbuffer1', SOURSTAT")[0]) & 4
    bench.send(":SOUR:VOLT:PROT NONE")
    assert bench.terminal_v == 30.0


def test_an_open_interlock_keeps_the_output_low():
    bench = Bench()
    bench.send(":SOUR:VOLT:ILIM 0.1;:SOUR:VOLT 100;:OUTP ON")
    assert bench.terminal_v == 42.0
    assert bench.send(":OUTP:INT:TRIP?;:SYST:EVEN:NEXT?").startswith(
        '0;5074,"Output voltage limited by interlock;2;'
    )
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 0.01;:SOUR:CURR:VLIM 150;:OUTP ON")
    assert bench.terminal_v == 42.0
    closed = Bench(interlock=True)
    closed.send(":SOUR:VOLT:ILIM 0.1;:SOUR:VOLT 100;:OUTP ON")
    assert closed.terminal_v == 100.0
    assert closed.send(":OUTP:INT:TRIP?;:SYST:EVEN:COUN?") == "1;0"


def test_time_of_a_reading_and_of_the_source_delay():
    bench = Bench(latency_s=0)
    clock = bench.world.clock
    bench.send(":SOUR:VOLT:ILIM 1e-3;:SENS:CURR:RANG 1e-3;:SENS:CURR:NPLC 0.5;:SOUR:VOLT 0.1")

    def time_of(text):
        before = clock.now_s()
        bench.send(text)
        return clock.now_s() - before

    bench.send(":OUTP ON")
    assert time_of(":READ?") == pytest.approx(1e-3 + 2 * 0.5 / 50)  # source read back and current
    assert time_of(":READ?") == pytest.approx(2 * 0.5 / 50)  # the source has not moved
    bench.send(":SOUR:VOLT:READ:BACK OFF;:SOUR:VOLT:DEL 0.25;:SOUR:VOLT 0.2")
    clock.sleep(0.1)
    assert time_of(":READ?") == pytest.approx(0.15 + 0.5 / 50)
    bench.send(":SENS:CURR:AVER ON;AVER:COUN 4;:SENS:COUN 3")
    assert time_of(":READ?") == pytest.approx(3 * 4 * 0.5 / 50)
    bench.send(":SENS:CURR:RANG 1e-8;:SOUR:VOLT:DEL:AUTO ON;:SENS:CURR:AVER OFF;:SENS:COUN 1")
    bench.send(":SOUR:VOLT 0.3")
    assert time_of(":READ?") == pytest.approx(50e-3 + 0.5 / 50)
    bench.send(":SOUR:VOLT:HIGH:CAP ON;:SOUR:VOLT 0.2")
    assert time_of(":READ?") == pytest.approx(100e-3 + 0.5 / 50)


@pytest.mark.parametrize("nplc", [0.01, 1.0])
def test_noise_is_of_the_range_and_falls_with_the_root_of_the_time(nplc):
    bench = Bench(Resistor(noise=True), noise=1e-4)
    bench.send(f":SENS:CURR:RANG 1e-5;NPLC {nplc};:SOUR:VOLT 0.05;:OUTP ON;:SENS:COUN 400;:READ?")
    readings = np.array(bench.read(":TRAC:DATA? 1, 400"))
    rms = 1e-4 * 1e-5 / math.sqrt(nplc)
    assert readings.std() == pytest.approx(rms, rel=0.15)
    assert abs(readings.mean() - 5e-6) < 4 * rms / 20


def test_buffers_of_the_users(bench):
    bench.send(":TRAC:MAKE 'mine', 10;:SENS:COUN 8;:OUTP ON;:READ? 'mine'")
    assert bench.send(":TRAC:ACT? 'mine';:TRAC:FILL:MODE? 'mine';:TRAC:ACT:END? 'mine'") == (
        "8;ONCE;8"
    )
    assert bench.send(":READ? 'mine'") == ""
    assert bench.errors() == [4915]
    assert bench.send(":TRAC:ACT? 'mine'") == "10"
    bench.send(":TRAC:FILL:MODE CONT, 'mine';:READ? 'mine'")
    assert bench.send(":TRAC:ACT? 'mine';:TRAC:POIN? 'mine'") == "10;10"
    bench.send(":TRAC:POIN 20, 'mine'")
    assert bench.send(":TRAC:ACT? 'mine';:TRAC:POIN? 'mine'") == "0;20"
    bench.send(":TRAC:TRIG 'mine';:TRAC:DEL 'mine'")
    assert bench.send(":TRAC:ACT?") == "0"
    assert bench.send(":TRAC:ACT? 'mine'") == ""
    assert bench.errors() == [-224]


def test_statistics_are_of_the_readings(bench):
    for volts in (0.1, 0.2, 0.3):
        bench.send(f":SOUR:VOLT {volts};:OUTP ON;:READ?")
    assert bench.read(":TRAC:STAT:AVER?") == [pytest.approx(2e-5)]
    assert bench.read(":TRAC:STAT:AVER? 'defbuffer2'") == [0]
    assert bench.read(":TRAC:STAT:MAX?") == [pytest.approx(3e-5)]
    assert bench.read(":TRAC:STAT:MIN?") == [pytest.approx(1e-5)]
    assert bench.read(":TRAC:STAT:PK2P?") == [pytest.approx(2e-5)]
    assert bench.read(":TRAC:STAT:STDDEV?") == [pytest.approx(1e-5)]


def test_the_list_sweep_of_the_manual(bench):
    """The example of page 6-78, on a smaller resistor."""
    bench.world.ohm = 100.0
    for message in (
        "*RST",
        'SENS:FUNC "CURR"',
        "SENS:CURR:RANG:AUTO ON",
        "SENS:CURR:RSEN OFF",
        "SOUR:FUNC VOLT",
        "SOUR:VOLT:RANG 20",
        "SOUR:VOLT:ILIM 1",
        "SOUR:LIST:VOLT 1, 5, 1, 5, 1, 5",
        "SOUR:SWE:VOLT:LIST 1, 0.2",
    ):
        bench.send(message)
    start_s = bench.world.clock.now_s()
    bench.send("INIT")
    bench.send("*WAI")
    assert bench.world.clock.now_s() - start_s == pytest.approx(6 * (0.2 + 0.04 + 1e-3), abs=0.01)
    table = np.array(bench.read('TRAC:DATA? 1, 6, "defbuffer1", SOUR, READ')).reshape(6, 2)
    assert table[:, 0] == pytest.approx([1, 5, 1, 5, 1, 5])
    assert table[:, 1] == pytest.approx(table[:, 0] / 100)
    assert bench.send("TRIG:STAT?;:SOUR:VOLT?;:OUTP?") == "IDLE;IDLE;10;5.000000E+00;0"
    assert bench.terminal_v == 0.0
    assert bench.errors() == []


def test_staircases_append_dual_ranges_and_abort_on_limit(bench):
    bench.send(":SOUR:SWE:VOLT:LIN 0, 1, 3, 0, 2, AUTO, OFF, ON;:INIT")
    assert bench.read(":TRAC:DATA? 1, 12, 'defbuffer1', SOUR") == pytest.approx(
        [0, 0.5, 1, 1, 0.5, 0] * 2, abs=1e-6
    )
    bench.send(":SOUR:SWE:VOLT:LIN:STEP 1, 0, 0.25;:INIT")
    assert bench.read(":TRAC:DATA? 1, 5, 'defbuffer1', SOUR") == pytest.approx(
        [1, 0.75, 0.5, 0.25, 0], abs=1e-6
    )
    assert bench.send(":SOUR:VOLT:RANG?;RANG:AUTO?") == "2.000000E+00;0", "best fixed"
    bench.send(":SOUR:SWE:VOLT:LOG 0.1, 10, 3, -1, 1, FIX, OFF;:INIT")
    assert bench.read(":TRAC:DATA? 1, 3, 'defbuffer1', SOUR")[:2] == pytest.approx([0.1, 1])
    assert bench.send(":SOUR:VOLT?") == "2.100000E+00", "fixed: the most the range has, page 3-55"
    bench.send(":SOUR:VOLT:ILIM 2e-5;:SOUR:LIST:VOLT 0.1;:SOUR:LIST:VOLT:APP 0.2,0.3,0.4")
    assert bench.send(":SOUR:LIST:VOLT:POIN?") == "4"
    bench.send(":SOUR:SWE:VOLT:LIST 1, 0, 1, ON;:INIT")
    assert bench.send(":TRAC:ACT?") == "3", "it ends with the first limited reading"
    bench.send(f":SOUR:LIST:VOLT {','.join(['0'] * 101)}")
    assert bench.errors() == [-223]


def test_a_sweep_sources_what_it_was_made_for(bench):
    bench.send(":SENS:FUNC 'VOLT';:SOUR:LIST:CURR 1e-5, 2e-5;:SOUR:SWE:CURR:LIST 1;:INIT")
    assert bench.send(":SOUR:FUNC?") == "CURR"
    assert bench.read(":TRAC:DATA? 1, 2") == pytest.approx([0.1, 0.2])


def test_a_loop_and_a_sweep_into_a_full_buffer(bench):
    bench.send(":OUTP ON;:SOUR:VOLT 0.1;:TRIG:LOAD 'SimpleLoop', 5, 0.1;:INIT")
    times = bench.read(":TRAC:DATA? 1, 5, 'defbuffer1', REL")
    assert np.diff(times) == pytest.approx(0.14)
    assert bench.send(":OUTP?") == "1"
    bench.send(":TRAC:MAKE 'mine', 10;:SOUR:SWE:VOLT:LIN 0,1,20,0,1,BEST,OFF,OFF,'mine';:INIT")
    assert bench.errors() == [4915]
    assert bench.send(":TRIG:STAT?;:OUTP?").startswith("FAILED;FAILED;")
    bench.send(":TRIG:LOAD 'Empty';:INIT;:TRIG:LOAD 'What'")
    assert bench.errors() == [-213, -224]


def test_the_unmodified_pymeasure_driver(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world = junction_world()
    library = visa.make(world.clock)
    for resource in (RESOURCE, "USB0::0x05E6::0x2450::04000024::INSTR", "GPIB0::18::INSTR"):
        twin = Keithley2450Twin(
            name="smu", resource=resource, options=Keithley2450Options(), world=world
        )
        library.attach(resource, twin)
        smu = Keithley2450(resource, visa_library=library)
        smu.reset()
        smu.apply_voltage(20, 1e-3)
        smu.measure_current(1, 1e-3, False)
        smu.source_voltage = 0.2
        smu.enable_source()
        currents = [smu.current for _ in range(4)]
        assert all(0.2 / 25e3 < amperes < 0.2 / 15e3 for amperes in currents)
        assert (smu.compliance_current, smu.current_range, smu.source_mode) == (
            1e-3,
            1e-3,
            "voltage",
        )
        smu.measure_voltage(auto_range=False)
        assert smu.voltage == pytest.approx(0.2, rel=1e-3)
        smu.measure_resistance(resistance=2e4, auto_range=False)
        assert 15e3 < smu.resistance < 25e3
        smu.current_output_off_state, smu.voltage_output_off_state = "ZERO", "HIMP"
        assert (smu.current_output_off_state, smu.voltage_output_off_state) == ("ZERO", "HIMP")
        smu.wires, smu.buffer_points, smu.current_filter_state = 4, 100, "ON"
        assert (smu.wires, smu.buffer_points, smu.current_filter_state) == (4, 100, 1)
        smu.source_voltage_delay, smu.current_filter_count = 0.1, 3
        smu.beep(440, 0.1)
        smu.trigger()
        smu.use_rear_terminals()
        assert not smu.source_enabled, "other terminals: the output goes off"
        smu.apply_current(1e-4, 0.5)
        smu.measure_voltage()
        smu.source_current = 1e-5
        smu.enable_source()
        assert 0.1 < smu.voltage < 0.3
        smu.shutdown()
        assert not smu.source_enabled
        assert smu.source_current == 0
        assert smu.check_errors() == []
        # Its buffer methods are those of a 2400, and PyMeasure says so.
        smu.disable_buffer()
        assert [code for code, _ in smu.check_errors()] == [-113]


def test_what_qcodes_sends(bench):
    """The words of its Keithley2450 and of its buffers, without installing it."""
    assert bench.send("*LANG?") == "SCPI"
    for message in (
        "ROUTe:TERMinals rear",
        ':SENS:FUNC "VOLT:DC"',
        ":SOUR:FUNC CURR",
        ":SOUR:current:RANGe 0.0001",
        ":SOURce:current:RANGe:AUTO 1",
        "SOUR:current:VLIM 2",
        "SOUR:current 1e-05",
        ":SOURce:current:DELay 0",
        ":SOURce:current:DELay:USER1 0.5",
        ":SOURce:current:DELay:AUTO 1",
        ":SOURce:current:READ:BACK 1",
        ":SENSe:voltage:RSENse 1",
        ":SENSe:voltage:RANGe 2",
        ":SENSe:voltage:RANGe:AUTO 1",
        ":SENSe:voltage:NPLCycles 0.1",
        ":SENSe:voltage:DELay:USER2 0.5",
        ":SENSe:voltage:AZERo 0",
        ":SENSe:AZERo:ONCE",
        ":SENSe:COUNt 1",
        ":TRACe:MAKE 'test', 100, ",
        ":TRACe:POINts 50, 'test'",
        ":OUTP 1",
    ):
        assert bench.send(message) == ""
    assert bench.errors() == []
    assert bench.read(":MEASure? 'defbuffer1'") == [pytest.approx(0.1)]
    assert bench.send(":SOUR:FUNC?;:SENS:FUNC?;:OUTP?") == 'CURR;"VOLT:DC";1'
    assert bench.read(":SOURce:current:DELay:USER1?") == [0.5]
    assert bench.send(":SOUR:current:VLIM:TRIPped?;:SENSe:voltage:AZERo?") == "0;0"
    bench.send(":SOURce:SWEep:current:LINear 0,1e-05,5,0,1,AUTO,ON,OFF,'test'")
    bench.send(":INITiate")
    bench.send("*WAI")
    assert bench.read(":TRACe:DATA? 1, 5, 'test'") == pytest.approx(np.linspace(0, 0.1, 5))
    text = bench.send(":TRACe:DATA? 1, 5, 'test', RELative,READing,SOURce")
    assert len(text.split(",")) == 15
    assert bench.send(":TRACe:ACTual? 'test'") == "5"
    for message in (":TRACe:CLEar 'test'", ":TRACe:TRIGger 'test'", ":TRACe:DELete 'test'"):
        bench.send(message)
    for message in (":ABORt", ":STATus:CLEar", ":SYSTem:CLEar", "*LANG SCPI", "*RST"):
        bench.send(message)
    assert bench.errors() == []


def test_device_clear_drops_the_reply_and_keeps_the_settings(bench):
    bench.send(":SOUR:VOLT 0.2;:OUTP ON")
    bench.twin.feed(b"*IDN?\n:SOUR:VOLT 9")
    bench.twin.clear()
    assert not bench.twin.out
    assert bench.send(":SOUR:VOLT?;:OUTP?") == "2.000000E-01;1"
    assert bench.errors() == []


def test_each_conversation_has_its_own_replies(bench):
    one, two = bench.twin.converse(), bench.twin.converse()
    one.feed(b":SOUR:VO")
    two.feed(b"*IDN?\n")
    one.feed(b"LT 0.1;:SOUR:VOLT?\n")
    assert float(bytes(one.out)) == 0.1
    assert bytes(two.out) == f"{bench.twin.identity}\n".encode()
    one.feed(b"*OPC?\n")
    two.starved()
    two.out.clear()
    two.starved()
    assert bench.errors() == [-410, -420, -420]


def test_a_power_cycle_forgets_all_but_the_power_on_bit(bench):
    bench.send("*CLS;*ESE 255;*SRE 4;:STAT:QUES:ENAB 1;:ROUT:TERM REAR;:TRAC:MAKE 'mine', 20")
    bench.send(":SOUR:VOLT 0.3;:OUTP ON;:READ?;:NONSENSE;")
    bench.twin.feed(b":SOUR:VOLT 0.4")
    bench.twin.power_cycle()
    assert bench.terminal_v == 0.0
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
    assert bench.send("*ESR?;*ESE?;*SRE?;:STAT:QUES:ENAB?") == "128;0;0;0"
    assert bench.errors() == []


def test_a_tripped_output_reads_its_limit(bench):
    bench.send(":SOUR:VOLT 0.3;:OUTP ON")
    bench.twin.trip(True)
    source, amperes, status = bench.read(":READ? 'defbuffer1', SOUR, READ, SOURSTAT")
    assert (source, amperes) == (0.0, pytest.approx(1.05e-4))
    assert int(status) & 32
    assert bench.terminal_v == 0.0
    bench.twin.trip(False)
    assert bench.terminal_v == 0.3


def test_a_restored_twin_goes_on_bit_by_bit():
    def prepared():
        return Bench(junction_world(noise=True, tau_p_s=1e-3, tau_ap_s=1e-3))

    first, second = prepared(), prepared()
    first.send(":SOUR:VOLT 0.1;:SENS:CURR:NPLC 0.01;:OUTP:CURR:SMOD HIMP;:OUTP ON;:NONSENSE")
    first.send(":TRAC:MAKE 'mine', 20;:READ? 'mine';:SOUR:LIST:VOLT 0,0.1;:SOUR:SWE:VOLT:LIST 1")
    first.send(":READ?")
    first.twin.feed(b"*IDN?\n:SOU")
    state, world = first.twin.state(), first.world.state()
    second.world.restore(world)
    second.twin.restore(state)
    assert second.twin.out == first.twin.out
    assert second.settings() == first.settings()
    for bench in (first, second):
        bench.twin.feed(b"R:VOLT 0.12\n")
    for query in (
        "SYST:ERR?",
        "SYST:ERR?",
        ":FETC? 'mine', READ, TST",
        ":READ?",
        ":SOUR:VOLT?",
        ":OUTP:CURR:SMOD?",
        ":INIT;:TRAC:DATA? 1, 2, 'defbuffer1', READ, SOUR, REL",
    ):
        assert first.send(query) == second.send(query) != ""
    assert first.world.clock.now_s() == second.world.clock.now_s()


_PLAIN = [
    header.replace("[:SENSe[1]]", ":SENS").replace("[1]", "").replace("[", "").replace("]", "")
    for header in WORDS.headers()
]
_HEADERS = st.sampled_from([*_PLAIN, "*RST", ":INIT"])
_VALUES = st.one_of(
    st.just(""),
    st.floats(-300, 300).map(repr),
    st.sampled_from(
        ["ON", "MAX", "MIN", "DEF", "HIMP", "'CURR'", "'defbuffer1'", "1,5,9", "0,1,11", "PROT10"]
    ),
    st.text("0123456789eE+-.,'\"()@#; ", max_size=8),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(_HEADERS, st.sampled_from(["", "?"]), _VALUES), max_size=8))
def test_no_message_raises_and_limits_always_hold(messages):
    bench = Bench(latency_s=0)
    for header, mark, value in messages:
        bench.twin.feed(f"{header}{mark} {value}\n".encode())
        volts = bench.terminal_v or 0.0
        assert abs(volts) <= 210
        limit = bench.twin.model.limit()[0]
        if bench.twin.model.function == "voltage" and bench.twin.model.on:
            assert abs(volts) / LOAD_OHM <= limit * (1 + 1e-6)
    bench.twin.clear()
    assert bench.send("*IDN?").startswith("KEITHLEY INSTRUMENTS,MODEL 2450,")


_SETTINGS = st.sampled_from(
    [
        ":SOUR:VOLT 0.15",
        ":SOUR:VOLT:RANG 2",
        ":SOUR:VOLT:ILIM 1e-3",
        ":SENS:CURR:RANG 1e-4",
        ":SENS:CURR:NPLC 0.5",
        ":SENS:FUNC 'VOLT'",
        ":OUTP:SMOD ZERO",
        ":OUTP ON",
        ":SOUR:LIST:VOLT 0.1,0.2",
        ":SOUR:SWE:VOLT:LIN 0,0.1,3",
        ":TRAC:MAKE 'mine', 100",
        ":TRAC:POIN 500, 'defbuffer2'",
        ":SOUR:VOLT:READ:BACK OFF",
        ":FORM:ASC:PREC 5",
    ]
)
_MUTATION = st.tuples(
    st.integers(0, 40),
    st.integers(0, 2),
    st.text(":;,'\" ABZabz019.?*#(@)", max_size=2).filter(lambda text: ";" not in text),
)


@settings(deadline=None, max_examples=150)
@given(_SETTINGS, _MUTATION)
def test_a_malformed_command_gets_its_number_and_changes_nothing(command, mutation):
    """Cut some letters out anywhere and put others in: it is understood, or refused whole."""
    at, cut, put = mutation
    mutated = command[:at] + put + command[at + cut :]
    bench = Bench(latency_s=0)
    before = bench.settings()
    bench.twin.feed(mutated.encode() + b"\n")
    bench.twin.out.clear()
    refused = bench.errors()
    assert all(code < 0 or code in (1115, 1133, 4915) for code in refused)
    if refused:
        assert bench.settings() == before


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=40))
def test_random_bytes_change_nothing(data):
    bench = Bench(latency_s=0)
    bench.twin.feed(data.replace(b"*", b"") + b"\n")
    bench.twin.out.clear()
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
