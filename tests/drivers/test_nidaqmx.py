"""The NI driver on a simulated board, through the unmodified nidaqmx package."""

from contextlib import closing
from itertools import islice

import numpy as np
import pytest
from nidaqmx import errors

from drivers.ni_errors import translated
from drivers.nidaqmx import NiDaq
from mtjlab.core.clock import VirtualClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import (
    Aborted,
    BenchError,
    InstrumentError,
    LimitError,
    NotFound,
    NotSafeError,
    Overrun,
    Reported,
    Timeout,
    WrongIdentity,
)
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import (
    Daq,
)
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.ni_errors import NiCode, NiError
from sim_backend.twins.ni_task import NiTask
from sim_backend.twins.nidaqmx import NiBoardTwin
from sim_backend.world.world import World

INPUTS = ("ai0", "ai1")


class InterruptedClock(VirtualClock):
    """Virtual time in which somebody presses STOP during a wait."""

    stop = None

    def sleep(self, seconds, abort=None):
        if abort is not None and self.stop is not None:
            self.stop()
        return super().sleep(seconds, abort)


class CountingPort(NiPort):
    """Also counts the tasks made."""

    made = 0

    def task(self, name=""):
        self.made += 1
        return super().task(name)


class Bench:
    """One board whose `ao0` drives two junctions; `ao1` drives one; `ao2` and `ao3` are free."""

    def __init__(self, range_v=1.0, sources=("ao0", "ao0", "ao1"), **options):
        self.wiring = Wiring(
            tuple(
                SingleJunction(
                    Cell(0, i),
                    f"daq/{output}",
                    10e3,
                    1.0,
                    InputWire("daq", f"ai{i}", range_v, "differential"),
                )
                for i, output in enumerate(sources)
            )
        )
        self.clock = InterruptedClock()
        self.world = World(
            self.wiring,
            junction=JunctionParameters(),
            spread=Spread(),
            faults=(),
            chip_seed=1,
            generators=Generators(1),
            clock=self.clock,
        )
        self.twin = NiBoardTwin(
            name="daq",
            resource="Dev1",
            options=NiBoardTwin.options_model(**options),
            world=self.world,
            inputs=self.wiring.inputs("daq"),
            outputs=self.wiring.outputs("daq"),
        )
        self.port = CountingPort()
        self.port.attach("Dev1", self.twin)
        self.permit = WritePermit()

    def open(self, resource="Dev1", **options):
        return NiDaq.open(
            Opening(
                name="daq",
                resource=resource,
                options=options,
                ports=Ports(ni=self.port, virtual=True),
                clock=self.clock,
                permit=self.permit,
                inputs=self.wiring.inputs("daq"),
                outputs=self.wiring.outputs("daq"),
            )
        )


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def daq(bench):
    with closing(bench.open()) as opened, bench.permit.opened():
        yield opened


def record(daq, *, steps=10, settle=1, keep=2, rate_hz=1e3, ai=INPUTS):
    return daq.play_and_record(
        None, ao=(), ai=ai, step_rate_hz=rate_hz, settle=settle, keep=keep, rest_v=(), steps=steps
    )


def play(daq, outputs_v, *, settle=1, keep=2, rate_hz=1e3, ao=("ao0",), rest_v=(0.0,)):
    return daq.play_and_record(
        outputs_v, ao=ao, ai=INPUTS, step_rate_hz=rate_hz, settle=settle, keep=keep, rest_v=rest_v
    )


def test_it_satisfies_its_interface(daq):
    assert isinstance(daq, Daq)
    assert daq.faces() == {"": daq}


def test_the_board_says_what_it_can(daq):
    abilities = daq.abilities
    assert abilities.inputs[:2] == ("ai0", "ai1")
    assert abilities.outputs == ("ao0", "ao1", "ao2", "ao3")
    assert abilities.input_ranges_v == (0.2, 1.0, 2.0, 5.0, 10.0)
    assert (abilities.input_bits, abilities.output_bits) == (16, 16)
    assert abilities.rate_limit_hz(32) == 500e3
    assert abilities.block_samples == 8191


