"""The simulated Keithley 2602B by its names: limits, readings, buffers, sweeps, two channels."""

import json
import math
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymeasure.instruments.keithley import Keithley2600

from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.twins.keithley2600 import Keithley2600Twin
from sim_backend.twins.keithley2600_settings import Keithley2600Options
from sim_backend.world.world import World

LOAD_OHM = 10e3
RESOURCE = "GPIB0::26::INSTR"
EMPTY = "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00"


class Resistor:
    """A world that is one resistor on each terminal."""

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
        self.twin = Keithley2600Twin(
            name="smu",
            resource=RESOURCE,
            options=Keithley2600Options(**options),
            world=self.world,
        )

    def send(self, text):
        self.twin.feed(text.encode() + b"\n")
        reply = bytes(self.twin.out)
        self.twin.out.clear()
        return reply.decode("latin-1").removesuffix("\n")

    def ask(self, names):
        return [float(value) for value in self.send(f"print({names})").split("\t")]

    def errors(self):
        found = []
        while True:
            code = int(float(self.send("print(errorqueue.next())").split("\t")[0]))
            if code == 0:
                return found
            found.append(code)

    def settings(self):
        """Everything but the queue and bytes on their way."""
        state = self.twin.state()
        parts = json.loads(state.pop("settings"))
        del parts["status"], parts["session"]
        return parts, {name: np.asarray(v).tolist() for name, v in state.items()}


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def on(bench):
    """Channel A at 0.2 V on 1 V, limit 1 mA."""
    bench.send("smua.source.rangev=1 smua.source.limiti=1e-3 smua.measure.rangei=1e-3")
    bench.send("smua.source.levelv=0.2 smua.source.output=smua.OUTPUT_ON")
    return bench


def junction_world(noise=False):
    wires = Wiring(
        tuple(SingleJunction(Cell(0, i), f"smu.{ch}", 10e3, 1.0, None) for i, ch in enumerate("ab"))
    )
    return World(
        wires,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(5),
        instrument_noise=noise,
    )


RESET = {
    "source.output": 0,
    "source.func": 1,
    "source.levelv": 0,
    "source.leveli": 0,
    "source.rangev": 0.1,
    "source.autorangev": 1,
    "source.limiti": 1,
    "source.limitv": 40,
    "source.offmode": 0,
    "source.offfunc": 1,
    "source.offlimiti": 1e-3,
    "source.delay": 0,
    "measure.nplc": 1,
    "measure.autorangei": 1,
    "measure.autozero": 2,
    "measure.count": 1,
    "measure.filter.enable": 0,
    "sense": 0,
    "nvbuffer1.n": 0,
}


@pytest.mark.parametrize("smu", ["smua", "smub"])
def test_the_state_after_switching_on_and_after_a_reset(bench, smu):
    for disturb in (
        "",
        f"{smu}.source.func=0 {smu}.source.leveli=1e-6 {smu}.source.offmode=2 {smu}.sense=1 "
        f"{smu}.source.limitv=1 {smu}.measure.nplc=0.1 {smu}.source.output=1 reset()",
        f"{smu}.source.levelv=1 {smu}.source.output=1 {smu}.reset()",
        f"{smu}.measure.count=3 localnode.reset()",
    ):
        bench.send(disturb)
        names = ",".join(f"{smu}.{name}" for name in RESET)
        assert bench.ask(names) == pytest.approx(list(RESET.values()))
    assert bench.errors() == []


def test_what_it_says_of_itself(bench):
    assert bench.send("*IDN?") == "Keithley Instruments Inc., Model 2602B, 4012345, 3.3.2"
    assert bench.send("print(localnode.model,localnode.serialno)") == "2602B\t4012345"
    assert bench.ask("localnode.linefreq") == [50]
    assert bench.send("print(errorqueue.next())") == EMPTY


