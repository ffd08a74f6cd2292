"""Our driver on a board in another process: the checks, and what happens when the server fails."""

import os
import signal
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from drivers.ni_options import NiDaqOptions, located
from drivers.nidaqmx import NiDaq
from mtjlab.core.clock import VirtualClock, WallClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import (
    Aborted,
    BenchError,
    InstrumentError,
    NotFound,
    NotSafeError,
    Timeout,
)
from mtjlab.core.permit import WritePermit
from mtjlab.testing import daq as checks
from sim_backend.ports.nidaqmx import NiPort


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_board_over_the_wire_conforms(board, opened, check):
    with opened(board) as daq:
        check(checks.DaqUnderTest(daq, ("ai0", "ai1"), ("ao0", "ao1"), level_v=0.2))


def test_every_step_of_a_block_is_where_it_belongs(board, opened):
    outputs_v = np.where(np.arange(300) % 3 == 0, 0.3, -0.3)[:, np.newaxis]
    with opened(board) as daq:
        block = daq.play_and_record(
            outputs_v, ao=("ao0",), ai=("ai0",), step_rate_hz=5e3, settle=1, keep=2, rest_v=(0.0,)
        )
    assert (np.sign(block.samples_v[..., 0]) == np.sign(outputs_v)).all()


def test_connecting_changes_no_output(board, opened, connect):
    connect(board).write("Dev1/ao0, Dev1/ao3", [0.1, 0.2])
    with opened(board) as daq:
        assert daq.read(("ao0", "ao3")) == pytest.approx([0.1, 0.2], abs=1e-3)
        daq.shutdown()
    assert connect(board).held_v("ao0", "ao3") == pytest.approx([0.0, 0.0], abs=1e-3)


def test_an_output_that_another_program_is_playing_is_made_safe_all_the_same(
    board, opened, connect
):
    client = connect(board)
    with opened(board) as daq, client.task("Dev1/ao0:1") as task:
        task.timing.cfg_samp_clk_timing(10.0, samps_per_chan=1000)
        task.write(np.full((2, 1000), 0.2))
        task.start()
        daq.shutdown()
        assert daq.read(("ao0", "ao1")) == pytest.approx([0.0, 0.0], abs=1e-3)


def test_nobody_there(opened):
    with (
        pytest.raises(NotFound, match=r"daq \(Dev1 at 127.0.0.1:1\): no server .*mtjlab serve"),
        opened("127.0.0.1:1"),
    ):
        pass


def test_a_board_that_the_server_does_not_have(board):
    with pytest.raises(NotFound, match="Dev7"):
        NiDaq.open(Opening("daq", "Dev7", {"grpc": board}, Ports(), WallClock(), WritePermit()))


@contextmanager
def stopped(process):
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def record(daq, steps=10):
    return daq.play_and_record(
        None, ao=(), ai=("ai0",), step_rate_hz=1e3, settle=0, keep=1, rest_v=(), steps=steps
    )


def test_a_server_that_hangs_or_dies(own_board, opened, connect):
    process, address = own_board
    other = connect(address)
    with opened(address, timeout_s=30.0) as daq:
        daq.write({"ao0": 0.1})
        # Hanging: abort frees the caller long before the time-out, whatever it waits for.
        for call in (lambda: record(daq), lambda: daq.write({"ao0": 0.2})):
            with stopped(process):
                timer = threading.Timer(0.1, daq.abort)
                timer.start()
                with pytest.raises(Aborted):
                    call()
                timer.join()
            daq.shutdown()
            assert other.held_v("ao0") == pytest.approx([0.0], abs=1e-3)
            # Its tasks were left running, and are gone.
            assert record(daq).samples_v.shape == (10, 1, 1)
    with opened(address, timeout_s=0.2) as daq:
        with stopped(process):
            with pytest.raises(Timeout, match=f"{address}.*timeout_s"):
                daq.read(("ai0",))
            with pytest.raises(NotSafeError, match="by hand"):
                daq.shutdown()
        daq.shutdown()
        assert len(record(daq).samples_v) == 10
        process.kill()
        process.wait()
        with pytest.raises(InstrumentError, match=f"{address}.*does not answer any more"):
            daq.read(("ai0",))
        with pytest.raises(NotSafeError, match="by hand"):
            daq.shutdown()


def test_a_simulated_bench_needs_no_server():
    opening = Opening(
        "daq", "Dev1", {}, Ports(ni=NiPort(), virtual=True), VirtualClock(), WritePermit()
    )
    assert located(opening, NiDaqOptions(grpc="10.0.0.7:31763")) == (opening, None)


def test_the_extra_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "drivers.ni_remote", None)
    opening = Opening("daq", "Dev1", {}, Ports(), WallClock(), WritePermit())
    with pytest.raises(BenchError, match=r"pip install 'mtjlab\[remote\]'"):
        located(opening, NiDaqOptions(grpc="10.0.0.7:31763"))


@pytest.mark.parametrize("address", ["", "host", "host:", ":1", "a b:1", "http://host:1"])
def test_an_address_needs_host_and_port(address):
    with pytest.raises(ValueError, match="grpc"):
        NiDaqOptions(grpc=address)


@pytest.mark.parametrize("address", ["127.0.0.1:31763", "daq-pc.local:1", "[::1]:31763"])
def test_addresses(address):
    assert NiDaqOptions(grpc=address).grpc == address
