"""Sessions at the command line: results handed on, mistakes told, failures contained."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtjlab.cli.app import run_command_line
from mtjlab.core.events import Event, StepDone
from mtjlab.runner import Run
from mtjlab.store import RunReader

# Every step is an XOR of a few updates; the second may take its junctions from the first.
QUICK = 'task = "xor", epochs = 2, reference_reads = 100, survey_s = "20m"'
FIRST = f'[[step]]\nname = "one"\nprotocol = "noise_learning"\nparameters = {{{QUICK}}}\n'
SECOND = (
    f'[[step]]\nname = "two"\nprotocol = "noise_learning"\nparameters = {{{QUICK}}}\n'
    'use = {target_accuracy = "one.target_accuracy"}\n'
)
TWIN = '[session]\nbench = "twin"\nseed = 5\n'

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("MTJLAB_BENCH", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(text: str, *arguments: str) -> tuple[int, str, str]:
        Path("day.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as left:
            run_command_line(["run", "day.toml", *arguments])
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, said.out, said.err

    return call


def told(cli: Cli, text: str, *arguments: str) -> dict[str, Any]:
    code, out, _ = cli(text, *arguments, "--json")
    report: dict[str, Any] = json.loads(out)
    assert report["exit_code"] == code
    return report


def statuses(report: dict[str, Any]) -> list[str]:
    return [step["status"] for step in report["steps"]]


def opened(step: dict[str, Any]) -> RunReader:
    return RunReader.open(step["run_file"])


def test_steps_are_runs_linked_to_each_other_with_results_as_parameters(cli: Cli) -> None:
    first = FIRST.replace("epochs", "target_accuracy = 0.75, epochs")
    report = told(cli, TWIN + first + SECOND)
    assert (report["status"], report["bench"], report["seed"]) == ("finished", "twin", 5)
    one, two = report["steps"]
    assert [(step["name"], step["seed"]) for step in (one, two)] == [("one", 5), ("two", 6)]
    with opened(one) as run:
        assert (run.header.session, run.header.step) == (report["session"], "one")
        assert run.header.uses == {}
    with opened(two) as run:
        assert run.header.parameters["target_accuracy"] == 0.75
        assert run.header.session == report["session"]
        assert run.header.uses == {"target_accuracy": f"{one['run_id']}:target_accuracy"}


def test_a_map_says_where_a_network_may_live(cli: Cli) -> None:
    text = TWIN + '[[step]]\nname = "map"\nprotocol = "array_map"\n'
    report = told(
        cli,
        text
        + SECOND.replace("target_accuracy = ", "cells = ").replace(
            '"one.target_accuracy"', '"map.usable_cells"'
        ),
    )
    found, learnt = report["steps"]
    assert report["status"] == "finished", report["error"]
    usable = found["results"]["usable_cells"]
    with opened(learnt) as run:
        rows = run.stream("junctions")
    assert [[int(r), int(c)] for r, c in rows[:, :2]] == usable
    assert 6 <= len(usable) < 32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[session]\n", ["step: missing"]),
        ("[[stepp]]\n", ["stepp: unknown; did you mean 'step'"]),
        (FIRST + FIRST, ["2 steps are called 'one'"]),
        (FIRST.replace("noise_learning", "noise_lerning"), ["step 'one'", "'noise_learning'"]),
        (FIRST.replace("epochs = 2", "epocs = 2"), ["epocs: unknown; did you mean 'epochs'"]),
        (FIRST.replace("epochs = 2", "epochs = 0"), ["epochs: 0 is out of range"]),
        (SECOND + FIRST, ["'one' does not come before 'two'"]),
        (FIRST + SECOND.replace('"one.', '"onne.'), ["no such step; did you mean 'one'"]),
        (FIRST + SECOND.replace("one.target_accuracy", "one"), ['"STEP.RESULT"']),
        (FIRST + SECOND.replace("use = {target", "use = {taget"), ["did you mean 'target_acc"]),
        (FIRST + SECOND.replace("use = {target_accuracy", "use = {epochs"), ["both given and"]),
        (TWIN.replace('"twin"', '"twinn"') + FIRST, ["no bench named 'twinn'"]),
        (FIRST.replace("epochs = 2", "epocs = 2") + SECOND.replace("= 2", "= 0"), ["one", "two"]),
    ],
)
def test_mistakes_are_told_before_anything_is_opened(
    cli: Cli, tmp_path: Path, text: str, words: list[str]
) -> None:
    code, _, said = cli(text)
    assert code == 2
    for word in words:
        assert word in said
    assert not (tmp_path / "runs").exists()


def test_a_failed_step_ends_the_session_or_skips_what_needs_it(cli: Cli) -> None:
    hopeless = FIRST.replace("epochs", 'max_tau_c_s = "1n", epochs')
    third = FIRST.replace('"one"', '"three"')
    report = told(cli, TWIN + hopeless + SECOND + third)
    assert statuses(report) == ["failed", "not run", "not run"]
    assert (report["exit_code"], report["error"]["class"]) == (2, "BenchError")
    going_on = TWIN + 'on_failure = "continue"\n'
    report = told(cli, going_on + hopeless + SECOND + third)
    assert statuses(report) == ["failed", "skipped", "finished"]
    assert report["status"] == "failed"
    assert "needs target_accuracy of 'one'" in report["steps"][1]["error"]["message"]
    stubborn = hopeless + 'on_failure = "stop"\n'
    assert statuses(told(cli, going_on + stubborn + third)) == ["failed", "not run"]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("test_accuracy", "'one' found none: test accuracies"),
        ("target_acuracy", "no such result of 'one'; did you mean 'target_accuracy'"),
    ],
)
def test_a_result_that_is_not_there_is_no_parameter(cli: Cli, result: str, words: str) -> None:
    report = told(cli, TWIN + FIRST + SECOND.replace("one.target_accuracy", f"one.{result}"))
    assert statuses(report) == ["finished", "failed"]
    assert words.partition(":")[0] in report["error"]["message"]


def stopping_the(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C does it once, in the second yield of that step."""
    made = Run.__init__
    pressed = []

    def make(self: Run, plan: Any, listeners: Any = ()) -> None:
        yields = []

        def press(event: Event) -> None:
            yields.append(isinstance(event, StepDone))
            if plan.link.step == name and sum(yields) == 2 and not pressed:
                pressed.append(True)
                self.stop()

        made(self, plan, [*listeners, press])

    monkeypatch.setattr(Run, "__init__", make)


