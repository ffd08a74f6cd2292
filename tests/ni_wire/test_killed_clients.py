"""A client that dies (SIGKILL): its outputs stay, its tasks go, everybody else is served on."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

DOOMED = Path(__file__).parent / "doomed_client.py"


@pytest.fixture
def killed(board):
    """Let a program do something to the board, and kill it."""

    def run(what):
        with subprocess.Popen(
            [sys.executable, str(DOOMED), what, board],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout.readline() == "ready\n"
            process.kill()

    return run


@pytest.fixture
def bystander(board, connect):
    """Another client, whose acquisition must not notice; its outputs are 0 V in the end."""
    client = connect(board)
    yield client
    client.write("Dev1/ao0:3", [0.0] * 4)


def until(condition, seconds=20.0):
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s, "it never happened"


def test_an_output_outlives_its_program_and_can_be_taken_to_0_v(bystander, killed):
    with bystander.task("Dev1/ai3") as task:
        task.timing.cfg_samp_clk_timing(10e3, samps_per_chan=5000)
        task.start()
        killed("hold")
        assert len(task.read(5000)) == 5000
    assert bystander.held_v("ao0") == pytest.approx([0.1], abs=1e-3)
    # The name of its task, which held the output, is free again.
    bystander.options.initialization_behavior = 1
    with bystander.task("Dev1/ao0", name="doomed") as task:
        task.write(0.0)
    assert bystander.held_v("ao0") == pytest.approx([0.0], abs=1e-3)


def test_a_finite_output_plays_on_to_its_end(bystander, killed):
    killed("play")
    seen_v = []

    def at_its_end():
        seen_v.append(bystander.held_v("ao0")[0])
        return abs(seen_v[-1] - 0.3) < 1e-3

    until(at_its_end)
    assert seen_v[0] < 0.3
    assert (np.diff(seen_v) > -1e-3).all()
    assert bystander.held_v("ao0") == pytest.approx([0.3], abs=1e-3)


def test_a_finite_output_can_be_taken_over_at_once(bystander, killed):
    killed("play")
    bystander.write("Dev1/ao0", 0.0)
    began_s = time.monotonic()
    until(lambda: time.monotonic() - began_s > 0.2)
    assert bystander.held_v("ao0") == pytest.approx([0.0], abs=1e-3)


def test_a_read_in_flight_and_an_event_die_with_their_client(bystander, killed):
    killed("acquire")
    # It had reserved the inputs.
    with bystander.task("Dev1/ai0", name="doomed") as task:
        task.timing.cfg_samp_clk_timing(10e3, samps_per_chan=100)
        assert len(task.read(100)) == 100
