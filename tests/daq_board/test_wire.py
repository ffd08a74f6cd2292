"""The board on a serial line, its world in another process: our driver and plain pyserial."""

import os
import threading
import time

import numpy as np
import pytest
import serial

from drivers.daq_board import DaqBoard
from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.bench.served import served
from mtjlab.core.clock import WallClock
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.errors import Aborted, NotFound
from mtjlab.core.generators import Generators
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell
from mtjlab.testing import daq, selector

INPUTS, OUTPUTS = ("ai0", "ai1"), ("ao0", "ao1")
CELLS = (Cell(1, 0), Cell(2, 1), Cell(3, 0))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, bench_text):
    path = tmp_path_factory.mktemp("board") / "board.toml"
    path.write_text(bench_text(twin="[twin.instruments.daq]\nlist_values = 400\nswitch_s = 1e-4\n"))
    with served(str(path)) as found:
        assert found.file.twin is None
        yield found


@pytest.fixture
def served_bench(loaded):
    bench = OpenBench(loaded, generators=Generators(1), notice=lambda *_: None, watched=False)
    with bench:
        yield bench
        bench.make_safe()


@pytest.mark.parametrize("check", daq.CHECKS, ids=lambda check: check.__name__)
def test_daq(served_bench, check):
    check(
        daq.DaqUnderTest(
            daq=served_bench.instruments["daq"],
            inputs=INPUTS,
            outputs=OUTPUTS,
            allowed=served_bench._permit.opened,
        )
    )


@pytest.mark.parametrize("check", selector.CHECKS, ids=lambda check: check.__name__)
def test_selector(served_bench, check):
    check(
        selector.SelectorUnderTest(
            selector=served_bench.instruments["daq.selector"],
            cells=CELLS,
            allowed=served_bench._permit.opened,
        )
    )


@pytest.fixture
def device(loaded):
    return loaded.file.instruments["daq"].resource.removeprefix("ASRL").removesuffix("::INSTR")


def test_a_half_sent_line_is_never_carried_out(loaded, device):
    with serial.Serial(device, timeout=2) as dead:
        dead.write(b":SOUR:VOLT (@0),0.1")
    with OpenBench(
        loaded, generators=Generators(1), notice=lambda *_: None, watched=False
    ) as bench:
        assert abs(bench.instruments["daq"].read(["ao0"])[0]) < 1e-3
        assert bench.drivers["daq"]._link.exchange(":SOUR:VOLT? (@0)") == ["0.000000E+00"]


def test_replies_of_a_dead_client_are_not_taken_for_ours(loaded, device):
    with serial.Serial(device, timeout=2) as dead:
        dead.write(b"SYST:SYNC? 1\nSYST:CAP?\n*IDN?\nSOUR:VO")
    with OpenBench(
        loaded, generators=Generators(1), notice=lambda *_: None, watched=False
    ) as bench:
        assert bench.instruments["daq"].identify().vendor == "mtjlab"


@pytest.mark.parametrize("spelling", ["{}", "ASRL{}::INSTR", "ASRL{}"])
def test_opening_by_any_name_changes_nothing(device, spelling):
    with serial.Serial(device, timeout=2) as other:
        other.write(b"*CLS;:SOUR:VOLT (@1),0.1;:SYST:DEAD:TIME 8;:SYST:ERR?\n")
        assert other.readline() == b'0,"No error"\n'
    board = DaqBoard.open(
        Opening("daq", spelling.format(device), {}, Ports(), WallClock(), WritePermit())
    )
    board.close()
    with serial.Serial(device, timeout=2) as other:
        other.write(b"SOUR:VOLT? (@1);:SYST:DEAD:TIME?;:SYST:DEAD:TIME 10;:SOUR:VOLT (@1),0\n")
        assert other.readline() == b"1.000214E-01;8.000000E+00\n"


def test_a_port_that_is_not_there():
    opening = Opening("daq", "/dev/no-such", {}, Ports(), WallClock(), WritePermit())
    with pytest.raises(NotFound, match="/dev/no-such"):
        DaqBoard.open(opening)


def test_abort_releases_within_a_tenth_of_a_second(served_bench):
    board = served_bench.instruments["daq"]
    aborted_s = []

    def abort():
        aborted_s.append(time.monotonic())
        board.abort()

    threading.Timer(0.3, abort).start()
    with pytest.raises(Aborted):
        board.play_and_record(
            None, ao=(), ai=INPUTS, step_rate_hz=100, settle=0, keep=1, rest_v=(), steps=1000
        )
    assert time.monotonic() - aborted_s[0] < 0.1
    with served_bench._permit.opened():
        board.shutdown()
    assert np.isfinite(board.read(INPUTS)).all()


def test_silence_of_the_board_is_a_time_out_not_a_hang():
    master, slave = os.openpty()
    try:
        opening = Opening(
            *("daq", os.ttyname(slave), {"timeout_s": 0.1}, Ports(), WallClock(), WritePermit())
        )
        with pytest.raises(Exception, match="no reply came"):
            DaqBoard.open(opening)
    finally:
        os.close(master)
        os.close(slave)


def test_bench_text_of_a_served_board(loaded):
    again = parse(loaded.text, source="again")
    assert again.file.instruments["daq"].resource.startswith("ASRL/dev/")
