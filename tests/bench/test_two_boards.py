"""Outputs of one board and inputs of another in one block, through the opened bench."""

import threading

import numpy as np
import pytest

from mtjlab.bench.check import report
from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import Aborted, BenchError, LimitError, Reported
from mtjlab.core.generators import Generators

BENCH = """
[bench]
name = "two boards"

[chip]
id = "two"

[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"

[instruments.out]
driver = "nidaqmx"
resource = "Dev2"
options = { block_samples = 101, read_back = { ao0 = "Dev1/ai30", ao1 = "Dev1/ai31" } }

[[wiring.singles]]
row = 0
columns = "0:1"
source = "out/ao0:1"
series = "10 kohm"
divider = 0.04
read = "daq/ai0:1"
range = "1 V"

[[wiring.singles]]
row = 1
columns = 0
source = "daq/ao0"
series = "10 kohm"
divider = 0.04
read = "daq/ai2"
range = "1 V"

[[wiring.clocks]]
outputs = "out"
inputs = "daq"

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"

[twin]
instrument_noise = false

[twin.instruments.daq]
loopback = { ai30 = "out/ao0", ai31 = "out/ao1" }

[twin.instruments.out]
product = "PXIe-6738"
output_noise_v = 0
output_gain_error = 0
output_offset_v = 0
"""
CLOCKS = '[[wiring.clocks]]\noutputs = "out"\ninputs = "daq"\n'
STUCK = "".join(
    f'\n[[twin.faults]]\ncell = {cell}\nkind = "stuck_p"\n' for cell in ("[0, 0]", "[0, 1]")
)
V_P = 0.04 * 5664.3 / 15664.3
LSB = 2.0 / 65536 + V_P * 20.0 / 65536


def opened(text=BENCH + STUCK):
    loaded = parse(text, source="two.toml")
    return OpenBench(loaded, generators=Generators(1), notice=lambda *_: None)


@pytest.fixture
def bench():
    with opened() as made:
        yield made


@pytest.fixture
def daq(bench):
    return bench.rig(lambda *_: None).daqs["daq"]


def play(daq, outputs_v, ao=("out/ao0", "out/ao1"), **how):
    timing = {"ai": ("ai0", "ai1"), "step_rate_hz": 10e3, "settle": 1, "keep": 2}
    rest_v = how.pop("rest_v", (0.0,) * len(ao))
    return daq.play_and_record(outputs_v, ao=ao, rest_v=rest_v, **(timing | how))


def test_every_step_of_the_one_is_sampled_by_the_other(bench, daq):
    outputs_v = np.random.default_rng(3).uniform(-7, 7, (30, 2))
    block = play(daq, outputs_v)
    assert block.parts == 1
    assert block.step_rate_hz == pytest.approx(10e3, rel=1e-3)
    for sample in range(2):
        assert np.allclose(block.samples_v[:, sample], V_P * outputs_v, atol=LSB)
    assert bench.instruments["out"].read(("ao0", "ao1")) == pytest.approx([0, 0], abs=1e-3)


def test_long_blocks_are_split_by_the_memory_of_the_board_that_plays(bench, daq):
    outputs_v = np.random.default_rng(4).uniform(-7, 7, (100, 2))
    block = play(daq, outputs_v, rest_v=(1.0, -2.0))
    assert block.parts == 4  # 33 steps of 3 samples and the rest fit 101
    assert np.allclose(block.samples_v[:, 1], V_P * outputs_v, atol=LSB)
    assert bench.instruments["out"].read(("ao0", "ao1")) == pytest.approx([1, -2], abs=1e-3)
    bench.make_safe()
    assert bench.instruments["out"].read(("ao0", "ao1")) == pytest.approx([0, 0], abs=1e-3)


def test_its_own_outputs_still_have_its_own_clock(daq):
    block = play(daq, np.full((200, 1), 5.0), ao=("ao0",), ai=("ai2",))
    assert block.parts == 1
    assert (block.samples_v > 0.06).all()


def test_the_guard_knows_the_terminals_of_both(bench, daq):
    with pytest.raises(LimitError, match=r"out/ao1.*nothing was sent"):
        play(daq, np.array([[1.0, 13.0]]))
    play(daq, np.ones((3, 2)), rest_v=(0.5, 1.5))
    assert bench.guard.setpoints["out/ao1"] == 1.5
    bench.make_safe()


def test_what_the_board_itself_refuses(daq, bench):
    for ao, reason in (
        (("out/ao0", "ao0"), "outputs of out and daq; expected those of one"),
        (("out/ao40",), "'ao40'"),
        (("third/ao0",), "shares no clock with 'third'"),
    ):
        with pytest.raises(LimitError, match=reason), bench.guard.permitted():
            play(bench.drivers["daq"], np.zeros((3, len(ao))), ao=ao)


