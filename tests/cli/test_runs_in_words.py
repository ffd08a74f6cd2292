"""The catalogue asked in one line, and a run against the one before it."""

import json
from pathlib import Path

import pytest

import mtjlab
from mtjlab.cli.app import run_command_line


def said(*words: str) -> int | str | None:
    with pytest.raises(SystemExit) as left:
        run_command_line(words)
    return left.value.code


def test_one_line_asks_what_options_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path))
    for seed in (1, 2):
        mtjlab.run("iv_sweep", seed=seed, runs=tmp_path)
    assert said("tag", "latest", "good") == 0
    assert said("runs", "tag:good", "iv_sweep", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["seed"], found["tags"]) == ("2", ["good"])
    assert said("runs", "tag:good", "--status", "died", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert said("runs", "statu:died") == 2
    assert "did you mean 'status'" in capsys.readouterr().err

    assert said("diff", "latest", "--json") == 0
    header = json.loads(capsys.readouterr().out)["header"]
    assert header == [{"name": "seed", "one": 2, "two": 1}]
    first = min(tmp_path.glob("*/001-*.h5"))
    assert said("diff", str(first)) == 2
    assert "there is no run of its protocol" in capsys.readouterr().err
