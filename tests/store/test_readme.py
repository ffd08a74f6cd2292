"""The code in data/README.md runs, on the files it is meant for."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter

README = Path(__file__).parents[2] / "data" / "README.md"
PLAIN, GROWING, OURS = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def writer(
    tmp_path: Path,
    make_header: Callable[..., RunHeader],
    streams: list[Stream],
    monkeypatch: pytest.MonkeyPatch,
) -> RunWriter:
    monkeypatch.chdir(tmp_path)
    writer = RunWriter.create(Path("runs"), make_header(), streams)
    writer.append("step", np.ones((6, 3)))
    writer.commit(done=6, total=8, bench_time_s=1.0)
    writer.log("warning", "a line", 1.0)
    return writer


def test_a_finished_file(writer: RunWriter, capsys: pytest.CaptureFixture[str]) -> None:
    writer.finish("finished", error=None, results={"n": 6}, bench_time_s=1.0, wall_time_s=1.0)
    for code in (PLAIN, OURS):
        exec(code, {})
    said = capsys.readouterr().out
    assert "step (6, 3) float64" in said
    assert "{'n': 6}" in said
    assert "finished" in said


def test_a_growing_file(writer: RunWriter, capsys: pytest.CaptureFixture[str]) -> None:
    for code in (GROWING, OURS):
        exec(code, {})
    said = capsys.readouterr().out
    assert "b'running' 6.0 8.0" in said
    assert said.splitlines()[0].endswith(" 6")
    assert "a line" in said
    writer.discard()


def test_the_copy_of_a_file_in_use(writer: RunWriter, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path("copy.h5")
    shutil.copy(writer.path, copy)
    path = writer.path
    writer.discard()
    copy.rename(path)
    exec(GROWING, {})
    assert capsys.readouterr().out.splitlines()[0].endswith(" 6")
