"""Verbs, exit codes and messages, as a user or a script meets them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtjlab.bench.file import load
from mtjlab.cli.app import run_command_line

QUICK = ("--set", "epochs=1", "--set", "reference_reads=100", "--set", "survey_s=20m")
KEYS = {
    "status": str,
    "run_file": str,
    "run_id": str,
    "protocol": str,
    "bench": str,
    "twin": bool,
    "seed": int,
    "wall_time_s": float,
    "bench_time_s": float,
    "results": dict,
    "exit_code": int,
}
RESULTS = {
    "rule",
    "fabric",
    "task",
    "reads",
    "evaluation_reads",
    "updates",
    "reads_to_target",
    "target_accuracy",
    "train_accuracy",
    "test_accuracy",
    "test_accuracy_clean",
    "test_accuracy_majority",
    "saturated_fraction",
    "discarded_samples",
    "noise_ratio",
    "noise_correlation_max",
    "energy_j",
    "transactions",
    "evaluation_transactions",
    "notes",
}

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MTJLAB_BENCH", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run_command_line(arguments)
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out, said.err

    return call


def learn(cli: Cli, *arguments: str) -> dict[str, Any]:
    code, out, _ = cli("run", "noise_learning", *QUICK, *arguments, "--json")
    report: dict[str, Any] = json.loads(out)
    assert report["exit_code"] == code
    return report


def test_json_has_the_promised_keys_and_nothing_else_on_stdout(cli: Cli) -> None:
    report = learn(cli, "--seed", "5")
    for key, kind in KEYS.items():
        assert isinstance(report[key], kind), key
    assert set(report["results"]) >= RESULTS
    assert report["error"] is None
    assert (report["status"], report["seed"], report["twin"]) == ("finished", 5, True)
    assert Path(report["run_file"]).is_file()


def test_a_run_ends_with_a_table_a_picture_and_the_path(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("run", "noise_learning", *QUICK, "--seed", "1")
    assert code == 0
    for text in (
        "train accuracy",
        "test accuracy",
        "reads",
        "discarded samples",
        "noise ratio",
        "largest noise correlation",
        "energy in the junctions",
        "bench time",
        "wall time",
        "transactions",
    ):
        assert text in out
    picture = next(line for line in out.splitlines() if line.startswith("picture: "))
    assert Path(picture.removeprefix("picture: ")).read_bytes().startswith(b"\x89PNG")
    file = next(line for line in out.splitlines() if line.startswith("run file: "))
    assert Path(file.removeprefix("run file: ")).is_relative_to(tmp_path / "runs")
    assert "simulated twin" in err
    assert "outputs off, read back" in err


def test_out_wins_over_the_environment(cli: Cli, tmp_path: Path) -> None:
    report = learn(cli, "--seed", "1", "--out", str(tmp_path / "elsewhere"))
    assert Path(report["run_file"]).is_relative_to(tmp_path / "elsewhere")


def test_dry_run_shows_resolved_parameters_and_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("run", "noise_learning", *QUICK, "--dry-run", "--seed", "1")
    assert code == 0
    assert "hidden = [8]" in out
    assert "learning_rate = 0" in out
    assert not (tmp_path / "runs").exists()
    report = learn(cli, "--dry-run", "--seed", "1")
    assert report["run_file"] is None
    assert not (tmp_path / "runs").exists()


def test_parameters_of_a_file_give_way_to_set(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('keep = 2\nbias_v = "90 mV"\n')
    report = learn(cli, "--params", str(file), "--set", "keep=3", "--seed", "1")
    code, out, _ = cli("show", report["run_id"], "--json")
    assert code == 0
    parameters = json.loads(out)["parameters"]
    assert (parameters["keep"], parameters["bias_v"]) == (3, 0.09)


@pytest.mark.parametrize(
    ("arguments", "code", "fragments"),
    [
        (("run", "nose_learning"), 2, ["'nose_learning'", "did you mean 'noise_learning'"]),
        (
            ("run", "noise_learning", "--set", "learning_rat=1"),
            2,
            ["learning_rat: unknown", "did you mean 'learning_rate'"],
        ),
        (
            ("run", "noise_learning", "--set", "bias_v=20"),
            2,
            ["bias_v", "20", "<= 10 V"],
        ),
        (
            ("run", "noise_learning", "--set", "bias_v=2"),
            4,
            ["smu", "limit is 500 mV", "nothing was sent"],
        ),
        (("run", "noise_learning", "--bench", "twinn"), 2, ["twinn", "twin"]),
        (("run", "noise_learning", "--set", "task=irs"), 2, ["irs", "iris"]),
        (("run", "noise_learning", "--set", "hidden=[40]"), 2, ["43", "missing"]),
        (
            ("run", "noise_learning", "--set", "sample_spacing=0.001", "--set", "pass_spacing=0"),
            2,
            ["Reachable"],
        ),
        (("run", "noise_learning", "--set", "rule=node_perturbation"), 2, ["'noise_based'"]),
        (("run", "noise_learning", "--set", "rule=dfb"), 2, ["no rule 'dfb'", "'dfa'"]),
        (("run", "noise_learning", "--set", "fabric=node_nois"), 2, ["'node_noise'"]),
        (("run", "noise_learning", "--set", "max_tau_c_s=1u"), 2, ["tau_c above 1 us", "(0, 0)"]),
        (("run", "noise_learning", "--set", "test_count=150"), 2, ["test_count = 150 of 150"]),
        (("run", "noise_learning", "--seed", "x"), 2, ["--seed"]),
        (("run", "noise_learning", "--set", "epochs"), 2, ["name=value"]),
        (("run", "noise_learning", "--params", "none.toml"), 2, ["none.toml"]),
        (("rum",), 2, ["rum"]),
        (("show", "nothing-like-it"), 1, ["nothing-like-it"]),
        (("check", "missing.toml"), 2, ["missing.toml"]),
    ],
)
def test_bad_input_gets_one_message_and_its_exit_code(
    cli: Cli, arguments: tuple[str, ...], code: int, fragments: list[str]
) -> None:
    got, out, err = cli(*arguments)
    assert got == code, err
    for fragment in fragments:
        assert fragment in err
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (("run", "nose_learning", "--json"), 2, "UsageError"),
        (("run", "noise_learning", "--set", "bias_v=2", "--json"), 4, "LimitError"),
        (("run", "noise_learning", "--bench", "twinn", "--json"), 2, "BenchError"),
        (("run", "noise_learning", "--sed", "3", "--json"), 2, "UsageError"),
    ],
)
def test_json_is_printed_for_every_exit_code(
    cli: Cli, arguments: tuple[str, ...], code: int, kind: str
) -> None:
    got, out, _ = cli(*arguments)
    report = json.loads(out)
    assert got == report["exit_code"] == code
    assert report["status"] == "failed"
    assert report["run_file"] is None
    assert report["error"]["class"] == kind
    assert set(report) >= set(KEYS) | {"error"}


def test_a_limit_leaves_no_run_file(cli: Cli, tmp_path: Path) -> None:
    cli("run", "noise_learning", "--set", "bias_v=2")
    assert list((tmp_path / "runs").rglob("*.h5")) == []


def test_debug_shows_where(cli: Cli) -> None:
    code, _, err = cli("run", "nose_learning", "--debug")
    assert code == 2
    assert "Traceback" in err


def test_a_run_folder_that_cannot_be_is_said_before_anything_is_opened(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    code, _, err = cli("run", "noise_learning", "--out", str(tmp_path / "file" / "runs"))
    assert code == 1
    assert "file" in err


def test_show_and_plot_the_latest(cli: Cli, tmp_path: Path) -> None:
    report = learn(cli, "--seed", "2")
    code, out, _ = cli("show")
    assert code == 0
    assert report["run_file"] in out.replace("\n", "")
    assert "finished" in out
    assert "weights_0" in out
    code, out, _ = cli("plot", "latest", "--out", str(tmp_path / "p.svg"))
    assert code == 0
    assert "<svg" in (tmp_path / "p.svg").read_text()


def test_check_identifies_everything_and_energises_nothing(cli: Cli) -> None:
    code, out, _ = cli("check", "twin")
    assert code == 0
    for text in ("smu", "daq", "KEITHLEY", "nothing was energised"):
        assert text in out


def test_safe_reads_back(cli: Cli) -> None:
    code, out, _ = cli("safe", "twin")
    assert code == 0
    assert out.splitlines() == ["smu: 0 V and off, read back", "daq: no wired outputs"]


def test_version_and_help() -> None:
    for argument, text in (("--version", "mtjlab 0."), ("--help", "noise")):
        done = subprocess.run(
            [Path(sys.executable).parent / "mtjlab", argument],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert text in done.stdout


@pytest.fixture
def absent(tmp_path: Path) -> str:
    """A real bench whose instruments are not there."""
    text = load("twin").text
    file = tmp_path / "real.toml"
    file.write_text(text[: text.index("\n[twin]")])
    return str(file)


@pytest.mark.parametrize("verb", [("check",), ("run", "noise_learning", "--bench")])
def test_absent_instruments_are_named_with_what_was_tried(
    cli: Cli, absent: str, verb: tuple[str, ...], tmp_path: Path
) -> None:
    code, _, err = cli(*verb, absent)
    assert code == 3
    for text in ("smu", "GPIB0::24::INSTR", "Check power, cable and address"):
        assert text in err
    assert list((tmp_path / "runs").rglob("*.h5")) == []


def test_safe_tries_every_instrument_and_proves_none_that_is_absent(cli: Cli, absent: str) -> None:
    code, _, err = cli("safe", absent)
    assert code == 6
    assert "smu: " in err
    assert "daq: " in err


def test_a_real_bench_runs_dry_on_its_twin(cli: Cli, absent: str) -> None:
    report = learn(cli, "--bench", absent, "--dry-run", "--seed", "1")
    assert (report["status"], report["twin"], report["run_file"]) == ("finished", True, None)