def test_a_resistor_is_measured(on):
    assert on.world.volts["smu.a"] == pytest.approx(0.2)
    assert on.ask("smua.measure.iv()") == pytest.approx([20e-6, 0.2])
    assert on.ask("smua.measure.i()") == pytest.approx([20e-6])
    assert on.ask("smua.measure.v()") == pytest.approx([0.2])
    assert on.ask("smua.measure.r()") == pytest.approx([LOAD_OHM])
    assert on.ask("smua.measure.p()") == pytest.approx([4e-6])
    assert on.send("print(smua.source.compliance)") == "false"
    assert on.errors() == []


def test_channels_are_two_and_apart(on):
    on.send("smub.source.func=smub.OUTPUT_DCAMPS smub.source.leveli=1e-5 smub.source.output=1")
    assert on.ask("smub.measure.iv()") == pytest.approx([1e-5, 0.1])
    assert on.ask("smua.measure.iv()") == pytest.approx([20e-6, 0.2])
    on.send("smub.source.output=0")
    assert on.world.volts == pytest.approx({"smu.a": 0.2, "smu.b": 0.0})


@pytest.mark.parametrize(
    ("function", "level", "limit", "read", "bit"),
    [("v", 0.5, 20e-6, (20e-6, 0.2), 2), ("i", 1e-4, 0.3, (30e-6, 0.3), 1)],
)
def test_the_limit_holds_the_output_back(bench, function, level, limit, read, bit):
    other = {"v": "i", "i": "v"}[function]
    bench.send(f"smua.source.func={int(function == 'v')} smua.source.limit{other}={limit}")
    bench.send(f"smua.source.level{function}={level} smua.source.output=1")
    got = bench.ask("smua.measure.iv(smua.nvbuffer1)")
    assert got == pytest.approx(read, rel=1e-3)
    assert bench.send("print(smua.source.compliance)") == "true"
    condition = int(bench.ask("status.measurement.instrument.smua.condition")[0])
    assert condition & 3 == bit
    assert bench.ask("smua.nvbuffer1.statuses[1]") == [64]
    bench.send(f"smua.source.level{function}=0 smua.measure.v()")
    assert int(bench.ask("status.measurement.instrument.smua.condition")[0]) & 3 == 0


@pytest.mark.parametrize(
    ("setting", "name", "code"),
    [
        ("smua.source.limiti=0", "smua.source.limiti", 1102),
        ("smua.source.limiti=5e-9", "smua.source.limiti", 1102),
        ("smua.source.limiti=4", "smua.source.limiti", 1101),
        ("smua.source.limitv=0.001", "smua.source.limitv", 1102),
        ("smua.source.levelv=41", "smua.source.levelv", 1101),
        ("smua.source.levelv=1/0", "smua.source.levelv", 1101),
        ("smua.source.levelv=-1/0", "smua.source.levelv", 1101),
        ("smua.source.leveli=3.1", "smua.source.leveli", 1101),
        ("smua.source.rangev=50", "smua.source.rangev", 1101),
        ("smua.measure.rangei=4", "smua.measure.rangei", 1101),
        ("smua.measure.nplc=26", "smua.measure.nplc", 1101),
        ("smua.measure.nplc=0", "smua.measure.nplc", 1102),
        ("smua.source.output=3", "smua.source.output", 1101),
        ("smua.source.func=-1", "smua.source.func", 1102),
        ("smua.source.offmode=0.5", "smua.source.offmode", 1102),
        ("smua.source.levelv='1'", "smua.source.levelv", -286),
        ("smua.source.levelv=true", "smua.source.levelv", -286),
        ("smua.source.levelv=", "smua.source.levelv", -285),
        ("smua.source.lewelv=1", "smua.source.levelv", -286),
        ("smuc.source.levelv=1", "smua.source.levelv", -286),
        ("smua.measure.iv(5)", "smua.measure.nplc", -286),
        ("smua.measure.v(smub.nvbuffer1)", "smua.nvbuffer1.n", 5042),
        ("smua.measure.i(smua.nvbuffer1,smua.nvbuffer2)", "smua.nvbuffer1.n", 1101),
        ("delay(-1)", "smua.source.levelv", 1101),
    ],
)
def test_what_is_refused_leaves_its_number_and_changes_nothing(bench, setting, name, code):
    before = bench.settings()
    bench.send(setting)
    assert bench.settings() == before, name
    assert bench.errors() == [code]