def test_connecting_changes_no_output(bench):
    bench.twin.set_outputs({"ao0": 0.1, "ao3": 0.2})
    before = dict(bench.twin.held_v)
    bench.open().close()
    assert bench.twin.held_v == before


def test_shutdown_leaves_outputs_alone_that_the_bench_does_not_wire(bench, daq):
    bench.twin.set_outputs({"ao0": 0.1, "ao1": 0.1, "ao3": 0.2})
    daq.shutdown()
    assert bench.twin.held_v["ao0"] == bench.twin.held_v["ao1"] == 0
    assert bench.twin.held_v["ao3"] == pytest.approx(0.2, abs=1e-3)


def test_each_kept_sample_belongs_to_its_step(daq):
    """A junction's voltage has the sign of its source; one sample beside would show."""
    outputs_v = np.where(np.arange(200) % 3 == 0, 0.3, -0.3)[:, np.newaxis]
    block = play(daq, outputs_v, settle=1, keep=3)
    assert block.samples_v.shape == (200, 3, 2)
    assert (np.sign(block.samples_v) == np.sign(outputs_v)[:, :, np.newaxis]).all()


@pytest.mark.parametrize("steps", [1, 9, 10, 11, 35])
def test_a_block_too_long_for_the_board_is_split_and_nothing_shifts(steps):
    bench = Bench(block_samples=40)
    with closing(bench.open()) as daq, bench.permit.opened():
        outputs_v = np.where(np.arange(steps) % 3 == 0, 0.3, -0.3)[:, np.newaxis]
        block = play(daq, outputs_v, settle=1, keep=3, rest_v=(0.05,))
    per_part = (40 - 1) // 4
    assert block.parts == -(-steps // per_part)
    assert (np.sign(block.samples_v) == np.sign(outputs_v)[:, :, np.newaxis]).all()
    assert bench.twin.held_v["ao0"] == pytest.approx(0.05, abs=1e-3)
    assert not bench.twin.running


def test_a_step_larger_than_the_boards_memory_is_refused(daq):
    with pytest.raises(LimitError, match=r"does not fit the output memory of 8191"):
        play(daq, np.zeros((2, 1)), settle=8000, keep=200, rate_hz=1.0)


def test_time_and_rate_are_the_boards_own(bench, daq):
    block = record(daq, rate_hz=1e3 / 7, settle=0, keep=7, steps=20)
    ticks = round(100e6 / 1e3)
    assert block.step_rate_hz == pytest.approx(100e6 / ticks / 7)
    assert bench.clock.now_s() >= block.t0_s + 20 / block.step_rate_hz
    assert record(daq).t0_s >= block.t0_s + 20 / block.step_rate_hz


def test_equal_blocks_make_no_new_tasks(bench, daq):
    record(daq)
    play(daq, np.zeros((4, 1)))
    made = bench.port.made
    for _ in range(5):
        record(daq)
        play(daq, np.zeros((4, 1)))
        record(daq, steps=3)
    assert bench.port.made == made


def test_every_input_is_in_the_order_asked_for(daq):
    daq.write({"ao0": 0.3, "ao1": 0.0})
    block = record(daq, ai=("ai2", "ai0"))
    assert np.abs(block.samples_v[..., 0]).max() < 1e-3
    assert block.samples_v[..., 1].min() > 0.05
    there = daq.read(("ai2", "ao0", "ai0"))
    assert there[0] == pytest.approx(0, abs=1e-3)
    assert there[1] == pytest.approx(0.3, abs=2e-3)
    assert there[2] > 0.05


@pytest.mark.parametrize("rate_hz", [500e3 / 77, 500e3 / 3, 500e3])
def test_the_highest_rate_is_reached_whatever_it_is_divided_by(daq, rate_hz):
    per_step = round(500e3 / rate_hz)
    block = record(daq, rate_hz=500e3 / per_step, settle=per_step - 1, keep=1, steps=2)
    assert block.step_rate_hz == pytest.approx(500e3 / per_step)


def test_a_leaked_driver_can_be_read_but_not_set(bench, daq):
    bench.permit._local.granted = False
    try:
        for setting in (
            lambda: daq.write({"ao0": 0.0}),
            lambda: play(daq, np.zeros((2, 1))),
            daq.shutdown,
        ):
            with pytest.raises(LimitError, match="nothing was sent"):
                setting()
        record(daq)
        daq.read(("ai0", "ao0"))
    finally:
        bench.permit._local.granted = True


@pytest.mark.parametrize(
    "values_v", [{"ao0": 0.1, "ao1": 11.0}, {"ao0": 0.1, "ao9": 0.0}, {"ao0": float("nan")}]
)
def test_a_write_is_refused_as_a_whole(bench, daq, values_v):
    with pytest.raises(LimitError, match="nothing was sent"):
        daq.write(values_v)
    assert bench.twin.held_v["ao0"] == 0


def test_impossible_requests_say_what_is_possible(daq):
    with pytest.raises(LimitError, match=r"reaches 500 kS/s with 2 inputs"):
        record(daq, rate_hz=200e3)
    with pytest.raises(LimitError, match=r"wires nothing to input 'ai7'"):
        record(daq, ai=("ai7",))
    with pytest.raises(LimitError, match="each once"):
        record(daq, ai=("ai0", "ai0"))
    with pytest.raises(LimitError, match="steps >= 1"):
        record(daq, steps=0)
    with pytest.raises(LimitError, match="rest values"):
        play(daq, np.zeros((2, 1)), rest_v=())
    with pytest.raises(LimitError, match=r"\(steps, channels\)"):
        play(daq, np.zeros(2))
    with pytest.raises(LimitError, match="1 or more"):
        daq.stream(INPUTS, 1e3, 0)


def test_abort_in_a_block_releases_it_and_closes_its_tasks(bench, daq):
    daq.write({"ao0": 0.1})
    bench.clock.stop = daq.abort
    with pytest.raises(Aborted):
        play(daq, np.full((1000, 1), 0.2))
    assert not bench.twin.running
    bench.clock.stop = None
    with pytest.raises(Aborted):
        record(daq)
    daq.shutdown()
    assert bench.twin.held_v["ao0"] == 0
    assert record(daq).parts == 1


def test_a_board_whose_clock_stands_still_is_a_timeout(bench, daq, monkeypatch):
    def no_edges(task):
        bench.clock.sleep(1e-3)
        bench.twin.running.append(task)

    monkeypatch.setattr(NiTask, "start", no_edges)
    before_s = bench.clock.now_s()
    with pytest.raises(Timeout, match=r"daq \(Dev1\): reading a block.*Check the sample clock"):
        record(daq)
    assert bench.clock.now_s() - before_s < 3
    assert not bench.twin.running


def test_outputs_that_never_finish_are_a_timeout(bench, daq, monkeypatch):
    monkeypatch.setattr(NiTask, "done", property(lambda task: False))
    with pytest.raises(Timeout, match="have not played to their end"):
        play(daq, np.zeros((3, 1)))
    assert not bench.twin.running


def test_a_stream_has_no_gap_and_frees_the_board(bench, daq):
    daq.write({"ao0": 0.3})
    stream = daq.stream(INPUTS, 10e3, 250)
    pieces = list(islice(stream, 8))
    stream.close()
    assert [p.index0 for p in pieces] == list(range(0, 2000, 250))
    assert all(p.samples_v.shape == (250, 2) for p in pieces)
    np.testing.assert_allclose(np.diff([p.t0_s for p in pieces]), 0.025)
    assert not bench.twin.running
    record(daq)


def test_a_stream_that_is_read_too_late_says_which_samples_are_lost(bench, daq):
    stream = daq.stream(INPUTS, 10e3, 100)
    next(stream)
    next(stream)
    bench.clock.sleep(60.0)
    with pytest.raises(Overrun, match="samples 200 to") as caught:
        next(stream)
    assert caught.value.first_lost == 200
    assert caught.value.count >= 1
    assert not bench.twin.running


def test_abort_ends_a_stream(bench, daq):
    stream = daq.stream(INPUTS, 10e3, 100)
    next(stream)
    daq.abort()
    with pytest.raises(Aborted):
        next(stream)
    assert not bench.twin.running


def test_shutdown_stops_a_stream_that_runs(bench, daq):
    stream = daq.stream(INPUTS, 10e3, 100)
    next(stream)
    daq.shutdown()
    assert not bench.twin.running
    with pytest.raises(InstrumentError):
        next(stream)


def test_an_output_that_does_not_go_to_zero_is_not_safe(bench, daq, monkeypatch):
    daq.write({"ao0": 0.3})
    monkeypatch.setattr(NiBoardTwin, "set_outputs", lambda twin, volts: None)
    with pytest.raises(NotSafeError, match=r"ao0 reads back 300\.\d mV.*by hand"):
        daq.shutdown()


def test_outputs_that_cannot_be_read_back_are_not_safe(bench, daq, monkeypatch):
    def no_internal_channels(twin, channel, minimum_v, maximum_v, terminal):
        raise NiError(NiCode.NO_SUCH_CHANNEL, f"no {channel}")

    monkeypatch.setattr(NiBoardTwin, "input", no_internal_channels)
    with pytest.raises(NotSafeError, match=r"cannot read back ao0, ao1.*Wire the output"):
        daq.shutdown()


def test_another_task_on_the_board_is_reported(bench, daq):
    with bench.port.task("theirs") as theirs:
        theirs.ai_channels.add_ai_voltage_chan("Dev1/ai9")
        theirs.timing.cfg_samp_clk_timing(1e3, samps_per_chan=1000)
        theirs.start()
        with pytest.raises(Reported, match="-50103"):
            record(daq)
    record(daq)


def test_without_ni_driver_it_says_what_to_install(bench):
    opening = Opening("daq", "Dev1", {}, Ports(), bench.clock, bench.permit)
    with pytest.raises(NotFound, match=r"NI-DAQmx driver is not installed.*Install"):
        NiDaq.open(opening)


def test_an_absent_device_is_not_found(bench):
    with pytest.raises(NotFound, match=r"daq \(Dev7\).*NI MAX"):
        bench.open("Dev7")


def test_another_product_is_named(bench):
    with pytest.raises(WrongIdentity, match="a PCIe-6363 was expected, a mtjlab twin"):
        bench.open(product="PCIe-6363")


def test_a_range_the_board_does_not_have_is_refused_at_opening():
    with pytest.raises(BenchError, match=r"ai0 is wired for \+-20 V; the largest range is"):
        Bench(range_v=20.0).open()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (-200284, Timeout),
        (-200560, Timeout),
        (-200278, Reported),
        (-200561, Reported),
        (-200170, BenchError),
        (-200220, NotFound),
        (-200089, Reported),
    ],
)
def test_numbers_of_the_vendor_become_errors_of_ours(code, error):
    vendor = errors.DaqError("It is so.\nTask Name: x", code, task_name="x")
    with pytest.raises(error, match="It is so") as caught, translated("daq (Dev1)", "a test"):
        raise vendor
    assert caught.value.__cause__ is vendor
    assert "\n" not in str(caught.value)


def test_an_overrun_carries_what_is_lost():
    vendor = errors.DaqReadError("gone", -200279, 0, task_name="x")
    with (
        pytest.raises(Overrun, match="samples 7 to 9") as caught,
        translated("daq", "reading", lost=lambda: (7, 3)),
    ):
        raise vendor
    assert (caught.value.first_lost, caught.value.count) == (7, 3)


def test_errors_of_a_remote_board_are_ours_too():
    with pytest.raises(InstrumentError, match="server gone"), translated("daq", "reading"):
        raise errors.RpcError(14, "server gone")
