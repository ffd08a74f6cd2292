"""The driver in memory: what it sends, what it makes of replies, what it refuses."""

import threading
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import serial
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers import serial_link
from drivers.daq_board import DaqBoard
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    BenchError,
    InstrumentError,
    LimitError,
    NotSafeError,
    Overrun,
    Reported,
    Timeout,
    WrongIdentity,
)
from mtjlab.core.wiring import Cell

QUIET = 'instrument_noise = false\n[[twin.faults]]\ncell = [0, 0]\nkind = "stuck_p"\n'
INPUTS = ("ai0", "ai1", "ai2", "ai3")


def tapped(driver, change=lambda line, reply: reply):
    """Lines that the driver sends from now on; `change` damages what comes back."""
    said, ask = [], driver._port.ask

    def listen(line, *more):
        said.append(line)
        return change(line, ask(line, *more))

    driver._port.ask = listen
    return said


def ramp(steps, top_v=0.3):
    return np.linspace(-top_v, top_v, steps)[:, np.newaxis]


def play(daq, outputs_v, **how):
    usual = {"ao": ("ao0",), "ai": ("ai0",), "step_rate_hz": 2e3, "settle": 1, "keep": 2}
    return daq.play_and_record(outputs_v, **(usual | {"rest_v": [0.0]} | how))


def test_opening_sets_nothing(opened, monkeypatch):
    said = []
    write = serial_link.SerialLink._write
    monkeypatch.setattr(
        serial_link.SerialLink,
        "_write",
        lambda link, data: (said.append(data), write(link, data))[1],
    )
    bench = opened()
    assert said[0] == b"\xff\n"
    questions = [unit.split()[0] for line in said[1:] for unit in line.decode().split(";")]
    assert all(unit.endswith("?") for unit in questions), questions
    assert bench.simulated.twins["daq"].status.errors.entries() == []


def test_a_real_port_is_opened_without_the_lines_that_reset_boards(monkeypatch):
    seen = {}

    class Port:
        def open(self):
            seen.update(vars(self))

    monkeypatch.setattr(serial, "Serial", Port)
    serial_link.open_port("ASRL/dev/ttyACM0::INSTR", 115200)
    assert (seen["port"], seen["dtr"], seen["rts"]) == ("/dev/ttyACM0", False, False)


def test_a_block_is_what_the_circuit_says(opened):
    bench = opened(twin=QUIET)
    daq = bench.rig(lambda *_: None).daqs["daq"]
    block = play(daq, ramp(20))
    shares = block.samples_v[:, :, 0] / (0.04 * ramp(20))
    assert np.ptp(shares) < 0.03
    assert (block.parts, block.samples_v.shape) == (1, (20, 2, 1))
    # 10 MHz / 1667 is the highest rate that is not above 3 x 2 kHz.
    assert block.step_rate_hz == pytest.approx(1e7 / 1667 / 3)


@pytest.mark.parametrize("memory", ["list_values = 28", "data_values = 100\nfetch_values = 100"])
def test_a_split_block_has_the_samples_of_a_whole_one(opened, memory):
    whole = opened(twin=QUIET)
    split = opened(twin=f"{QUIET}[twin.instruments.daq]\n{memory}\n")
    blocks = [play(bench.rig(lambda *_: None).daqs["daq"], ramp(60)) for bench in (whole, split)]
    assert blocks[0].parts == 1
    assert blocks[1].parts == (10 if "list" in memory else 2)
    assert (blocks[0].samples_v == blocks[1].samples_v).all()


def test_a_block_without_inputs_plays(opened):
    bench = opened(twin=QUIET)
    daq = bench.instruments["daq"]
    with bench._permit.opened():
        block = play(daq, ramp(5), ai=(), rest_v=[0.2])
    assert block.samples_v.shape == (5, 2, 0)
    assert daq.read(["ao0"])[0] == pytest.approx(0.2, abs=1e-3)


def test_one_exchange_sets_up_one_sends_one_starts_and_one_fetches(bench, driver):
    said = tapped(driver)
    play(bench.rig(lambda *_: None).daqs["daq"], ramp(5))
    assert len(said) == 4
    assert all(line.endswith(":SYST:ERR?") for line in said)


