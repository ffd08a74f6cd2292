"""Scenarios of faults: in the bench file and by --faults, each mistake in one sentence."""

import json

import pytest
from typer.testing import CliRunner

from mtjlab.bench.file import load
from mtjlab.cli.app import app
from mtjlab.core.errors import BenchError

GOOD = '[[twin.scenario]]\ninstrument = "smu"\nkind = "timeout"\nmessage = 5\n'
REAL = """\
[bench]
name = "real"
[chip]
id = "x"
[instruments.smu]
driver = "keithley2400"
resource = "GPIB0::24::INSTR"
[[wiring.singles]]
row = 0
columns = 0
source = "smu"
series = "10 kohm"
[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"
"""


def table(**changes):
    keys = {"instrument": "smu", "kind": "timeout", "message": 5} | changes
    return {key: value for key, value in keys.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"instrument": "smo"}, 'scenario[0].instrument = "smo": no instrument of this name'),
        ({"kind": "explosion"}, 'scenario[0].kind = "explosion"'),
        ({"kind": "overrun"}, "'smu' (keithley2400) cannot have this; it can have timeout"),
        ({"instrument": "daq", "kind": "garbage"}, "'daq' (nidaqmx) cannot have this"),
        ({"message": None}, "nothing says when; expected one of at, message, command, prob"),
        ({"at": "3 s"}, "at and message says when"),
        ({"message": None, "at": "-3 s"}, "out of range; expected >= 0 s"),
        ({"message": 0}, "expected >= 1"),
        ({"message": None, "probability": 1.5}, "scenario[0].probability = 1.5"),
        ({"times": 0}, "scenario[0].times"),
        ({"times": "never"}, "scenario[0].times"),
        ({"delay": "1 s"}, "a 'timeout' has none; only 'late_reply' has"),
        ({"duration": "1 s"}, "a 'timeout' has none; only 'disconnect' or"),
        ({"kind": "error_entry", "code": -222}, "a code of your own needs its text"),
        ({"kind": "error_entry", "code": 0, "text": "x"}, "0 means that there is no error"),
        (
            {"kind": "disconnect", "message": None, "at": 1.0, "times": 2},
            "at a given time happens once",
        ),
        (
            {"instrument": "daq", "kind": "overrun", "message": None, "command": "write"},
            "expected one of read",
        ),
    ],
)
def test_a_mistake_is_named(changes, expected):
    with pytest.raises(BenchError) as refused:
        load("twin", overrides={"scenario": [table(**changes)]})
    assert expected in str(refused.value)
    assert "mistakes" not in str(refused.value)


def test_a_faults_file_comes_behind_the_bench_and_is_kept(tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text(GOOD)
    loaded = load("twin", overrides={"scenario": [table(message=1)]}, faults=file)
    assert [one.message for one in loaded.file.twin.scenario] == [1, 5]
    assert loaded.overrides["scenario"] == [table(message=1), table()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[twin.scenario", "not TOML"),
        ("[twin]\npace = 3\n", "twin.scenario: missing"),
        (GOOD.replace("smu", "smo"), 'twin.scenario[0].instrument = "smo"'),
        (GOOD + "\n[chip]\nid = 'x'\n", "chip"),
    ],
)
def test_a_bad_faults_file_is_named(tmp_path, text, expected):
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(BenchError) as refused:
        load("twin", faults=file)
    assert f"faults file {file}" in str(refused.value)
    assert expected in str(refused.value)


def test_a_real_bench_refuses(tmp_path):
    faults, bench = tmp_path / "faults.toml", tmp_path / "real.toml"
    faults.write_text(GOOD)
    bench.write_text(REAL)
    with pytest.raises(BenchError, match=r"only the twin can do this.*Leave --faults out"):
        load(bench, faults=faults)
    with pytest.raises(BenchError, match="cannot be read"):
        load("twin", faults=tmp_path / "none.toml")


def test_the_command_line_meets_it(tmp_path):
    """The very first message is lost, at opening: nothing answers, no file is left."""
    file = tmp_path / "faults.toml"
    file.write_text(GOOD.replace("message = 5", 'command = "*IDN?"'))
    arguments = ["run", "noise_learning", "--faults", str(file), "--json", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    report = json.loads(result.stdout)
    assert (report["exit_code"], report["error"]["class"]) == (3, "NotFound")
    assert report["run_file"] is None
