"""The tables of docs/results.md: made of whole sets of runs, and left alone otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results.__main__ import PAGE, TABLES, text
from benchmarks.results.case import Case, Found
from benchmarks.results.figures import points, reached, reads
from benchmarks.results.kept import Kept

HOME = Path(__file__).resolve().parents[2]


RATES = (
    "train_accuracy",
    "train_accuracy_clean",
    "test_accuracy",
    "test_accuracy_clean",
    "test_accuracy_majority",
    "noise_ratio",
    "noise_correlation_max",
)


def found(reads_to_target: int | None, **other: Any) -> Found:
    measured = {
        "reads_to_target": reads_to_target,
        "reads": 2000,
        "discarded_samples": 1000,
        "evaluations": [[100.0, 0.5, 0.93, None]] * 60,
        "notes": ["nothing was learnt"],
    }
    return measured | dict.fromkeys(RATES, 0.9) | other


def kept(path: Path, cases: tuple[Case, ...], seeds: list[int]) -> Kept:
    runs = {
        case.command: {
            str(seed): {
                "day": "2026-01-01",
                "revision": "abc",
                "fingerprint": case.fingerprint,
                "results": found(800),
            }
            for seed in seeds
        }
        for case in cases
    }
    path.write_text(json.dumps(runs))
    return Kept(path)


def test_figures() -> None:
    runs = [found(100), found(300), found(None)]
    assert reads(runs) == ("300", "never")
    assert reads([found(None), found(None), found(100)]) == ("never", "never")
    assert reached(runs) == "2 of 3"
    assert points([found(1, test_accuracy=a) for a in (0.9, 0.94)], "test_accuracy") == (
        "92.00 ± 2.83"
    )
    assert points([found(1, test_accuracy=None)], "test_accuracy") == "-"


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_whole_or_not_there(name: str, tmp_path: Path) -> None:
    table = TABLES[name]
    seeds = list(table.seeds)[:2]
    whole = text(table, kept(tmp_path / "whole.json", table.cases, seeds), seeds)
    assert whole is not None
    assert "2026-01-01, revision abc" in whole
    assert all(case.command in whole for case in table.cases)
    assert len({case.label for case in table.cases}) == len(table.cases)
    assert text(table, kept(tmp_path / "part.json", table.cases[1:], seeds), seeds) is None


def test_runs_of_another_file_are_not_these_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.toml").write_text("epochs = 1")
    case = Case("a", "a")
    runs = kept(tmp_path / "runs.json", (case,), [1])
    assert runs.found(case, [1]) == [found(800)]
    assert runs.found(case, [1, 2]) is None
    (tmp_path / "data" / "a.toml").write_text("epochs = 2")
    assert runs.found(case, [1]) is None


def test_the_commands_name_files_that_are_there() -> None:
    for table in TABLES.values():
        for case in table.cases:
            words = case.command.split()
            files = [word for word in words if word.startswith("data/")]
            assert all((HOME / file).is_file() for file in files), case.command


def test_the_page_has_a_place_for_each_table() -> None:
    page = (HOME / PAGE).read_text(encoding="utf-8")
    for name in TABLES:
        assert page.count(f"<!-- {name} -->") == page.count(f"<!-- end of {name} -->") == 1


def test_a_case_is_what_a_person_types() -> None:
    case = Case("x", "xor", ("junctions=off", "options={a={b=1}}"), "array")
    assert case.command == (
        "--params data/xor.toml --bench array --set junctions=off --set 'options={a={b=1}}'"
    )
