"""The page on protocols: its code is that of the example, it runs by its name, its figures hold."""

import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mtjlab.runner import Run, plan

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "add-a-protocol.md").read_text(encoding="utf-8")
EXAMPLE = DOCS / "examples" / "noise_budget.py"
HEAD, BODY, TEST = re.findall(r"^```py\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^mtjlab run .*$", PAGE, re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with the page's entry point, as `pip install` leaves it."""
    ((name, target),) = re.findall(
        r'^\[project\.entry-points."mtjlab\.protocols"\]\n(\w+) = "(.*)"', PAGE, re.MULTILINE
    )
    site = tmp_path / "site"
    info = site / "noise_budget-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: noise_budget\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[mtjlab.protocols]\n{name} = {target}\n")
    (site / "noise_budget.py").write_text(HEAD + "\n\n" + BODY, encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "noise_budget", raising=False)
    return tmp_path / "runs"


def measured(command: str, runs: Path) -> dict[str, Any]:
    words = shlex.split(command)
    assert words[:3] == ["mtjlab", "run", "noise_budget"]
    settings = [value for flag, value in pairwise(words) if flag == "--set"]
    run = Run(plan("noise_budget", "twin", settings=settings, seed=1, runs_dir=runs))
    run.start()
    assert run.wait(60)
    assert run.outcome.error is None
    return run.outcome.results


def test_the_code_on_the_page_is_that_of_the_example_and_short() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == f"{HEAD}\n\n{BODY}"
    assert len([line for line in (HEAD + BODY).splitlines() if line.strip()]) <= 80


def test_the_commands_find_it_and_its_figures_hold(installed: Path) -> None:
    whole, some, _ = COMMANDS
    found = measured(whole, installed)
    assert found["median_noise_share"] == pytest.approx(0.99997, abs=2e-5)
    stuck = {tuple(one["cell"]): one["noise_share"] for one in found["budget"]}.pop((0, 11))
    assert abs(stuck) < 0.2
    assert [note for note in found["notes"] if note.startswith("[0, 11]: ")]
    cells = [one["cell"] for one in measured(some, installed)["budget"]]
    assert cells == [[0, 0], [0, 3]]


def test_its_test_passes(installed: Path, tmp_path: Path) -> None:
    left: dict[str, Any] = {}
    exec(compile(TEST, "docs/add-a-protocol.md", "exec"), left)
    left["test_a_run_that_was_stopped_is_gone_on_with"](tmp_path)
