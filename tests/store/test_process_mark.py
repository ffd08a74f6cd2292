import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mtjlab.store.process_mark import ProcessMark

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def test_this_process_is_alive_and_survives_text() -> None:
    mark = ProcessMark.from_text(ProcessMark.here().to_text())
    assert mark == ProcessMark.here()
    assert mark.alive() is True


@linux
def test_a_later_process_with_the_same_number_is_another() -> None:
    here = ProcessMark.here()
    assert replace(here, started_ticks=here.started_ticks - 1).alive() is False


@linux
def test_a_dead_process_is_dead_before_it_is_buried() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
        started = int(stat.rpartition(")")[2].split()[19])
        mark = replace(ProcessMark.here(), pid=process.pid, started_ticks=started)
        assert mark.alive() is True
        process.kill()
        while mark.alive():
            pass
        assert mark.alive() is False
    finally:
        process.communicate()
    assert mark.alive() is False


@linux
def test_after_a_restart_of_the_computer_nothing_lives() -> None:
    assert replace(ProcessMark.here(), boot="another").alive() is False


def test_what_cannot_be_known_is_not_claimed() -> None:
    assert replace(ProcessMark.here(), host="far-away").alive() is None
    assert replace(ProcessMark.here(), namespace="pid:[1]").alive() is None


def test_without_a_start_time_the_number_alone_decides() -> None:
    here = ProcessMark.here()
    assert replace(here, started_ticks=0).alive() is True
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert replace(here, started_ticks=0, pid=process.pid).alive() is False