@pytest.mark.parametrize("name", ["daq", "out"])
def test_an_abort_of_either_board_ends_the_block_of_both(bench, daq, name):
    """Set in the middle of the block, from the clock that it waits by."""
    clock, sleep = bench.clock, bench.clock.sleep

    def aborting(seconds, abort=None):
        if bench.drivers["daq"].board.partner is not None:
            thread = threading.Thread(target=bench.instruments[name].abort)
            thread.start()
            thread.join()
        return sleep(seconds, abort)

    clock.sleep = aborting
    with pytest.raises(Aborted):
        play(daq, np.ones((30, 2)))
    clock.sleep = sleep
    for board in ("daq", "out"):
        assert bench.drivers[board].board.partner is None
    with pytest.raises(Aborted, match="shut it down to go on"):
        play(daq, np.ones((30, 2)))
    bench.make_safe()
    assert bench.instruments["out"].read(("ao0", "ao1")) == pytest.approx([0, 0], abs=1e-3)
    assert play(daq, np.ones((30, 2))).parts == 1
    bench.make_safe()


@pytest.mark.parametrize("name", ["daq", "out"])
def test_an_error_of_either_board_closes_the_tasks_of_both(name):
    incident = (
        f'\n[[twin.scenario]]\ninstrument = "{name}"\nkind = "error_entry"\ncommand = "start"\n'
        'code = -200077\ntext = "refused"\n'
    )
    with opened(BENCH + STUCK + incident) as bench:
        daq = bench.rig(lambda *_: None).daqs["daq"]
        with pytest.raises(Reported, match=r"daq \(Dev1\) on the clock of out \(Dev2\).*-200077"):
            play(daq, np.ones((30, 2)))
        bench.make_safe()
        assert play(daq, np.ones((30, 2))).parts == 1
        bench.make_safe()


def test_without_a_declared_clock_the_reason_is_said_by_check_and_by_the_driver():
    with opened(BENCH.replace(CLOCKS, "")) as bench:
        rows = report(bench.loaded, bench.instruments, bench.drivers)
        (row,) = [row for row in rows if "read by" in row.item]
        assert (row.value, row.verdict) == ("no shared clock", "warn")
        assert 'outputs = "out", inputs = "daq"' in row.note
        with pytest.raises(LimitError, match=r"no clock with 'out'.*nothing was sent.*\[\[wiring"):
            play(bench.rig(lambda *_: None).daqs["daq"], np.ones((3, 2)))
        bench.make_safe()


def test_with_one_check_says_so_and_the_face_has_the_outputs_of_both(bench, daq):
    (row,) = [
        row
        for row in report(bench.loaded, bench.instruments, bench.drivers)
        if "read by" in row.item
    ]
    assert (row.item, row.value, row.verdict) == ("out/ao0:1 read by daq", "on one clock", "ok")
    assert {"ao0", "out/ao0", "out/ao31"} <= set(daq.abilities.outputs)
    bench.reconnect()
    assert play(bench.rig(lambda *_: None).daqs["daq"], np.ones((3, 2))).parts == 1
    bench.make_safe()


@pytest.mark.parametrize(
    ("outputs", "inputs", "reason"),
    [
        ("uot", "daq", r"wiring.clocks\[0\].outputs = \"uot\": no instrument 'uot'.*'out'"),
        ("out", "out", r"inputs = \"out\": is the same board"),
        ("smu", "daq", r"outputs = \"smu\": 'smu' is no board"),
    ],
)
def test_mistakes_in_the_file(outputs, inputs, reason):
    smu = '[instruments.smu]\ndriver = "keithley2400"\nresource = "GPIB0::24::INSTR"\n'
    clocks = f'[[wiring.clocks]]\noutputs = "{outputs}"\ninputs = "{inputs}"\n'
    with pytest.raises(BenchError, match=reason):
        parse(BENCH.replace(CLOCKS, clocks) + smu, source="two.toml")


def test_a_twin_with_two_cables_is_a_mistake():
    text = BENCH.replace("[twin.instruments.daq]", '[twin.instruments.daq]\nrtsi = "other"')
    with pytest.raises(BenchError, match="on different cables"):
        parse(text, source="two.toml")


def test_a_real_bench_may_share_a_clock():
    real = BENCH[: BENCH.index("[twin]")]
    assert parse(real, source="two.toml").file.wiring.resolve().clocked_together("out", "daq")
    with OpenBench(
        parse(real, source="two.toml"), generators=Generators(1), notice=print, pretend=True
    ) as bench:
        daq = bench.rig(lambda *_: None).daqs["daq"]
        assert play(daq, np.ones((3, 2))).parts == 1