def test_a_fixed_range_holds_no_more_and_power_is_limited(on):
    on.send("smua.source.levelv=1.02")
    assert on.ask("smua.source.levelv,smua.source.rangev") == [0.2, 1]
    on.send("smua.source.rangev=0.1")
    assert on.ask("smua.source.rangev") == [1]
    on.send("smua.source.rangev=6 smua.source.limiti=3 smua.source.rangev=40")
    assert on.ask("smua.source.rangev,smua.source.limiti") == [6, 3]
    assert on.errors() == [1101, -221, 1101]
    on.send("smua.source.limiti=1 smua.source.rangev=39 smua.source.levelv=-40.4")
    assert on.ask("smua.source.levelv,smua.source.rangev") == pytest.approx([-40.4, 40])
    assert on.errors() == []


@pytest.mark.parametrize(
    ("words", "volts"),
    [
        ("", 0.0),
        ("smua.source.offmode=smua.OUTPUT_ZERO", 0.0),
        ("smua.source.offmode=smua.OUTPUT_HIGH_Z", None),
        ("smua.source.offfunc=smua.OUTPUT_DCAMPS", None),
        ("smua.source.output=smua.OUTPUT_HIGH_Z", None),
    ],
)
def test_off_states(on, words, volts):
    on.send(f"smua.source.output=0 {words}")
    assert on.world.volts["smu.a"] == volts
    assert on.ask("smua.measure.iv()") == [0, 0]
    assert on.ask("smua.source.output") == [2 if "output=smua" in words else 0]
    on.send("smua.source.output=1")
    assert on.world.volts["smu.a"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("range_v", "level", "got"),
    [
        (0.1, 0.0123456, 0.012345),
        (1, 0.123456, 0.12345),
        (6, 1.23456, 1.23455),
        (40, 7.1236, 7.1235),
    ],
)
def test_the_source_has_steps(bench, range_v, level, got):
    bench.send(f"smua.source.rangev={range_v} smua.source.levelv={level} smua.source.output=1")
    assert bench.world.volts["smu.a"] == pytest.approx(got, abs=1e-9)
    assert bench.ask("smua.source.levelv") == pytest.approx([level])


def test_readings_have_steps_noise_and_a_range():
    bench = Bench(Resistor(noise=True), noise=1e-4)
    bench.send("smua.source.levelv=0.1 smua.source.limiti=1e-3 smua.measure.rangei=1e-4")
    bench.send("smua.measure.nplc=0.25 smua.measure.count=400 smua.source.output=1")
    bench.send("smua.measure.i(smua.nvbuffer1)")
    read = np.array([float(v) for v in bench.send("printbuffer(1,400,smua.nvbuffer1)").split(",")])
    assert read.mean() == pytest.approx(1e-5, abs=5 * 2e-8 / 20)
    # The standard deviation of 400 normal readings is known to 3.5 %; five sigma.
    assert read.std() == pytest.approx(2e-8, rel=0.18)
    assert np.abs(read / 1e-10 - np.round(read / 1e-10)).max() < 1e-3
    bench.send("smua.measure.count=1 smua.measure.rangei=1e-6")
    assert bench.ask("smua.measure.i()")[0] == pytest.approx(1.01e-6, rel=1e-2), "it limits"