def test_a_stream_that_is_not_fetched_names_what_it_lost(opened):
    bench = opened(twin="[twin.instruments.daq]\ndata_values = 1000\n")
    daq = bench.instruments["daq"]
    stream = daq.stream(("ai0", "ai1"), 10e3, 100)
    first = next(stream)
    assert (first.index0, first.samples_v.shape) == (0, (100, 2))
    bench.clock.sleep(1.0)
    with pytest.raises(Overrun) as caught:
        list(stream)
    assert 500 <= caught.value.first_lost <= 700
    assert caught.value.first_lost + caught.value.count == pytest.approx(10_100, abs=200)
    # Nothing of it is left.
    assert len(list(islice(daq.stream(("ai0",), 10e3, 100), 3))) == 3


def test_a_stream_has_the_board_to_itself(bench):
    daq = bench.instruments["daq"]
    stream = daq.stream(("ai0",), 10e3, 10)
    next(stream)
    with pytest.raises(InstrumentError, match="a stream is open"):
        daq.read(("ai0",))
    stream.close()
    daq.read(("ai0",))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_reply_is_never_a_number(opened, data):
    bench = opened(twin=QUIET)
    daq, driver = bench.rig(lambda *_: None).daqs["daq"], bench.drivers["daq"]
    truth = play(daq, ramp(5)).samples_v
    strikes = data.draw(st.integers(0, 3))
    count = iter(range(100))

    def damage(line, reply):
        if next(count) != strikes:
            return reply
        at = data.draw(st.integers(0, len(reply) - 1))
        if data.draw(st.booleans()):
            return reply[:at]
        other = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
        return reply[:at] + other + reply[at + 1 :]

    tapped(driver, damage)
    try:
        got = play(daq, ramp(5)).samples_v
    except (BadReply, Reported, Timeout):
        got = play(daq, ramp(5)).samples_v
    assert (got == truth).all()


def test_the_dead_man_timer_hears_enough_of_a_long_block(opened):
    bench = opened(options="[instruments.daq.options]\ndead_man_s = 2.0")
    rig = bench.rig(lambda *_: None)
    rig.daqs["daq"].write({"ao1": 0.1})
    play(rig.daqs["daq"], ramp(40), step_rate_hz=2.0, keep=1, settle=0)
    assert rig.daqs["daq"].read(["ao1"])[0] == pytest.approx(0.1, abs=1e-3)
    assert bench.simulated.twins["daq"].dead_man.count == 0
    assert bench.simulated.twins["daq"].dead_man.time_s == 2.0


def test_a_protocol_that_waits_longer_has_said_so(bench):
    rig = bench.rig(lambda *_: None)
    rig.daqs["daq"].write({"ao1": 0.1})
    for wait_s in (3.0, 30.0, 8.0):
        rig.clock.sleep(wait_s)
    assert rig.daqs["daq"].read(["ao1"])[0] == pytest.approx(0.1, abs=1e-3)


def test_a_host_that_is_silent_finds_the_outputs_at_0_v(bench):
    rig = bench.rig(lambda *_: None)
    rig.daqs["daq"].write({"ao1": 0.1})
    bench.simulated.world.clock.sleep(11.0)
    with pytest.raises(Reported, match="210 Dead-man timer"):
        rig.daqs["daq"].read(["ao1"])
    assert rig.daqs["daq"].read(["ao1"])[0] == pytest.approx(0.0, abs=1e-3)


def test_what_the_board_reports_is_told_with_its_number(bench, driver):
    bench.simulated.twins["daq"].report(-350, "Queue overflow")
    bench.simulated.twins["daq"].report(210, "Dead-man timer: outputs at 0 V")
    with pytest.raises(Reported, match="-350 Queue overflow; 210 Dead-man"):
        driver.read(("ai0",))
    driver.read(("ai0",))


def test_settings_need_a_permit(bench, driver):
    rows = [
        lambda: driver.write({"ao0": 0.1}),
        lambda: play(driver, ramp(3)),
        lambda: driver.shutdown(),
        lambda: bench.instruments["daq.selector"].connect([Cell(1, 0)], "float"),
        lambda: bench.instruments["daq.selector"].open_all(),
    ]
    said = tapped(driver)
    for row in rows:
        with pytest.raises(LimitError, match="guard"):
            row()
    assert not any("SOUR:VOLT " in line or "TRIG 1" in line or "ROUT" in line for line in said)


