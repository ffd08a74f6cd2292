"""The real program with an output on, killed or told to end; an independent client looks."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.safety.benches import Served, serve
from benchmarks.safety.window import PROTOCOL, environment
from benchmarks.safety.witness import seconds_until_safe

# Beside everything else that a test machine does.
PATIENCE_S = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve("keithley2400") as found:
        yield found


@contextmanager
def window(served: Served, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """`mtjlab gui BENCH --start SESSION`, once its run has switched the output on."""
    session = folder / "hold.toml"
    session.write_text(f'[[step]]\nprotocol = "{PROTOCOL}"\n')
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mtjlab", "gui", str(served.bench), "--start", str(session)),
            *("--out", str(folder / "runs"), "--settings", str(folder / "settings.ini")),
        ],
        env=environment(folder / "entry"),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        # The run says so; in its process what is printed goes to the errors.
        assert any(line == "on\n" for line in process.stderr), "the window closed by itself"
        assert served.ask()[0]
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_killed_window_leaves_a_safe_bench(served: Served, tmp_path: Path) -> None:
    with window(served, tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        assert seconds_until_safe(served.ask, time.monotonic(), PATIENCE_S) is not None
        assert process.wait(PATIENCE_S) == -signal.SIGKILL


def test_a_window_told_to_end_makes_safe_first(served: Served, tmp_path: Path) -> None:
    with window(served, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert served.ask() == (False, 0.0)
