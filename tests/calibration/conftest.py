"""Small runs of real protocols on a small twin, made once."""

from pathlib import Path

import pytest

from benchmarks.twin_round_trip import SLIM, hidden_bench
from mtjlab.runner import Run, plan

CELLS = "cells=[[0,0],[0,1],[0,2],[0,3],[0,4],[0,5]]"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bench file of a hidden twin, with a comment in its wiring."""
    path = tmp_path_factory.mktemp("benches") / "hidden.toml"
    text = hidden_bench(3, SLIM).replace("[limits]", "# what it survives\n[limits]")
    path.write_text(f"# our rack\n\n{text}")
    return path


@pytest.fixture(scope="session")
def runs(bench: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run file of each protocol that a twin can be fitted to."""
    folder = tmp_path_factory.mktemp("runs")
    asked = {
        "bias_sweep": (CELLS, "points=3", "max_block_s=0.02"),
        "telegraph": (CELLS, "duration_s=0.02"),
        "array_map": ("duration_s=0.02", "confirm_s=0.05"),
        "noise_learning": ("epochs=1", "survey_s=0.02", "reference_reads=100", "hidden=[2]"),
    }
    return {name: made(name, str(bench), settings, folder) for name, settings in asked.items()}


def made(protocol: str, bench: str, settings: tuple[str, ...], folder: Path) -> Path:
    run = Run(plan(protocol, bench, settings=settings, seed=2, runs_dir=folder), [])
    run.start()
    run.wait()
    assert run.outcome.run_file is not None, run.outcome.error
    assert run.outcome.error is None
    return run.outcome.run_file