def test_an_output_that_does_not_come_down_is_not_safe(bench, driver):
    twin = bench.simulated.twins["daq"]
    look = twin.inputs.convert
    twin.inputs.convert = lambda volts, spans_v: look(volts + 0.02, spans_v)
    with bench._permit.opened(), pytest.raises(NotSafeError, match="ao0 measures 20"):
        driver.shutdown()


def test_the_guards_interlock_and_the_boards_own(bench):
    rig = bench.rig(lambda *_: None)
    rig.daqs["daq"].write({"ao1": 0.1})
    with pytest.raises(LimitError, match="does not move while daq/ao1"):
        rig.selectors["daq.selector"].connect([Cell(1, 0)], "float")
    raw = bench.instruments["daq.selector"]
    with bench._permit.opened(), pytest.raises(Reported, match="203"):
        raw.connect([Cell(1, 0)], "float")
    assert raw.closed() == ()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ('serial = "77"', WrongIdentity, "serial number 77"),
        ("dead_man_s = 0.01", BenchError, "dead_man_s"),
    ],
)
def test_options(opened, options, error, words):
    with pytest.raises(error, match=words):
        opened(options=f"[instruments.daq.options]\n{options}")


def test_another_instrument_on_the_port(bench, monkeypatch):
    twin = bench.simulated.twins["daq"]
    feed = twin.feed

    def other(data):
        feed(data.replace(b"SYST:SPEC", b"SYST:OTHER").replace(b"SYST:SYNC", b"SYST:OTHER"))

    monkeypatch.setattr(twin, "feed", other)
    with pytest.raises(WrongIdentity, match="twin of a DAQ board"):
        bench.reconnect()


@pytest.mark.parametrize(
    ("twin", "words"),
    [
        ('terminal = "rse"', "are 'rse'"),
        ("output_range_v = 12.0", "reach 12 V"),
    ],
)
def test_a_board_that_does_not_fit_the_wiring(opened, bench_text, twin, words):
    with pytest.raises(BenchError, match=words):
        opened(twin=f"[twin.instruments.daq]\n{twin}\n", more="")


def test_abort_holds_until_shutdown(bench, driver):
    driver.abort()
    with bench._permit.opened():
        with pytest.raises(Aborted):
            driver.write({"ao0": 0.1})
        driver.write({"ao0": 0.0})
        driver.shutdown()
        driver.write({"ao0": 0.1})


def test_two_threads_never_interleave(bench, driver):
    wrong = []

    def read():
        try:
            for _ in range(150):
                if driver.read(INPUTS).shape != (4,) or driver.identify().vendor != "mtjlab":
                    wrong.append("shape")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_run_of_somebody_else_is_told(bench, driver):
    other = bench.simulated.twins["daq"].converse()
    stream = driver.stream(("ai0",), 1e3, 10)
    next(stream)
    other.feed(b"ABOR\n")
    with pytest.raises(InstrumentError, match="somebody else"):
        list(stream)


def test_reads_do_not_depend_on_what_others_have_set(bench, driver):
    before = driver.read(("ai0",))
    bench.simulated.twins["daq"].converse().feed(b"CONF:AI:RANG 2.5,(@0:3)\n")
    assert driver.read(("ai0",)) == pytest.approx(before, abs=1e-3)


def test_faces(opened):
    alone = opened(more="")
    assert list(alone.instruments) == ["daq"]
    assert isinstance(alone.drivers["daq"], DaqBoard)
    assert replace(alone.instruments["daq"].abilities).block_samples == 4095


def test_shutdown_takes_every_output_to_0_v(bench):
    bench.simulated.twins["daq"].converse().feed(b"SOUR:VOLT (@0:3),0.1,0.1,0.1,0.1\n")
    bench.make_safe()
    assert bench.simulated.twins["daq"].held_v == [0.0] * 4


def test_the_charge_behind_the_multiplexer_is_judged(opened):
    slow = opened(twin="[twin.instruments.daq]\nmux_f = 2e-9\n")
    daq = slow.rig(lambda *_: None).daqs["daq"]
    assert daq.abilities.multiplexer.capacitance_f == 2e-9
    with pytest.raises(LimitError, match="multiplexed"):
        play(daq, ramp(5), ai=INPUTS)
