"""A small run on the twin, once for all tests of the views, and the same half-way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtjlab.core.events import Rows, RunEnded, RunStarted, StepDone
from mtjlab.gui.live.collected import Collected
from mtjlab.runner import Run, plan

RUNS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "xor": (
        "noise_learning",
        "twin",
        ("task=xor", "fabric=gaussian", "epochs=40", "evaluate_every=4", "target_accuracy=0.6"),
    ),
}


@pytest.fixture(scope="session")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Path of a finished run by its name in `RUNS`; each is run once."""
    folder = tmp_path_factory.mktemp("runs")
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name not in made:
            protocol, bench, settings = RUNS[name]
            run = Run(plan(protocol, bench, settings=settings, seed=3, runs_dir=folder), [])
            run.start()
            assert run.wait(60)
            assert run.outcome.status == "finished", run.outcome.error
            assert run.outcome.run_file is not None
            made[name] = run.outcome.run_file
        return made[name]

    return of


@pytest.fixture
def ended(run_file: Callable[[str], Path]) -> Callable[[str], Collected]:
    """The run from its file."""
    return lambda name: Collected.of_file(run_file(name))


@pytest.fixture
def half_way(ended: Callable[[str], Collected]) -> Callable[..., Collected]:
    """The same run as it is told while it goes on: the first `share` of every stream."""

    def of(name: str, share: float = 0.5, status: str = "running") -> Collected:
        whole, run = ended(name), Collected()
        streams = tuple(table.stream for table in whole.tables.values())
        run(
            RunStarted(
                "x", whole.protocol, whole.bench, whole.twin, 3, "", streams, whole.parameters
            )
        )
        go_on(run, whole, share)
        if status != "running":
            run(RunEnded(status, None))
        return run

    return of


def go_on(run: Collected, whole: Collected, share: float = 1.0) -> None:
    """Tell `run` the rows of `whole` that it lacks, up to a share of all."""
    for name, table in whole.tables.items():
        begin, end = len(run.tables[name]), round(share * len(table))
        if end > begin:
            run(Rows(name, begin, table.rows[begin:end]))
    run(StepDone(share, 1.0, {"loss": 0.5}, 1.0))
