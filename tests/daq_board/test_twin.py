"""The simulated board by its words: runs against closed forms, dead-man timer, selector, saving."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.board_blocks import list_block, read_block
from mtjlab.bench.file import parse
from mtjlab.bench.simulate import simulate
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators

QUIET = "instrument_noise = false\n"


class Bench:
    """A world with the board, and somebody who types."""

    def __init__(self, text, *, seed=1):
        self.simulated = simulate(parse(text, source="t"), generators=Generators(seed))
        self.world = self.simulated.world
        self.board = self.simulated.twins["daq"]

    def say(self, line):
        self.board.feed(line.encode() + b"\n")
        reply = bytes(self.board.out).decode().rstrip("\n")
        self.board.out.clear()
        return reply

    def errors(self):
        found = []
        while (entry := self.say("SYST:ERR?")) != '0,"No error"':
            found.append(int(entry.split(",")[0]))
        return found

    def fetch(self, run, sequence, width):
        text = self.say(f"FETC:DATA? {run},{sequence}")
        return read_block(text, run=run, sequence=sequence, width=width, where="t")


@pytest.fixture
def make(bench_text):
    def one(twin="", options="", **how):
        stuck = '[[twin.faults]]\ncell = [0, 0]\nkind = "stuck_p"\n'
        return Bench(
            bench_text(twin=f"{QUIET}{stuck}[twin.instruments.daq]\n{twin}", options=options), **how
        )

    return one


@pytest.fixture
def typed(make):
    return make()


def codes(*volts):
    return np.rint(np.array(volts) / 2.5 * 32768).astype(np.int16)


def play(bench, *, settle=1, keep=2, volts=(0.1, -0.2, 0.3, 0.05), run=9):
    """A list on output 0, input 0 scanned; junction 0 is at divider x level x R/(R + R_s)."""
    bench.say("CONF:AI:RANG 0.25,(@0);SCAN (@0);:CLOC:RATE 10000")
    bench.say(f"TRIG:STEP {settle},{keep};COUN {len(volts) - 1};:SOUR:LIST:CHAN (@0)")
    bench.say(f"SOUR:LIST:DATA {list_block(1, 0, codes(*volts))}")
    bench.say(f"TRIG {run}")


def test_a_run_gives_what_the_circuit_says(typed):
    play(typed)
    typed.world.clock.sleep(1.0)
    got = typed.fetch(9, 0, 1)
    assert (got.flags, got.lost, len(got.codes)) == (1, 0, 6)
    volts = got.codes[:, 0] * 0.25 / 32768
    levels = np.repeat(codes(0.1, -0.2, 0.3) * 2.5 / 32768, 2)
    # A junction in P of 50 kohm or so behind 10 kohm: the same share of every level.
    share = volts / (0.04 * levels)
    assert np.ptp(share) < 2e-3
    assert 0 < share[0] < 1
    assert typed.say("SOUR:VOLT? (@0)") == f"{codes(0.05)[0] * 2.5 / 32768:.6E}"
    assert typed.errors() == []


def test_the_outputs_step_with_the_clock(typed):
    play(typed, volts=(0.1, 0.2, 0.3, 0.0))
    # Steps last 3 periods of 0.1 ms; a question takes 0.25 ms and is asked in the middle of one.
    start_s = typed.board.run.plan.t0_s
    for at_s, volts in ((0.15e-3, 0.1), (0.45e-3, 0.2), (0.75e-3, 0.3), (0.95e-3, 0.0)):
        typed.world.clock.sleep(start_s + at_s - typed.world.clock.now_s())
        typed.world.catch_up()
        assert typed.board.held_v[0] == pytest.approx(volts, abs=1e-4)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    settle=st.integers(0, 3),
    keep=st.integers(1, 3),
    looks=st.lists(st.floats(1e-5, 5e-3), min_size=1, max_size=8),
)
def test_looking_now_and_then_changes_nothing(make, settle, keep, looks):
    whole, pieces = make(), make()
    for bench in (whole, pieces):
        play(bench, settle=settle, keep=keep)
    whole.world.clock.sleep(1.0)
    for look_s in looks:
        pieces.world.clock.sleep(look_s)
        pieces.world.catch_up()
    pieces.world.clock.sleep(1.0)
    first, second = (bench.fetch(9, 0, 1).codes for bench in (whole, pieces))
    assert len(first) == 3 * keep
    assert (first == second).all()


def test_samples_come_in_blocks_with_numbers(make):
    bench = make("fetch_values = 100")
    bench.say("CONF:AI:SCAN (@0,1);:CLOC:RATE 1000;:TRIG:STEP 0,1;COUN 120;:TRIG 3")
    bench.world.clock.sleep(1.0)
    got = [bench.fetch(3, k, 2) for k in range(3)]
    assert [(b.first, len(b.codes), b.flags) for b in got] == [
        (0, 50, 0),
        (50, 50, 0),
        (100, 20, 1),
    ]
    assert bench.say("FETC:DATA? 3,2;:SYST:ERR?").startswith("-230")


def test_a_scan_can_be_fetched_when_its_period_is_over(make):
    bench = make("latency_s = 0.0\nbyte_s = 0.0")
    bench.say("CONF:AI:SCAN (@0);:CLOC:RATE 1000;:TRIG:STEP 0,1;COUN 3;:TRIG 3")
    counts = []
    for _ in range(4):
        counts.append(len(bench.fetch(3, len(counts), 1).codes))
        bench.world.clock.sleep(1e-3)
    assert counts == [0, 1, 1, 1]


def test_a_full_memory_names_what_was_lost(make):
    bench = make("data_values = 100")
    bench.say("CONF:AI:SCAN (@0,1);:CLOC:RATE 1000;:TRIG:STEP 0,1;COUN 0;:TRIG 3")
    bench.world.clock.sleep(0.0805)
    kept = bench.fetch(3, 0, 2)
    assert len(kept.codes) == 50
    assert kept.flags == 2
    after = bench.fetch(3, 1, 2)
    assert (after.first, len(after.codes), after.flags & 2) == (50, 0, 2)
    assert 30 <= after.lost <= 32
    assert bench.say("TRIG:STAT?") == "3,OVER,50"


@pytest.mark.parametrize("stage", range(4))
def test_going_on_from_a_saved_state_is_bit_identical(bench_text, stage):
    text = bench_text(twin="[twin.instruments.daq]\n")

    def until(bench, done):
        actions = [
            lambda: play(bench),
            lambda: bench.world.clock.sleep(0.35e-3),
            lambda: bench.fetch(9, 0, 1),
            lambda: bench.say("SYST:DEAD:KICK 20;:SOUR:VOL"),
        ]
        for action in actions[: done + 1]:
            action()

    first, second = Bench(text, seed=4), Bench(text, seed=5)
    until(first, stage)
    saved = first.simulated.state()
    second.simulated.restore(saved)
    for bench in (first, second):
        bench.world.clock.sleep(0.5)
        bench.board.feed(b"\n")
    sequence = first.board.run.sequence
    blocks = [bench.fetch(9, sequence, 1) for bench in (first, second)]
    assert (blocks[0].codes == blocks[1].codes).all()
    assert first.say("READ? 1,(@0:3)") == second.say("READ? 1,(@0:3)")
    for key, value in first.simulated.state().items():
        assert np.array_equal(value, second.simulated.state()[key]), key


# The dead-man timer ------------------------------------------------------------------------------


def test_silence_puts_the_outputs_to_0_v_at_that_time(typed):
    typed.say("SYST:DEAD:TIME 2;:SOUR:VOLT (@0:1),0.1,-0.1")
    typed.world.clock.sleep(1.9)
    assert typed.say("SOUR:VOLT? (@0)") == "1.000214E-01"
    spoken_s = typed.world.clock.now_s()
    typed.world.clock.sleep(10.0)
    # Nobody has said anything since; whoever looks at the world finds it done.
    typed.world.catch_up()
    assert typed.world.state()["drive/daq/ao0"] == 0.0
    assert typed.board.dead_man.due_s == pytest.approx(spoken_s + 2.0)
    assert typed.say("SOUR:VOLT? (@0:1);:SYST:DEAD:COUN?") == "0.000000E+00,0.000000E+00;1"
    assert typed.errors() == [210]


def test_nothing_strikes_where_there_is_nothing_to_do(typed):
    typed.world.clock.sleep(100.0)
    assert typed.say("SYST:DEAD:COUN?") == "0"
    assert typed.errors() == []


@pytest.mark.parametrize("word", ["", "*IDN?", "SOUR:NONSENSE", "SYST:DEAD:KICK"])
def test_any_line_keeps_it_off(typed, word):
    typed.say("SYST:DEAD:TIME 1;:SOUR:VOLT (@0),0.1")
    for _ in range(5):
        typed.world.clock.sleep(0.9)
        typed.say(word)
    assert typed.board.held_v[0] > 0.09


def test_a_half_line_does_not_keep_it_off(typed):
    typed.say("SYST:DEAD:TIME 1;:SOUR:VOLT (@0),0.1")
    for _ in range(5):
        typed.world.clock.sleep(0.3)
        typed.board.feed(b"SYST:")
    typed.world.catch_up()
    assert typed.board.held_v[0] == 0.0


def test_a_declared_silence(typed):
    typed.say("SYST:DEAD:TIME 1;:SOUR:VOLT (@0),0.1;:SYST:DEAD:KICK 30")
    typed.world.clock.sleep(29.0)
    typed.world.catch_up()
    assert typed.board.held_v[0] > 0.09
    typed.world.clock.sleep(1.1)
    typed.world.catch_up()
    assert typed.board.held_v[0] == 0.0


def test_it_ends_a_run(typed):
    typed.say("SYST:DEAD:TIME 0.5")
    bench = typed
    bench.say("CONF:AI:SCAN (@0);:CLOC:RATE 100;:TRIG:STEP 0,1;COUN 0;:TRIG 3")
    bench.world.clock.sleep(5.0)
    got = bench.fetch(3, 0, 1)
    assert got.flags == 5
    assert 49 <= len(got.codes) <= 51
    assert bench.say("TRIG:STAT?").split(",")[1] == "DEAD"


# The selector, and power -------------------------------------------------------------------------


def test_the_selector_moves_the_array(typed):
    def lines():
        return typed.world._arrays[0].lines

    typed.say("ROUT:CLOS (@101,200,303,104)")
    assert lines().rows == ("ground", "on", "float")
    assert lines().columns == ("half", "on")
    typed.say("ROUT:OPEN (@303)")
    assert lines().columns == ("float", "on")
    typed.say("ROUT:OPEN:ALL")
    assert set(lines().rows + lines().columns) == {"float"}
    assert typed.errors() == []


def test_a_selected_junction_carries_current_and_the_others_do_not(typed):
    typed.say("ROUT:CLOS (@100,103,201,202,204);:CONF:AI:RANG 1,(@8:9)")
    typed.say("SOUR:VOLT (@0),0.5")
    first, second = map(float, typed.say("MEAS? (@8,9)").split(","))
    assert first < -5e-4
    assert abs(second) < 5e-5


def test_too_many_lines_are_refused_with_the_remedy(make):
    with pytest.raises(BenchError, match=r"set lines = 5"):
        make("lines = 4")


def test_power_cycle_and_reset(typed):
    typed.say("SOUR:VOLT (@0),0.1;:ROUT:CLOS (@100)")
    assert typed.errors() == [203]
    typed.say("SOUR:VOLT (@0),0;:ROUT:CLOS (@100);:SOUR:VOLT (@1),0.2;:SYST:DEAD:TIME 3")
    typed.board.power_cycle()
    asked = "SOUR:VOLT? (@0:1);:ROUT:CLOS?;:SYST:DEAD:TIME?;:TRIG:STAT?"
    assert typed.say(asked) == "0.000000E+00,0.000000E+00;(@);1.000000E+01;0,IDLE,0"
    assert json.loads(typed.board.state()["settings"])["held_v"] == [0.0] * 4


@given(st.binary(max_size=60))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_rubbish_moves_an_output(bench_text, rubbish):
    bench = Bench(bench_text(more=""))
    bench.board.feed(rubbish + b"\xff\n")
    bench.board.out.clear()
    assert bench.say("SYST:SYNC? 12").split(";")[-1] == "12"
    assert not any(bench.board.held_v)


@pytest.mark.parametrize("twin", ["inputs = 2", "outputs = 1"])
def test_a_wiring_that_the_board_has_not_is_refused(make, twin):
    with pytest.raises(BenchError):
        make(twin)
