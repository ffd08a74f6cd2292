"""`check --conformance` on the twin: asks, tries everything, fails loudly, ends safe."""

import io
from pathlib import Path
from typing import Any

import pytest

from mtjlab.bench.open import OpenBench
from mtjlab.cli.app import run_command_line
from mtjlab.core.errors import NotSafeError
from mtjlab.core.units import si
from mtjlab.testing import source_meter
from mtjlab.testing.verdict import require


@pytest.fixture
def file(text: Any, meter: Any, tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    answers = '[twin.instruments.meter.replies]\n"MEAS:VOLT:DC? DEF,DEF" = "1"'
    path.write_text(text(instruments=meter(), twin=answers))
    return str(path)


def check(file: str, *options: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_command_line(["check", file, "--conformance", *options])
    return int(left.value.code or 0)


def test_everything_is_tried_and_passes(file: str, capsys: Any) -> None:
    assert check(file, "--yes") == 0
    out = capsys.readouterr().out
    # A twentieth of 0.5 V, which an open junction would see.
    assert f"smu: output on at up to {si(0.025, 'V')} either way" in out
    assert f"{len(source_meter.CHECKS) + 1} checks passed" in out
    assert "0 V and off, read back" in out


def test_without_a_terminal_nothing_is_energised(
    file: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtjlab.cli.conformance.judge", lambda *_: pytest.fail("energised"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert check(file) == 2
    assert "add --yes" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 5)])
def test_it_asks_first(file: str, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda _question: answer)
    assert check(file) == code


def test_one_that_fails_is_named_and_the_bench_is_safe(
    file: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_of_mine(subject: source_meter.SourceUnderTest) -> None:
        subject.source.configure(subject.settings)
        subject.source.output(True)
        subject.source.set_level(subject.level)
        require(False, "it leaves its output on")

    states = []
    safe = OpenBench.make_safe

    def make_safe(bench: OpenBench) -> Any:
        states.append(bench.sources()["smu"].state().output_on)
        made = safe(bench)
        states.append(bench.sources()["smu"].state().output_on)
        return made

    monkeypatch.setattr(source_meter, "CHECKS", (check_of_mine,))
    monkeypatch.setattr(OpenBench, "make_safe", make_safe)
    assert check(file, "--yes") == 3
    said = capsys.readouterr()
    assert "of mine" in said.out
    assert "1 of 2 conformance checks failed" in said.err
    assert states == [True, False]


def test_what_cannot_be_made_safe_is_the_last_word(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsafe(_bench: OpenBench) -> None:
        raise NotSafeError("smu")

    monkeypatch.setattr(OpenBench, "make_safe", unsafe)
    assert check(file, "--yes") == 6