def test_time_passes_as_it_would(on):
    """Messages both ways, settling on 1 V, one or two power-line cycles."""
    clock = on.world.clock
    on.send("smua.source.levelv=0.1")
    began_s = clock.now_s()
    on.send("print(smua.measure.i())")
    assert clock.now_s() - began_s == pytest.approx(20e-3 + 2 * 3e-4)
    on.send("smua.measure.nplc=2 smua.source.delay=0.5 smua.measure.filter.count=3")
    on.send("smua.measure.filter.enable=1 smua.source.levelv=0.2")
    began_s = clock.now_s()
    on.send("smua.measure.iv()")
    assert clock.now_s() - began_s == pytest.approx(0.5 + 50e-6 + 6 * 20e-3)
    began_s = clock.now_s()
    on.send("smua.measure.count=4 smua.measure.interval=0.3 smua.measure.filter.enable=0")
    on.send("smua.measure.i() delay(0.7)")
    assert clock.now_s() - began_s == pytest.approx(0.7 + 3 * 0.3 + 0.04 + 2 * 3e-4)
    on.send("timer.reset() delay(2)")
    assert on.ask("timer.measure.t()") == pytest.approx([2], abs=1e-3)


def test_buffers(on):
    on.send("smua.measure.iv(smua.nvbuffer1,smua.nvbuffer2)")
    on.send("smua.measure.iv(smua.nvbuffer1,smua.nvbuffer2)")
    assert on.ask("smua.nvbuffer1.n") == [1], "appendmode is 0"
    on.send("smua.nvbuffer1.appendmode=1 smua.source.levelv=0.1 smua.measure.i(smua.nvbuffer1)")
    names = ",".join(
        f"smua.nvbuffer1.{name}" for name in ("readings", "sourcevalues", "timestamps", "statuses")
    )
    rows = np.array([float(v) for v in on.send(f"printbuffer(1,2,{names})").split(",")])
    times_s = on.ask("smua.nvbuffer1.timestamps[2]")[0]
    assert rows == pytest.approx([20e-6, 0.2, 0, 0, 10e-6, 0.1, times_s, 0])
    assert on.ask("smua.nvbuffer2[1]") == pytest.approx([0.2])
    on.send("format.data=format.REAL32")
    reply = on.send("printbuffer(1,2,smua.nvbuffer1.readings)").encode("latin-1")
    assert struct.unpack("<2f", reply[2:]) == pytest.approx([20e-6, 10e-6])
    on.send("smua.nvbuffer1.clear()")
    assert on.ask("smua.nvbuffer1.n") == [0]
    assert on.errors() == []


def test_a_buffer_becomes_full(on):
    on.send("smua.measure.nplc=0.001 smua.measure.count=60000 smua.nvbuffer1.appendmode=1")
    on.send("smua.measure.v(smua.nvbuffer1)")
    assert on.errors() == []
    on.send("smua.measure.count=1 smua.measure.v(smua.nvbuffer1)")
    assert on.errors() == [-225]
    assert on.ask("smua.nvbuffer1.n,smua.nvbuffer1.capacity") == [60000, 60000]


@pytest.mark.parametrize(
    ("load", "levels"),
    [
        ("listv({0,0.1,-0.3})", [0, 0.1, -0.3]),
        ("linearv(-0.2,0.2,5)", [-0.2, -0.1, 0, 0.1, 0.2]),
    ],
)
@pytest.mark.parametrize("holds", [0, 1])
def test_sweeps_of_the_trigger_model(on, load, levels, holds):
    on.send(f"smua.trigger.source.{load} smua.trigger.source.action=smua.ENABLE")
    on.send("smua.trigger.measure.iv(smua.nvbuffer1,smua.nvbuffer2)")
    on.send(f"smua.trigger.measure.action=1 smua.trigger.count={len(levels)}")
    on.send(f"smua.trigger.endsweep.action={holds} smua.trigger.initiate() waitcomplete()")
    points = f"printbuffer(1,{len(levels)},smua.nvbuffer2.readings,smua.nvbuffer1.readings)"
    rows = np.array([float(v) for v in on.send(points).split(",")]).reshape(-1, 2)
    assert rows[:, 0] == pytest.approx(levels, abs=1e-6)
    assert rows[:, 1] == pytest.approx(np.array(levels) / LOAD_OHM, abs=1e-9)
    assert on.ask("smua.source.levelv") == pytest.approx([levels[-1] if holds else 0.2])
    assert on.errors() == []


