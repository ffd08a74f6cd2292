"""Real processes die with an output on; a client of its own looks at the served instrument."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtjlab.bench.served import served
from mtjlab.bench.watch import LEASE_S

HOLDER = Path(__file__).with_name("holder.py")
SAFE_WITHIN_S = 2.0
# Beside everything else that a test machine does.
PATIENCE_S = 20.0

BENCH = """
[bench]
name = "one"
[chip]
id = "crash-test"
[instruments.smu]
driver = "keithley2400"
resource = "TCPIP0::127.0.0.1::5025::SOCKET"
[[wiring.singles]]
row = 0
columns = 0
source = "smu"
series = "10 kohm"
[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"
[twin]
"""


class Bench:
    """A served 2400, its bench file, and a raw socket per question."""

    def __init__(self, file: Path, port: int) -> None:
        self.file, self._port = file, port

    def output(self) -> tuple[bool, float]:
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as wire:
            lines = wire.makefile("rwb")
            lines.write(b":OUTP?;:SOUR:VOLT?\n")
            lines.flush()
            on, level = lines.readline().decode().split(";")
        return on == "1", float(level)

    def safe_after(self, since_s: float) -> float:
        while self.output() != (False, 0.0):
            assert time.monotonic() < since_s + PATIENCE_S, "the output stayed on"
        return time.monotonic() - since_s


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("served")
    twin = folder / "twin.toml"
    twin.write_text(BENCH)
    with served(str(twin)) as loaded:
        file = folder / "bench.toml"
        file.write_text(loaded.text)
        yield Bench(file, int(loaded.file.instruments["smu"].resource.split("::")[2]))


@contextmanager
def holder(bench: Bench, act: str, runs: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [sys.executable, str(HOLDER), str(bench.file), act],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MTJLAB_RUNS": str(runs)},
    )
    try:
        assert process.stdout is not None
        word, pid = process.stdout.readline().split()
        assert word == "on"
        yield process, int(pid)
    finally:
        process.kill()
        process.communicate()


def gone(pid: int) -> bool:
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("act", ["wait", "fork"])
def test_a_killed_program_leaves_a_safe_bench(bench: Bench, act: str, tmp_path: Path) -> None:
    with holder(bench, act, tmp_path) as (process, supervisor):
        assert bench.output() == (True, pytest.approx(0.1))
        process.send_signal(signal.SIGKILL)
        took_s = bench.safe_after(time.monotonic())
        assert gone(supervisor)
    assert took_s < PATIENCE_S


@pytest.mark.slow
def test_a_program_that_hangs_is_killed_when_its_lease_is_over(
    bench: Bench, tmp_path: Path
) -> None:
    with holder(bench, "wait", tmp_path) as (process, _):
        process.send_signal(signal.SIGSTOP)
        since_s = time.monotonic()
        took_s = bench.safe_after(since_s)
        assert took_s > LEASE_S / 2, "the lease was not waited for"
        assert process.wait(PATIENCE_S) == -signal.SIGKILL


@pytest.mark.slow
def test_a_bench_closed_in_order_is_not_touched_again(bench: Bench, tmp_path: Path) -> None:
    with holder(bench, "order", tmp_path) as (process, supervisor):
        assert process.wait(PATIENCE_S) == 0
        assert gone(supervisor)
    assert bench.output() == (False, 0.0)


@pytest.mark.slow
def test_a_program_that_switched_nothing_on_leaves_a_strangers_output_alone(
    bench: Bench, tmp_path: Path
) -> None:
    with holder(bench, "off", tmp_path) as (process, supervisor):
        with socket.create_connection(("127.0.0.1", bench._port), timeout=5) as wire:
            wire.sendall(b":SOUR:VOLT 0.05;:OUTP ON\n")
        process.send_signal(signal.SIGKILL)
        assert gone(supervisor)
        assert bench.output() == (True, pytest.approx(0.05))
        with socket.create_connection(("127.0.0.1", bench._port), timeout=5) as wire:
            wire.sendall(b":SOUR:VOLT 0;:OUTP OFF\n")
    assert bench.output() == (False, 0.0)


@pytest.mark.slow
def test_a_bench_left_on_is_made_safe_while_the_program_goes_on(
    bench: Bench, tmp_path: Path
) -> None:
    with holder(bench, "leave", tmp_path) as (process, _):
        bench.safe_after(time.monotonic())
        assert process.stdout is not None
        assert process.stdout.readline() == "closed\n"
        assert process.poll() is None


@pytest.mark.slow
def test_without_its_supervisor_a_program_makes_the_bench_safe_itself(
    bench: Bench, tmp_path: Path
) -> None:
    with holder(bench, "renew", tmp_path) as (process, supervisor):
        os.kill(supervisor, signal.SIGKILL)
        assert process.stdout is not None
        assert process.stdout.readline() == "Unwatched\n"
        assert bench.output() == (False, 0.0)
