"""One link, several threads: nothing interleaves, and an abort frees whoever waits."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from drivers.link import Link
from drivers.link_settings import LinkSettings
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.driver import Ports
from mtjlab.core.errors import Aborted, Timeout
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings

BENCH = """
[bench]
name = "threads"

[chip]
id = "threads"

[instruments.old]
driver = "keithley2400"
resource = "TCPIP0::10.0.0.1::5025::SOCKET"

[instruments.new]
driver = "keithley2450"
resource = "TCPIP0::10.0.0.2::hislip0::INSTR"

[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"

[[wiring.singles]]
row = 0
columns = 0
source = "old"
series = "10 kohm"
read = "daq/ai0"
range = "1 V"

[[wiring.singles]]
row = 1
columns = 0
source = "new"
series = "10 kohm"

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"

[twin]
"""
FREED_WITHIN_S = 0.1


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The bench served by another process, and opened over its wires."""
    file = tmp_path_factory.mktemp("served") / "threads.toml"
    far = file.with_name("far.toml")
    file.write_text(BENCH)
    command = [sys.executable, "-m", "mtjlab", "serve", str(file), "--write-bench", str(far)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert any(line == "ready\n" for line in process.stdout)
            with OpenBench(
                load(far), generators=Generators(1), notice=print, watched=False
            ) as bench:
                yield process, bench
        finally:
            process.terminate()


def writing(bench):
    """The permit alone: the guard itself would keep other threads out."""
    return bench._permit.opened()


@contextmanager
def stopped(process):
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def together(*jobs):
    """Run all at once, in threads of their own; what one raises is raised."""
    failed, go = [], threading.Barrier(len(jobs))

    def run(job):
        go.wait()
        try:
            job()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if failed:
        raise failed[0]


@pytest.mark.parametrize("name", ["old", "new"])
def test_every_reply_belongs_to_the_question_of_its_thread(served, permit, opening, closing, name):
    _, bench = served
    resource = bench.loaded.file.instruments[name].resource
    link = closing(Link(opening("@py", resource), LinkSettings()))
    questions = ("*IDN?", "*ESE?", ":SOUR:VOLT:RANG?", "SYST:VERS?", "*OPC?")
    known = {question: link.ask(question) for question in questions}
    assert len(set(known.values())) == len(questions)

    def asking(number):
        def ask():
            for turn in range(100):
                question = questions[(number * 7 + turn) % len(questions)]
                # As PyMeasure does it: in two calls.
                link.write(question)
                assert link.read() == known[question]

        return ask

    together(*(asking(number) for number in range(4)))


def test_readings_and_settings_of_two_threads_do_not_mix(served):
    _, bench = served
    source = bench.sources()["old"]
    with writing(bench):
        source.configure(SourceSettings("voltage", range=0.2, compliance=1e-3, nplc=0.01))
        source.output(True)
        wanted, seen = iter(np.linspace(0.01, 0.1, 40).tolist()), []

        def setting():
            with writing(bench):
                for level in wanted:
                    source.set_level(level)

        def reading():
            for _ in range(40):
                seen.append(source.measure().voltage_v)

        together(setting, reading, lambda: [source.identify() for _ in range(40)])
        # The noise and accuracy of a reading at 0.01 PLC are part of it.
        assert all(-5e-4 <= volts <= 0.1005 for volts in seen)
        source.shutdown()


@contextmanager
def aborting(instrument, after_s=0.15):
    """Abort from another thread; the caller must be free soon after, and not before."""
    at_s = []

    def abort():
        at_s.append(time.monotonic())
        instrument.abort()

    timer = threading.Timer(after_s, abort)
    timer.start()
    with pytest.raises(Aborted):
        yield
    freed_s = time.monotonic()
    timer.join()
    assert at_s, "it was free before it was aborted"
    assert freed_s - at_s[0] < FREED_WITHIN_S


@pytest.mark.parametrize("name", ["old", "new"])
@pytest.mark.parametrize("what", ["measure", "sweep"])
def test_a_source_meter_that_is_at_it_for_long(served, name, what):
    _, bench = served
    source = bench.sources()[name]
    with writing(bench):
        source.shutdown()
        source.configure(SourceSettings("voltage", range=0.2, compliance=1e-3, nplc=10))
        source.output(True)
        source.set_level(0.1)
        with aborting(source):
            if what == "sweep":
                source.sweep(np.full(4, 0.1), 0.0)
            while True:
                source.measure()
        source.shutdown()
        assert not source.state().output_on


@pytest.mark.parametrize("name", ["old", "new"])
def test_an_instrument_that_does_not_answer(served, name):
    process, bench = served
    source = bench.sources()[name]
    for call in (source.state, source.identify):
        with stopped(process), aborting(source):
            call()
        with writing(bench):
            source.shutdown()
        assert source.state().level == 0


def test_a_board_in_a_long_block_or_stream(served):
    _, bench = served
    daq = bench.instruments["daq"]
    how = {"ao": (), "ai": ("ai0",), "settle": 0, "keep": 1, "rest_v": ()}
    with writing(bench):
        with aborting(daq):
            daq.play_and_record(None, step_rate_hz=100.0, steps=1000, **how)
        daq.shutdown()
        with aborting(daq):
            for _ in daq.stream(("ai0",), 100.0, 1000):
                pass
        daq.shutdown()
        assert len(daq.play_and_record(None, step_rate_hz=1e4, steps=10, **how).samples_v) == 10


@pytest.fixture
def stuck_link(function_library, opening, closing):
    """A link over a library whose next write hangs until it is let go."""
    library = function_library.around(lambda message: (message.encode() + b"\n",))
    hang, write = threading.Event(), library.write
    hang.set()

    def hanging(session, data):
        assert hang.wait(20)
        return write(session, data)

    library.write = hanging
    real = replace(opening(library), ports=Ports(visa_library=library))
    link = closing(Link(real, LinkSettings(timeout_s=0.2)))
    link.expect("*IDN?", "*IDN?")
    yield link, library, hang
    hang.set()


def test_a_vendor_call_that_cannot_be_interrupted_is_left_and_the_link_cleared(stuck_link):
    link, library, hang = stuck_link
    assert link.ask("Q?") == "Q?"
    hang.clear()
    threading.Timer(0.05, link.abort.set).start()
    began_s = time.monotonic()
    with pytest.raises(Aborted, match="vendor's library"):
        link.ask("STUCK?")
    assert time.monotonic() - began_s < 0.05 + FREED_WITHIN_S
    link.abort.clear()
    with pytest.raises(Timeout, match="has not returned"):
        link.ask("EARLY?")
    hang.set()
    assert link.ask("LATER?") == "LATER?"
    assert library.clears >= 1
    assert "EARLY?" not in library.sent