def test_sweeps_that_cannot_be_carried_out(on):
    for words, code in (
        ("smua.trigger.source.action=1 smua.trigger.initiate()", 5001),
        ("smua.trigger.source.listi({0}) smua.trigger.initiate()", 5028),
        ("smua.trigger.source.listv({})", 1110),
        ("smua.trigger.source.listv(1)", -286),
        ("smua.trigger.source.linearv(1,2)", -286),
        ("smua.trigger.source.listv({0.1,9}) smua.trigger.count=2 smua.trigger.initiate()", 1101),
    ):
        on.send(words)
        assert on.errors() == [code], words
    assert on.ask("smua.source.levelv") == [0.2]


# What PyMeasure 0.16 sends for apply_voltage(20, 1e-3), measure_current(1, 1e-3, False), a level,
# four readings, a ramp and shutdown.
PYMEASURE = """
smua.source.func=1
smua.source.rangev=20.000000
smua.source.limiti=0.001000
print(errorqueue.next())
smua.measure.i()
smua.measure.nplc=1.000000
smua.measure.rangei=0.001000
print(errorqueue.next())
smua.source.levelv=0.200000
smua.source.output=1
print(smua.measure.i())
print(smua.measure.v())
print(smua.measure.r())
print(smua.source.levelv)
smua.source.levelv=0.100000
smua.source.levelv=0.000000
print(smua.source.func)
smua.source.output=0
"""


def test_recorded_traffic_of_pymeasure(bench):
    replies = [reply for line in PYMEASURE.split("\n") if (reply := bench.send(line))]
    assert replies[:2] == [EMPTY, EMPTY]
    assert [float(r) for r in replies[2:]] == pytest.approx([20e-6, 0.2, LOAD_OHM, 0.2, 1])
    assert bench.errors() == []


