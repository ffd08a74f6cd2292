"""The simulated Keithley 2400 by its words: limits, side effects, readings, buffer."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.twins.keithley2400 import Keithley2400Twin
from sim_backend.twins.keithley2400_settings import Keithley2400Options
from sim_backend.twins.keithley2400_words import WORDS
from sim_backend.world.world import World

LOAD_OHM = 10e3
NOT_MEASURED = 9.91e37


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
        self.twin = Keithley2400Twin(
            name="smu",
            resource="GPIB0::24::INSTR",
            options=Keithley2400Options(**options),
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


@pytest.fixture
def bench():
    return Bench()


def junction_world(**changes):
    junction = JunctionParameters(**changes)
    wires = Wiring((SingleJunction(Cell(0, 0), "smu", 10e3, 1.0, None),))
    return World(
        wires,
        junction=junction,
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(5),
        instrument_noise=False,
    )


# *RST values that PyMeasure's own tests find on a real 2400.
POWER_ON = {
    "OUTP?": "0",
    "OUTP:SMOD?": "NORM",
    "ROUT:TERM?": "FRON",
    "SENS:CURR:RANG?": "1.050000E-04",
    "SENS:CURR:RANG:AUTO?": "1",
    "SENS:CURR:NPLC?": "1.000000E+00",
    "SENS:CURR:PROT?": "1.050000E-04",
    "SENS:VOLT:RANG?": "2.100000E+01",
    "SENS:VOLT:PROT?": "2.100000E+01",
    "SENS:RES:MODE?": "AUTO",
    "SENS:RES:RANG?": "2.100000E+05",
    "SENS:AVER:TCON?": "REP",
    "SENS:AVER:COUN?": "10",
    "SENS:AVER?": "0",
    "SENS:FUNC?": '"CURR:DC"',
    "SOUR:CLE:AUTO?": "0",
    "SOUR:FUNC?": "VOLT",
    "SOUR:FUNC:MODE?": "VOLT",
    "SOUR:DEL?": "1.000000E-03",
    "SOUR:DEL:AUTO?": "1",
    "SOUR:CURR:RANG?": "1.050000E-04",
    "SOUR:VOLT:RANG?": "2.100000E+01",
    "SOUR:VOLT:RANG:AUTO?": "1",
    "SOUR:VOLT?": "0.000000E+00",
    "SYST:AZER?": "1",
    "SYST:RSEN?": "0",
    "FORM:ELEM?": "VOLT,CURR,RES,TIME,STAT",
}


def test_power_on_and_reset_are_the_same_state(bench):
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 1e-3;:SENS:VOLT:PROT 5;:SENS:CURR:NPLC 0.1;:OUTP ON")
    bench.send(":SYST:RSEN ON;:OUTP:SMOD ZERO;:FORM:ELEM CURR;:SENS:FUNC 'VOLT','RES'")
    bench.send("*RST")
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON
    assert bench.terminal_v == 0.0
    assert bench.errors() == []


def test_voltage_source_reads_ohms_law(bench):
    bench.send(":SOUR:VOLT:RANG 0.2;:SOUR:VOLT 0.1;:OUTP ON")
    volts, amperes, ohms, seconds, status = bench.read()
    assert volts == pytest.approx(0.1)
    assert amperes == pytest.approx(0.1 / LOAD_OHM)
    assert ohms == NOT_MEASURED
    assert seconds == pytest.approx(bench.world.clock.now_s() - 1e-3, abs=1e-6)
    assert status == 1 << 2 | 1 << 10 | 1 << 12 | 1 << 14
    bench.send(":SENS:RES:MODE MAN;:SENS:FUNC:ALL")
    volts, amperes, ohms, _, status = bench.read()
    assert ohms == pytest.approx(LOAD_OHM)
    assert int(status) & (1 << 11 | 1 << 12 | 1 << 13) == 1 << 11 | 1 << 12 | 1 << 13


def test_current_source_reads_ohms_law_and_is_limited_by_voltage(bench):
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 1e-4;:SENS:FUNC 'VOLT';:OUTP ON")
    volts, amperes, _, _, status = bench.read()
    assert (volts, amperes) == (pytest.approx(1.0), pytest.approx(1e-4))
    assert int(status) & (1 << 15 | 1 << 3) == 1 << 15
    bench.send(":SENS:VOLT:PROT 0.3")
    volts, amperes, _, _, status = bench.read()
    assert volts == pytest.approx(0.3)
    assert amperes == pytest.approx(0.3 / LOAD_OHM, rel=1e-3)
    assert int(status) & 1 << 3
    assert bench.send("SENS:VOLT:PROT:TRIP?") == "1"
    assert bench.send("SENS:CURR:PROT:TRIP?") == "0"


def test_compliance_pulls_the_voltage_down_and_says_so(bench):
    bench.send(":SOUR:VOLT 5;:SENS:CURR:PROT 1e-5;:OUTP ON;:SENS:FUNC 'VOLT','CURR'")
    assert bench.terminal_v == pytest.approx(1e-5 * LOAD_OHM)
    volts, amperes, _, _, status = bench.read()
    assert volts == pytest.approx(0.1, abs=1e-3)
    assert amperes == pytest.approx(1e-5)
    assert int(status) & (1 << 3 | 1 << 16) == 1 << 3
    assert bench.send("SENS:CURR:PROT:TRIP?") == "1"
    bench.send(":SOUR:VOLT 0.05")
    assert bench.send("SENS:CURR:PROT:TRIP?") == "0"
    assert bench.terminal_v == 0.05


def test_a_fixed_measuring_range_limits_below_the_compliance(bench):
    bench.send(":SENS:CURR:PROT 1e-3;:SENS:CURR:RANG 1e-6;:SOUR:VOLT 1;:OUTP ON")
    _, amperes, _, _, status = bench.read()
    assert amperes == pytest.approx(1.05e-6)
    assert int(status) & (1 << 3 | 1 << 16) == 1 << 16


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (":SOUR:VOLT 211", -222),
        (":SOUR:VOLT:RANG 2;:SOUR:VOLT 2.2", -222),
        (":SOUR:VOLT 3;:SOUR:VOLT:RANG 2", -221),
        (":SOUR:CURR:RANG 2", -222),
        (":SENS:CURR:PROT 2", -222),
        (":SENS:CURR:PROT 0", 822),
        (":SENS:CURR:PROT 1e-3;:SENS:CURR:RANG 1e-3;:SENS:CURR:PROT 9e-7", 822),
        (":SENS:CURR:RANG 1e-3", 824),
        (":SENS:VOLT:RANG 2", 823),
        (":SENS:CURR:PROT 1;:SOUR:VOLT 100", 826),
        (":SOUR:VOLT:RANG 200;:SENS:CURR:PROT 0.2", 826),
        (":SENS:CURR:NPLC 11", -222),
        (":SENS:FUNC 'POW'", -224),
        (":SENS:FUNC CURR", -104),
        (":SYST:LFR 55", -222),
        (":TRIG:COUN 100;:ARM:COUN 100", -222),
        (":ARM:COUN INF;:OUTP ON;:READ?", 830),
        (":OUTP:ENAB ON;:OUTP ON", 802),
        (":TRAC:FEED:CONT NEXT;:TRAC:POIN 5", 800),
        (":TRAC:DATA?", -230),
        (":FETC?", -230),
        (":READ?", 803),
        (":INIT", 803),
        (":OUTP ON;:ARM:SOUR BUS;:INIT;:INIT", -213),
        (":SOUR:SWE:SPAC LOG;:SOUR:VOLT:MODE SWE;:OUTP ON;:INIT", -221),
    ],
)
def test_what_a_2400_refuses(bench, message, code):
    *before, refused = message.split(";")
    for unit in before:
        bench.send(unit)
    assert bench.errors() == []
    state = _settings(bench)
    assert bench.send(refused) == ""
    assert bench.errors() == [code]
    assert _settings(bench) == state


def _settings(bench):
    """Everything but the registers that count errors."""
    return {q: bench.send(q) for q in _QUERIES}, bench.world.volts


_QUERIES = [
    header.replace("[:SENSe[1]]", ":SENS").replace("[1]", "").replace("[", "").replace("]", "")
    + "?"
    for header in WORDS.headers()
    if header.startswith(("[:SENSe", ":SOURce", ":OUTPut", ":ARM", ":TRIGger", ":FORMat"))
    and not any(n in header for n in ("DATA[", "STATe", "CLEar[", "APPend", "CLEar", "ALL"))
]


def test_every_setting_can_be_asked_for(bench):
    assert all(bench.send(query) != "" for query in _QUERIES)
    assert bench.errors() == []


def test_ranges_hold_105_percent_and_automatic_ones_follow(bench):
    bench.send(":SOUR:VOLT:RANG 0.21")
    assert bench.send(":SOUR:VOLT:RANG?") == "2.100000E-01"
    bench.send(":SOUR:VOLT:RANG:AUTO ON;:SOUR:VOLT 0.22")
    assert bench.send(":SOUR:VOLT:RANG?") == "2.100000E+00"
    bench.send(":SOUR:VOLT:RANG UP")
    assert (bench.send(":SOUR:VOLT:RANG?"), bench.send(":SOUR:VOLT:RANG:AUTO?")) == (
        "2.100000E+01",
        "0",
    )
    # One range for source and measurement of the sourced quantity.
    assert bench.send(":SENS:VOLT:RANG?") == "2.100000E+01"
    bench.send(":SENS:CURR:PROT 1e-3;:SOUR:VOLT 5;:OUTP ON;:READ?")
    assert bench.send(":SENS:CURR:RANG?") == "1.050000E-03"
    bench.send(":SOUR:VOLT 0.05;:READ?")
    assert bench.send(":SENS:CURR:RANG?") == "1.050000E-05"
    assert bench.send(":SENS:CURR:RANG:AUTO:ULIM?") == "1.050000E-03"
    assert bench.errors() == []


def test_the_source_moves_in_steps_of_its_range(bench):
    bench.send(":OUTP ON;:SOUR:VOLT:RANG 20;:SOUR:VOLT 0.1003")
    assert bench.terminal_v == 0.1005
    assert bench.send(":SOUR:VOLT?") == "1.003000E-01"
    bench.send(":SOUR:VOLT:RANG 0.2")
    assert bench.terminal_v == pytest.approx(0.1003, abs=1e-15)


@pytest.mark.parametrize(
    ("state", "volts"), [("NORM", 0.0), ("ZERO", 0.0), ("HIMP", None), ("GUAR", None)]
)
def test_off_states(bench, state, volts):
    bench.send(f":OUTP:SMOD {state};:SOUR:VOLT 0.3;:OUTP 1")
    assert bench.terminal_v == 0.3
    bench.send(":OUTP OFF")
    assert bench.terminal_v == volts
    assert (bench.send(":SOUR:VOLT?"), bench.send(":OUTP:SMOD?")) == ("3.000000E-01", state)
    bench.send(":OUTP ON")
    assert bench.terminal_v == 0.3


def test_measure_restores_the_limits_and_turns_the_output_on(bench):
    """As seen on a real one: SiLab-Bonn/basil, issue 121."""
    bench.send(":SENS:CURR:PROT 1e-6;:SENS:CURR:NPLC 0.1;:SENS:CURR:RANG 1e-6;:SOUR:VOLT 0.2")
    assert bench.send(":OUTP?") == "0"
    values = bench.read(":MEAS:CURR?")
    assert values[1] == pytest.approx(0.2 / LOAD_OHM)
    assert bench.send(":OUTP?;:SENS:CURR:PROT?;NPLC?;RANG:AUTO?") == (
        "1;1.050000E-04"  # the path after PROT? is SENS:CURR
        ";1.000000E+00;1"
    )
    bench.send(":OUTP OFF;:CONF:VOLT")
    assert bench.terminal_v == 0.2
    assert bench.send(":CONF?") == '"VOLT:DC"'
    # A reading alone changes nothing.
    bench.send(":SENS:CURR:PROT 1e-5")
    bench.read()
    assert bench.send(":SENS:CURR:PROT?") == "1.000000E-05"


def test_automatic_ohms_take_the_source_over(bench):
    values = bench.read(":MEAS:RES?")
    assert values[2] == pytest.approx(LOAD_OHM, rel=1e-3)
    assert bench.send(":SOUR:FUNC?") == "CURR"
    assert bench.terminal_v == pytest.approx(1e-4 * LOAD_OHM)


def test_integration_takes_its_time_and_averages_the_telegraph():
    world = junction_world(tau_p_s=2e-3, tau_ap_s=2e-3, slope_p_per_v=0.0, slope_ap_per_v=0.0)
    bench = Bench(world, latency_s=0)
    bench.send(":SOUR:VOLT:RANG 0.2;:SOUR:VOLT 0.1;:OUTP ON;:SENS:CURR:RANG 1e-4;NPLC 0.01")
    bench.send(":SOUR:DEL 0.02;:FORM:ELEM CURR")
    start_s = world.clock.now_s()
    short = np.array([bench.read()[0] for _ in range(400)])
    assert world.clock.now_s() - start_s == pytest.approx(400 * (0.02 + 0.01 / 50))
    p, ap = 0.1 / (10e3 + 5664.3), 0.1 / (10e3 + 5664.3 * 1.63119)
    # Within 0.2 ms a junction of 2 ms flips in a tenth of the readings: two levels stand out.
    near_p, near_ap = np.abs(short - p) < 3e-9, np.abs(short - ap) < 3e-9
    assert (near_p | near_ap).mean() > 0.8
    assert 0.35 < near_p.sum() / (near_p | near_ap).sum() < 0.65
    bench.send(":SENS:CURR:NPLC 10")
    long = np.array([bench.read()[0] for _ in range(40)])
    assert long.std() < 0.25 * short.std()
    # Mean over T of a telegraph of correlation time 1 ms: variance falls by 2 tau_c / T.
    assert long.std() == pytest.approx((p - ap) / 2 * math.sqrt(2 * 1e-3 / 0.2), rel=0.4)
    assert abs(long.mean() - (p + ap) / 2) < 4 * long.std() / math.sqrt(40)


def test_limited_output_follows_a_flipping_load():
    world = junction_world(tau_p_s=0.05, tau_ap_s=0.05, slope_p_per_v=0.0, slope_ap_per_v=0.0)
    bench = Bench(world)
    bench.send(":SOUR:FUNC CURR;:SOUR:CURR 5e-6;:SENS:VOLT:PROT 0.2;:SENS:FUNC 'VOLT','CURR'")
    bench.send(":SENS:VOLT:NPLC 0.1;:OUTP ON")
    rows = np.array([bench.read()[:2] for _ in range(200)])
    assert rows[:, 1] == pytest.approx(5e-6, rel=0.05)
    assert np.unique(rows[:, 0].round(4)).size > 1
    assert rows[:, 0].min() == pytest.approx(5e-6 * 15664.3, rel=1e-2)
    assert rows[:, 0].max() == pytest.approx(5e-6 * 19239.5, rel=1e-2)


@pytest.mark.parametrize("nplc", [0.01, 1.0])
def test_noise_is_of_the_range_and_falls_with_the_root_of_the_time(nplc):
    bench = Bench(Resistor(noise=True), noise=1e-4)
    bench.send(f":SENS:CURR:RANG 1e-5;NPLC {nplc};:SOUR:VOLT 0.05;:OUTP ON;:FORM:ELEM CURR")
    readings = np.array([bench.read()[0] for _ in range(400)])
    rms = 1e-4 * 1e-5 / math.sqrt(nplc)
    assert readings.std() == pytest.approx(rms, rel=0.15)
    assert abs(readings.mean() - 5e-6) < 4 * rms / 20
    repeats = readings / 1e-10
    assert repeats == pytest.approx(repeats.round(), abs=1e-3)


def test_averaging_filter_takes_longer_and_is_flagged(bench):
    bench.send(":SENS:AVER ON;:SENS:AVER:COUN 5;:OUTP ON")
    before_s = bench.world.clock.now_s()
    assert int(bench.read()[4]) & 1 << 1
    assert bench.world.clock.now_s() - before_s == pytest.approx(5 / 50 + 1e-3 + 2e-3)


def test_elements_come_in_the_instruments_order_and_in_binary(bench):
    bench.send(":FORM:ELEM STAT,CURR,VOLT;:SOUR:VOLT 0.1;:OUTP ON")
    assert bench.send(":FORM:ELEM?") == "VOLT,CURR,STAT"
    assert bench.read()[:2] == [pytest.approx(0.1), pytest.approx(1e-5)]
    bench.send(":FORM:DATA REAL,32;:FORM:ELEM VOLT,CURR")
    data = bench.send(":READ?").encode("latin-1")
    assert data[:2] == b"#0"
    assert struct.unpack(">2f", data[2:]) == (pytest.approx(0.1), pytest.approx(1e-5))
    bench.send(":FORM:BORD SWAP")
    assert struct.unpack("<2f", bench.send(":FETC?").encode("latin-1")[2:])[0] == (
        pytest.approx(0.1)
    )


def test_buffer_fills_once_and_raises_its_bit(bench):
    bench.send(":STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;")
    bench.send(":TRAC:CLE;:TRAC:POIN 4;:TRIG:COUN 4;:TRAC:FEED SENS;:TRAC:FEED:CONT NEXT")
    bench.send(":SOUR:VOLT 0.1;:OUTP ON")
    assert int(bench.send("*STB?")) & 65 == 0
    bench.send(":INIT")
    assert int(bench.send("*STB?")) & 65 == 65
    assert bench.twin.status_byte() & 65 == 65
    table = np.array(bench.read(":TRAC:DATA?")).reshape(4, 5)
    assert table[:, 1] == pytest.approx(1e-5)
    assert table[:, 3] == pytest.approx(np.arange(4) * 0.021, abs=1e-6)
    assert bench.send(":TRAC:FEED:CONT?;:TRAC:POIN:ACT?;:DATA:POIN?") == "NEV;4;4"
    bench.send(":TRAC:TST:FORM DELT")
    assert np.array(bench.read(":TRAC:DATA?"))[3::5] == pytest.approx(
        [0, 0.021, 0.021, 0.021], abs=1e-6
    )
    bench.send(":CALC3:FORM MEAN")
    assert bench.read(":CALC3:DATA?") == [
        pytest.approx(0.1),
        pytest.approx(1e-5),
        NOT_MEASURED,
        NOT_MEASURED,
    ]
    bench.send(":CALC3:FORM SDEV")
    assert bench.read(":CALC3:DATA?")[1] == pytest.approx(0, abs=1e-12)
    bench.send("*CLS;:TRAC:CLE")
    assert int(bench.send("*STB?")) & 1 == 0
    bench.send(":TRAC:FEED:CONT NEXT;:INIT")
    assert int(bench.send("*STB?")) & 1 == 1
    assert bench.errors() == []


def test_bus_trigger_answers_a_waiting_read(bench):
    bench.send(":ARM:SOUR BUS;:ARM:COUN 2;:OUTP ON")
    assert bench.send(":READ?") == ""
    assert int(bench.send("STAT:OPER:COND?")) & 1 << 10 == 0
    bench.twin.trigger()
    assert not bench.twin.out
    bench.twin.trigger()
    assert len(bytes(bench.twin.out).split(b",")) == 10
    bench.twin.out.clear()
    assert int(bench.send("STAT:OPER:COND?")) & 1 << 10
    bench.send(":READ?")
    bench.send(":ABOR")
    bench.twin.trigger()
    assert not bench.twin.out
    assert bench.errors() == []


def test_auto_off_switches_around_every_reading(bench):
    bench.send(":SOUR:CLE:AUTO ON;:SOUR:VOLT 0.2")
    assert bench.read()[1] == pytest.approx(2e-5)
    assert bench.send(":OUTP?") == "0"
    assert bench.terminal_v == 0.0


def test_list_and_staircase_sweeps(bench):
    bench.send(":SOUR:LIST:VOLT 0.1,0.2;:SOUR:LIST:VOLT:APP -0.05")
    bench.send(":SOUR:VOLT 0.01;:OUTP ON;:SOUR:VOLT:MODE LIST;:TRIG:COUN 3;:FORM:ELEM VOLT,CURR")
    rows = np.array(bench.read()).reshape(3, 2)
    assert rows[:, 0] == pytest.approx([0.1, 0.2, -0.05])
    assert rows[:, 1] == pytest.approx(rows[:, 0] / LOAD_OHM)
    assert bench.terminal_v == -0.05
    assert bench.send(":SOUR:VOLT?;:SOUR:LIST:VOLT:POIN?") == "1.000000E-02;3"
    bench.send(":SOUR:VOLT:MODE FIX")
    assert bench.terminal_v == 0.01
    bench.send(":SOUR:VOLT:STAR 0;STOP 0.4;STEP 0.1;:SOUR:VOLT:MODE SWE;:TRIG:COUN 5")
    assert bench.send(":SOUR:SWE:POIN?") == "5"
    assert np.array(bench.read())[::2] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert bench.errors() == []


def test_sweeps_refuse_what_does_not_fit(bench):
    bench.send(":SOUR:LIST:VOLT " + ",".join(["0"] * 101))
    bench.send(":SOUR:VOLT:STAR 0;STOP 1;STEP 1e-5")
    bench.send(":SOUR:LIST:VOLT 0.1,3;:SOUR:VOLT:RANG 2;MODE LIST;:TRIG:COUN 2;:OUTP ON;:INIT")
    assert bench.errors() == [-223, -222, -222]
    assert bench.terminal_v == 0.0
    bench.send(":SOUR:VOLT:STAR 0.1;STOP 1;:SOUR:SWE:SPAC LOG;DIR DOWN;POIN 3")
    bench.send(":SOUR:VOLT:MODE SWE;:TRIG:COUN 3;:FORM:ELEM VOLT")
    assert bench.read() == pytest.approx([1, 10**-0.5, 0.1])


def test_function_list_with_and_without_concurrent_measurement(bench):
    bench.send(":SENS:FUNC 'VOLT:DC','RES'")
    assert bench.send(":SENS:FUNC?") == '"VOLT:DC","CURR:DC","RES"'
    assert bench.send(":SENS:FUNC:STAT? 'CURR';:SENS:FUNC:COUN?") == "1;3"
    bench.send(":SENS:FUNC:OFF 'RES','CURR'")
    assert bench.send(":SENS:FUNC:OFF?") == '"CURR:DC","RES"'
    bench.send(":SENS:FUNC:CONC OFF;:SENS:FUNC 'CURR'")
    assert bench.send(":SENS:FUNC?") == '"CURR:DC"'
    bench.send(":SENS:FUNC:ALL")
    bench.send(":SENS:FUNC 'RES:DC'")
    assert bench.errors() == [-221, -224]


def test_an_endless_arm_count_fills_the_buffer_and_waits_for_abort(bench):
    bench.send(":TRAC:POIN 6;:TRAC:FEED:CONT NEXT;:ARM:COUN INF;:TRIG:COUN 2;:OUTP ON;:INIT")
    assert bench.send(":TRAC:POIN:ACT?;:ARM:COUN?") == "6;9.900000E+37"
    bench.send(":INIT")
    assert bench.errors() == [-213]
    bench.send(":ABOR;:INIT")
    assert bench.errors() == []


def test_a_timed_arm_keeps_its_interval(bench):
    bench.send(":ARM:SOUR TIM;:ARM:TIM 0.5;:ARM:COUN 3;:FORM:ELEM TIME;:OUTP ON")
    assert np.diff(bench.read()) == pytest.approx(0.5)


def test_an_overvoltage_limit_holds_the_source(bench):
    bench.send(":SENS:CURR:PROT 0.1;:SOUR:VOLT:PROT 15;:SOUR:VOLT 30;:OUTP ON")
    assert bench.terminal_v == 20.0
    assert int(bench.read()[4]) & 1 << 4
    bench.send(":SOUR:VOLT:PROT NONE")
    assert bench.terminal_v == 30.0


def test_messages_cost_their_latency():
    bench = Bench(latency_s=0.25)
    bench.send(":SOUR:VOLT 0.1")
    assert bench.world.clock.now_s() == 0.25
    bench.send(":SOUR:VOLT?")
    assert bench.world.clock.now_s() == 0.75


def test_what_other_drivers_send_is_understood(bench):
    """QCoDeS and older PyMeasure methods, as they write it."""
    for message in (
        ":TRIG:COUN 1;:FORM:ELEM VOLT,CURR",
        ':SENS:FUNC "CURR"',
        ":SOUR:FUNC VOLT",
        "SOUR:VOLT:RANG 2.000000",
        "SENS:CURR:PROT 0.000010",
        ":SOUR:VOLT:LEV 0.10000000",
        ":OUTP:STAT 1",
        "SENS:VOLT:NPLC 0.100000",
        ":SENS:FUNC 'CURR';:SENS:CURR:NPLC 1.000000;",
        ":SENS:CURR:RANG:AUTO 1;",
        ":SYST:BEEP 440, 0.1",
        ":DISP:ENAB 0",
        ":DISP:TEXT:DATA 'busy';STAT ON",
        ":ROUT:TERM REAR",
        ":SYST:AZER:STAT ONCE",
        ":ARM:SOUR TIM;:ARM:TIM 0.500",
        ":*CLS",
    ):
        assert bench.send(message) == ""
    assert bench.send(":SENS:FUNC?") == '"CURR:DC"'
    assert bench.send(":DISP:TEXT:DATA?") == '"busy"'
    assert bench.read() == [pytest.approx(0.1), pytest.approx(1e-5)]
    assert bench.errors() == []


def test_device_clear_drops_the_reply_and_keeps_the_settings(bench):
    bench.send(":SOUR:VOLT 0.2;:OUTP ON")
    bench.twin.feed(b"*IDN?\n:SOUR:VOLT 9")
    bench.twin.clear()
    assert not bench.twin.out
    assert bench.send(":SOUR:VOLT?;:OUTP?") == "2.000000E-01;1"
    assert bench.errors() == []


def test_a_restored_twin_goes_on_bit_by_bit():
    def prepared():
        return Bench(junction_world(tau_p_s=1e-3, tau_ap_s=1e-3))

    first, second = prepared(), prepared()
    first.send(":SOUR:VOLT 0.1;:SENS:CURR:NPLC 0.01;:TRIG:COUN 7;:OUTP ON;:NONSENSE")
    first.send(":TRAC:POIN 3;:TRAC:FEED:CONT NEXT;:INIT")
    first.twin.feed(b"*IDN?\n:SOU")
    state, world = first.twin.state(), first.world.state()
    second.world.restore(world)
    second.twin.restore(state)
    assert second.twin.out == first.twin.out
    for bench in (first, second):
        bench.twin.feed(b"R:VOLT 0.12\n")
    for query in ("SYST:ERR?", "SYST:ERR?", ":FETC?", ":TRAC:DATA?", ":READ?", ":SOUR:VOLT?"):
        assert first.send(query) == second.send(query) != ""
    assert first.world.clock.now_s() == second.world.clock.now_s()


_HEADERS = st.sampled_from(
    [h.replace("[", "").replace("]", "").replace("1", "") for h in WORDS.headers()] + ["*RST"]
)
_VALUES = st.one_of(
    st.just(""),
    st.floats(-300, 300).map(repr),
    st.sampled_from(
        ["ON", "OFF", "MAX", "MIN", "DEF", "UP", "BUS", "INF", "LIST", "'CURR'", "SWE"]
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
    assert bench.send("*IDN?").startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400,")


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=40))
def test_random_bytes_change_nothing(data):
    bench = Bench(latency_s=0)
    bench.twin.feed(data.replace(b"*", b"") + b"\n")
    bench.twin.out.clear()
    assert {q: bench.send(q) for q in POWER_ON} == POWER_ON


def test_each_conversation_has_its_own_replies_and_all_share_the_errors(bench):
    one, two = bench.twin.converse(), bench.twin.converse()
    one.feed(b":SOUR:VO")
    two.feed(b"*IDN?\n")
    one.feed(b"LT 0.1;:SOUR:VOLT?\n")
    assert float(bytes(one.out)) == 0.1
    assert bytes(two.out) == f"{bench.twin.identity}\n".encode()
    assert not bench.twin.out
    one.feed(b"*OPC?\n")
    assert bench.errors() == [-410]
    two.starved()
    assert bench.errors() == [-420]


def test_a_reply_owed_goes_to_who_asked(bench):
    one, two, three = (bench.twin.converse() for _ in range(3))
    one.feed(b":OUTP ON;:ARM:SOUR BUS;:READ?\n")
    assert not one.out
    one.starved()
    assert bench.errors() == []
    two.feed(b"*TRG\n")
    assert bytes(one.out).count(b",") == 4
    assert not two.out
    one.out.clear()
    one.feed(b":READ?\n")
    one.close()
    three.feed(b"*TRG\n")
    assert not one.out
    assert bench.errors() == []
