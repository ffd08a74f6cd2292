"""Every verb says of a file that it cannot use what is wrong and what can be done."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from mtjlab.cli.app import run_command_line
from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader, RunWriter

Cli = Callable[..., tuple[int, str]]
VERBS = (
    ("show",),
    ("show", "--json"),
    ("plot",),
    ("export",),
    ("repair",),
    ("resume",),
    ("replay",),
)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path))

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as left:
            run_command_line(arguments)
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, " ".join((said.out + said.err).split())

    return call


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    header = RunHeader(
        run_id="0123456789abcdef",
        protocol="noise_learning",
        bench="twin",
        twin=True,
        seed=7,
        bench_toml="",
        bench_overrides={},
        parameters={},
        versions={},
        revision="",
        host="rack",
        started=datetime(2026, 3, 9, 14, 30, tzinfo=UTC),
    )
    writer = RunWriter.create(tmp_path, header, [Stream("step", "f8", (100,), "V")])
    writer.append("step", np.ones((2000, 100)))
    writer.commit(done=1, total=1, bench_time_s=0.0)
    writer.finish("finished", error=None, results={}, bench_time_s=0.0, wall_time_s=0.0)
    return writer.path


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_cut_short(cli: Cli, finished: Path, verb: tuple[str, ...]) -> None:
    finished.write_bytes(finished.read_bytes()[: finished.stat().st_size // 2])
    code, said = cli(verb[0], str(finished), *verb[1:])
    assert code != 0
    assert "is cut short" in said
    assert "backup" in said


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_of_a_newer_format(cli: Cli, finished: Path, verb: tuple[str, ...]) -> None:
    with h5py.File(finished, "r+") as file:
        file.attrs["format_version"] = 99
    code, said = cli(verb[0], str(finished), *verb[1:])
    assert code != 0
    assert "has format 99" in said
    assert "Install a newer mtjlab" in said


def test_the_list_shows_a_spoilt_file_with_the_reason(cli: Cli, finished: Path) -> None:
    finished.write_bytes(finished.read_bytes()[:1000])
    code, said = cli("runs", "--json")
    assert code == 0
    assert "unreadable" in said
    assert "is cut short" in said


def test_names_that_are_no_numbers_are_not_runs(cli: Cli, finished: Path) -> None:
    finished.with_name("1a-else.h5").write_bytes(b"")
    code, said = cli("show", "latest")
    assert code == 0
    assert finished.name in said


def test_a_missing_stream(cli: Cli, finished: Path, tmp_path: Path) -> None:
    code, said = cli("export", str(finished), "--stream", "steps", "--out", str(tmp_path / "e"))
    assert code != 0
    assert "has no stream 'steps'; did you mean 'step'" in said


def test_without_a_checkpoint_there_is_nothing_to_go_on_with(cli: Cli, finished: Path) -> None:
    code, said = cli("resume", str(finished))
    assert code != 0
    assert "has finished" in said