def test_pymeasure_unmodified(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    bench = Bench(junction_world())
    library = visa.make(bench.world.clock)
    library.attach(RESOURCE, bench.twin)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        smu = Keithley2600(RESOURCE, visa_library=library)
    for channel in (smu.ChA, smu.ChB):
        channel.apply_voltage(20, 1e-3)
        channel.measure_current(1, 1e-3, False)
        channel.source_voltage = 0.2
        channel.source_output = "ON"
        assert 5e3 < channel.voltage / channel.current - 10e3 < 10e3
        assert channel.resistance == pytest.approx(0.2 / channel.current, rel=0.2)
        channel.shutdown()
        assert channel.source_output == "OFF"
        assert channel.source_voltage == 0
    assert smu.next_error == (0, "Queue Is Empty")
    smu.adapter.close()


# What QCoDeS sends: connection, settings, a reading with its status, a sweep.
QCODES = [
    "print(localnode.model)",
    "smua.source.autorangev=0",
    "smua.source.rangev=1",
    "smua.source.limiti=0.0001",
    "smua.measure.autorangei=0",
    "smua.measure.rangei=0.0001",
    "smua.measure.nplc=0.1",
    "smua.sense=0",
    "smua.source.levelv=0.200000000000",
    "smua.source.output=1",
    "print(smua.measure.i(), status.measurement.instrument.smua.condition)",
    'display.settext("hello")',
    "display.screen = display.SMUA_SMUB",
    "display.sendkey(75)",
]
FASTSWEEP = """loadandrunscript
smua.measure.nplc = 0.100000000000
smua.sense = 0
smua.measure.count = 1
smua.source.func = 1
smua.source.output = 1
startX = 0.000000000000
dX = 0.010000000000
smua.nvbuffer1.clear()
smua.nvbuffer1.appendmode = 1
for index = 1, 31 do
  target = startX + (index-1)*dX
  smua.source.levelv = target
  delay(0.001)
  smua.measure.i(smua.nvbuffer1)
end
format.data = format.REAL32
format.byteorder = format.LITTLEENDIAN
printbuffer(1, 31, smua.nvbuffer1.readings)
endscript"""


def test_recorded_traffic_of_qcodes(bench):
    replies = [reply for line in QCODES if (reply := bench.send(line))]
    assert replies[0] == "2602B"
    assert [float(v) for v in replies[1].split("\t")] == pytest.approx([20e-6, 0])
    sweep = bench.send(FASTSWEEP.replace("\n", "\r\n")).encode("latin-1")
    assert sweep[:2] == b"#0"
    currents = np.frombuffer(sweep[2:], "<f4")
    assert currents == pytest.approx(np.arange(31) * 0.01 / LOAD_OHM, abs=2e-10)
    assert bench.errors() == []


def test_hooks_for_faults(on):
    on.twin.report(802, "OUTPUT blocked by interlock")
    assert on.errors() == [802]
    on.twin.trip(True)
    assert on.send("print(smua.measure.v(),smua.source.compliance)") == "0.00000e+00\ttrue"
    on.twin.trip(False)
    assert on.ask("smua.measure.v()") == pytest.approx([0.2])
    on.send("x=1 smua.measure.i(smua.nvbuffer1)")
    on.twin.power_cycle()
    assert on.world.volts["smu.a"] == 0
    assert on.send("print(x,smua.source.output,smua.source.levelv,smua.nvbuffer1.n)") == (
        "nil\t0.00000e+00\t0.00000e+00\t0.00000e+00"
    )
    assert on.send("*ESR?") == "128"


def test_a_run_continued_is_the_run_not_interrupted():
    """State of twin and world, restored into new ones, goes on with the same bytes."""

    def begin():
        return Bench(junction_world(noise=True))

    first = begin()
    for words in ("a", "b"):
        first.send(f"smu{words}.source.rangev=1 smu{words}.source.levelv=0.2")
        first.send(f"smu{words}.source.output=1 smu{words}.measure.nplc=0.01")
    first.send("y=3 smua.measure.iv(smua.nvbuffer1,smua.nvbuffer2) nonsense")
    first.send("smub.trigger.source.listv({0,0.1}) smub.source.offmode=2")
    first.twin.feed(b"print(y)\nprint(")
    saved, world = first.twin.state(), first.world.state()
    copy = begin()
    copy.world.restore(world)
    copy.twin.restore(saved)
    for bench in (first, copy):
        bench.twin.feed(b"4)\n")
    assert bytes(first.twin.out) == bytes(copy.twin.out)
    for question in (
        "print(smua.measure.iv())",
        "print(smub.measure.iv())",
        "printbuffer(1,1,smua.nvbuffer1,smua.nvbuffer2)",
        "print(errorqueue.next())",
        "smub.trigger.source.action=1 smub.trigger.count=2 smub.trigger.initiate()",
        "print(smub.source.levelv,smub.source.offmode,y,timer.measure.t())",
    ):
        assert first.send(question) == copy.send(question)
    assert first.settings() == copy.settings()


COMMANDS = [line for line in (*PYMEASURE.split("\n"), *QCODES) if line]


@given(
    st.sampled_from(COMMANDS),
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from("=.()#1e-9 xsmu\x00\xff;'\"*?")), max_size=4
    ),
)
@settings(deadline=None, max_examples=200)
def test_mutated_commands_never_break_it(command, changes):
    bench = Bench()
    for place, letter in changes:
        place = min(place, len(command))
        command = command[:place] + letter + command[place + 1 :]
    bench.twin.feed(command.encode("latin-1") + b"\n")
    bench.twin.clear()
    assert bench.send("*IDN?").startswith("Keithley")
    level, limit = bench.ask("smua.source.levelv,smua.source.limiti")
    assert abs(level) <= 40.4
    assert 10e-9 <= limit <= 3.03
    assert all(v is None or math.isfinite(v) for v in bench.world.volts.values())
