"""The page on other fabrics: its code is that of the examples, it runs, and its figures hold."""

import re
import shlex
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mtjlab.runner import Run, plan
from mtjlab.testing import fabric as promises

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "add-a-fabric.md").read_text(encoding="utf-8")
FABRIC, LEARN, ALIGN, *PART, TEST = re.findall(r"^```py\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^mtjlab run .*$", PAGE, re.MULTILINE)
SEEDS = range(10)


@pytest.fixture(scope="module")
def page() -> Iterator[dict[str, Any]]:
    """What the pieces on the page leave behind, one after the other."""
    names = ("laser_fabric", "laser_part")
    left: dict[str, Any] = {}
    try:
        for name in names:
            sys.modules[name] = module = ModuleType(name)
            path = DOCS / "examples" / f"{name}.py"
            exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
        for number, code in enumerate((LEARN, ALIGN, TEST)):
            exec(compile(code, f"docs/add-a-fabric.md[{number}]", "exec"), left)
        yield left
    finally:
        for name in names:
            sys.modules.pop(name, None)


def test_the_code_on_the_page_is_that_of_the_examples() -> None:
    assert (DOCS / "examples" / "laser_fabric.py").read_text(encoding="utf-8") == FABRIC
    part = (DOCS / "examples" / "laser_part.py").read_text(encoding="utf-8")
    assert len(PART) == 3
    assert all(piece in part for piece in PART)


def test_it_is_as_short_as_promised() -> None:
    body = FABRIC.split('"""', 2)[2]
    assert len([line for line in body.splitlines() if line.strip()]) < 80
    part = (DOCS / "examples" / "laser_part.py").read_text(encoding="utf-8")
    assert len([line for line in part.splitlines() if line.strip()]) < 110


@pytest.mark.parametrize("check", promises.CHECKS, ids=lambda check: check.__name__)
def test_it_does_what_a_fabric_promises(page: dict[str, Any], check: Any) -> None:
    page["test_it_does_what_a_fabric_promises"](page["laser"].__wrapped__(), check)


@pytest.mark.parametrize(
    ("task", "how", "expected"),
    [
        ("xor", {"test_count": 0, "batch": 4, "epochs": 1000}, (1760, 800, 3600)),
        ("iris", {"test_count": 30, "batch": 10, "epochs": 60}, (1600, 1000, 5200)),
    ],
)
def test_ten_of_ten_learn(page: dict[str, Any], task: str, how: Any, expected: Any) -> None:
    reads = [page["teach"](task, seed, **how).reads_to_target for seed in SEEDS]
    assert None not in reads
    # The page's figures to a quarter: numbers of Poisson generators differ between versions.
    found = (median(reads), min(reads), max(reads))
    assert found == pytest.approx(expected, rel=0.25)


@pytest.mark.parametrize("task", ["xor", "iris"])
def test_without_any_noise_nothing_is_learnt(page: dict[str, Any], task: str) -> None:
    kept = {"xor": 0, "iris": 30}[task]
    for seed in SEEDS:
        trainer = page["teach"](
            task, seed, test_count=kept, batch=10, epochs=5, grain=False, amplifier=0.0
        )
        assert trainer.updates == 0
        assert trainer.discarded == trainer.reads // 2 > 0
        assert trainer.reads_to_target is None


def test_the_amplifier_alone_teaches_as_the_page_warns(page: dict[str, Any]) -> None:
    how = {"test_count": 0, "batch": 4, "epochs": 1000, "grain": False}
    reads = [page["teach"]("xor", seed, **how).reads_to_target for seed in range(4)]
    assert None not in reads


def test_the_mean_update_is_nearly_the_gradient(page: dict[str, Any]) -> None:
    found = page["found"]
    assert found.total > 0.98
    assert all(cosine > 0.9 for cosine in found.layers)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: dict[str, Any]) -> Path:
    """A distribution with the page's entry point, as `pip install` leaves it."""
    ((name, target),) = re.findall(
        r'^\[project\.entry-points."mtjlab\.fabrics"\]\n(\w+) = "(.*)"', PAGE, re.MULTILINE
    )
    info = tmp_path / "site" / "laser-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: laser\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[mtjlab.fabrics]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(info.parent)
    return tmp_path


def learn(command: str, runs: Path) -> dict[str, Any]:
    words = shlex.split(command)
    assert words[:3] == ["mtjlab", "run", "noise_learning"]
    settings = [value for flag, value in pairwise(words) if flag == "--set"]
    run = Run(plan("noise_learning", "twin", settings=settings, seed=1, runs_dir=runs))
    run.start()
    assert run.wait(100)
    assert run.outcome.error is None
    return run.outcome.results


@pytest.mark.slow
def test_the_commands_find_it_by_its_entry_point(installed: Path) -> None:
    found = [learn(f"{command} --set stop_at_target=true", installed) for command in COMMANDS]
    alone, under_junctions, control, dim = found
    # Shot noise at half light over that of the amplifier: sqrt(5000) / 20, and / 50.
    assert alone["noise_ratio"] == pytest.approx(np.sqrt(5000) / 20, rel=0.05)
    assert dim["noise_ratio"] == pytest.approx(np.sqrt(5000) / 50, rel=0.08)
    assert alone["reads_to_target"] is not None
    assert under_junctions["transactions"] > 0
    assert control["updates"] == 0
    assert control["reads_to_target"] is None
    assert any("every sample was discarded" in note for note in control["notes"])
