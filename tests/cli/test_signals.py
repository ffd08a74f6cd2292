"""Real signals to a real process: the data stay, the output is off, the file says so."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest

from mtjlab.store import RunReader

LONG = ("--set", "epochs=100000", "--set", "reference_reads=100", "--set", "survey_s=20m")


@contextmanager
def learning(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has committed its first steps and would go on for hours."""
    command = [sys.executable, "-P", "-m", "mtjlab", "run", "noise_learning", "--seed", "1"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path), *LONG],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MTJLAB_BENCH": "twin"},
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "junctions in use" in line:
                break
        yield process
    finally:
        process.kill()
        process.communicate()


def run_file(tmp_path: Path) -> Path:
    (found,) = tmp_path.rglob("*.h5")
    return found


@pytest.mark.slow
def test_ctrl_c_ends_at_the_next_step(tmp_path: Path) -> None:
    with learning(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "stopping at the next step" in err
    assert "outputs off, read back" in err
    assert "run file: " in out
    with RunReader.open(run_file(tmp_path)) as reader:
        assert reader.status == "aborted"
        assert len(reader.stream("weights_0")) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_ends_at_once_and_safely(tmp_path: Path, number: signal.Signals) -> None:
    with learning(tmp_path) as process:
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "outputs off, read back" in err
    with h5py.File(run_file(tmp_path)) as file:
        assert "data" in file


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    with learning(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "outputs off, read back" in err


@pytest.mark.slow
def test_kill_nine_leaves_a_file_that_opens_and_says_died(tmp_path: Path) -> None:
    with learning(tmp_path) as process:
        process.kill()
        process.communicate(timeout=60)
    with RunReader.open(run_file(tmp_path)) as reader:
        assert reader.status == "died"
        assert reader.header.protocol == "noise_learning"