LONG = FIRST.replace("epochs = 2", "epochs = 6, evaluate_every = 2")
LAST = SECOND.replace('"one.', '"two.').replace('"two"\n', '"three"\n')
TWO = LONG.replace('"one"', '"two"')


def test_an_interrupted_session_goes_on_where_it_was(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TWIN + FIRST + TWO + LAST
    whole = told(cli, text)
    assert statuses(whole) == ["finished"] * 3
    stopping_the("two", monkeypatch)
    part = told(cli, text)
    assert statuses(part) == ["finished", "aborted", "not run"]
    assert (part["status"], part["exit_code"]) == ("aborted", 5)
    again = told(cli, text, "--resume")
    assert statuses(again) == ["kept", "finished", "finished"]
    assert again["session"] == part["session"]
    assert again["steps"][0]["run_file"] == part["steps"][0]["run_file"]
    for one, two in zip(whole["steps"], again["steps"], strict=True):
        assert one["results"] == two["results"]
    with opened(again["steps"][1]) as run:
        assert run.header.resumed_from == part["steps"][1]["run_id"]
        assert run.header.step == "two"
    assert statuses(told(cli, text, "--resume")) == ["kept"] * 3


def test_a_session_may_begin_at_a_step_with_what_the_earlier_ones_left(cli: Cli) -> None:
    unseeded = TWIN.replace("seed = 5\n", "")
    before = told(cli, unseeded + FIRST + SECOND)
    again = told(cli, unseeded + FIRST + SECOND, "--from", "two")
    assert statuses(again) == ["kept", "finished"]
    assert again["seed"] == before["seed"]
    assert again["steps"][1]["results"] == before["steps"][1]["results"]
    changed = FIRST.replace("epochs = 2", "epochs = 3")
    report = told(cli, unseeded + changed + SECOND, "--from", "two")
    assert statuses(report) == ["failed", "not run"]
    assert "epochs = 2, now 3" in report["error"]["message"]
    assert "--from one" in report["error"]["message"]
    code, _, said = cli(unseeded + FIRST, "--from", "tow")
    assert code == 2
    assert "no step 'tow'" in said


def test_going_on_needs_something_to_go_on_from(cli: Cli) -> None:
    code, _, said = cli(TWIN + FIRST, "--resume")
    assert (code, "there is nothing to go on from" in said) == (2, True)
    code, _, said = cli(TWIN + FIRST, "--resume", "--dry-run")
    assert (code, "--dry-run leaves none" in said) == (2, True)
    code, _, said = cli(TWIN + FIRST, "--params", "x.toml")
    assert (code, "--params is for one protocol" in said) == (2, True)


def test_the_command_line_wins_and_a_dry_run_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    report = told(
        cli, TWIN + FIRST + SECOND, "--dry-run", "--seed", "9", "--set", "one.target_accuracy=0.8"
    )
    assert [step["seed"] for step in report["steps"]] == [9, 10]
    assert [step["results"]["target_accuracy"] for step in report["steps"]] == [0.8, 0.8]
    assert [step["run_file"] for step in report["steps"]] == [None, None]
    assert not list(tmp_path.glob("runs/*/*.h5"))
    code, _, said = cli(TWIN + FIRST, "--set", "epochs=3")
    assert (code, "STEP.NAME=VALUE" in said) == (2, True)


def test_a_person_sees_every_step_and_a_table(cli: Cli) -> None:
    code, out, _ = cli(TWIN + FIRST + SECOND)
    assert code == 0
    assert "step 1 of 2: one" in out
    assert "session day-" in out
    assert out.count("-noise_learning-") >= 4


def test_a_step_may_have_a_bench_of_its_own(cli: Cli) -> None:
    sweep = '[[step]]\nprotocol = "iv_sweep"\nbench = "array"\nparameters = {points = 3}\n'
    report = told(cli, TWIN + FIRST + sweep)
    assert report["status"] == "finished", report["error"]
    assert (report["bench"], [step["bench"] for step in report["steps"]]) == (
        "twin",
        ["twin", "array"],
    )
    benches = [
        step["bench"] for step in told(cli, TWIN + FIRST + sweep, "--bench", "twin")["steps"]
    ]
    assert benches == ["twin", "twin"]
    code, _, said = cli(TWIN + FIRST + sweep.replace('"array"', '"aray"'))
    assert (code, "step 'iv_sweep': no bench named 'aray'" in said) == (2, True)
