"""Runs of any protocol, whole or in two parts, and what the twin's junctions truly are."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mtjlab.bench.file import load
from mtjlab.core.events import Event, StepDone
from mtjlab.core.protocol import Rig
from mtjlab.pictures.columns import columns
from mtjlab.runner import Outcome, Run, plan, resumed
from mtjlab.store import RunReader, compare
from sim_backend.physics.devices import Devices
from sim_backend.physics.singles import OperatingPoint, Singles


class Lab:
    """Runs protocols into one folder."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._open = ExitStack()

    def run(
        self,
        protocol: str,
        bench: str,
        *settings: str,
        seed: int = 5,
        stop_after: int | None = None,
    ) -> Outcome:
        """To the end, or stopped at the yield after so many."""
        what = plan(protocol, bench, settings=settings, seed=seed, runs_dir=self.runs)
        return self._carry_out(what, stop_after)

    def go_on(self, begun: Outcome, *, stop_after: int | None = None) -> Outcome:
        """With a run that ended early."""
        return self._carry_out(resumed(self.reader(begun), runs_dir=self.runs), stop_after)

    def reader(self, outcome: Outcome) -> RunReader:
        """Of the run file."""
        assert outcome.run_file is not None, outcome.error
        return self._open.enter_context(RunReader.open(outcome.run_file))

    def table(self, outcome: Outcome, stream: str) -> dict[str, NDArray[np.float64]]:
        """Columns of a stream by name."""
        return dict(columns(self.reader(outcome), stream))

    def same(self, one: Outcome, other: Outcome) -> None:
        """Demand the same rows and results of both."""
        found = compare(self.reader(one), self.reader(other))
        assert found.same_rows, found.streams
        assert found.results == ()

    def close(self) -> None:
        """All files."""
        self._open.close()

    def _carry_out(self, what: Any, stop_after: int | None) -> Outcome:
        seen = 0

        def count(event: Event) -> None:
            nonlocal seen
            seen += isinstance(event, StepDone)
            if stop_after is not None and seen == stop_after:
                run.stop()

        run = Run(what, [count])
        run.start()
        run.wait()
        return run.outcome


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A run folder of the test's own."""
    made = Lab(tmp_path / "runs")
    yield made
    made.close()


@pytest.fixture
def bench_like(tmp_path: Path) -> Callable[..., str]:
    """A shipped bench with some text replaced or added at its end; the path of the file."""

    def made(name: str, *replace: tuple[str, str], add: str = "") -> str:
        text = load(name).text
        for old, new in replace:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}.toml"
        path.write_text(text + add)
        return str(path)

    return made


def truth(bench: str) -> Devices:
    """The junctions of a twin, singles first."""
    file = load(bench).file
    wiring = file.wiring.resolve()
    assert file.twin is not None
    return Devices.draw(
        file.twin.junction_parameters(),
        file.twin.junction_spread(),
        file.twin.junction_faults(wiring),
        len(wiring.cells),
        file.chip.seed,
    )


def single_points(bench: str, bias_v: float) -> OperatingPoint:
    """Of all single junctions of a twin with this bias behind each divider."""
    wires = load(bench).file.wiring.resolve().singles
    singles = Singles(
        truth(bench).take(np.arange(len(wires))),
        np.array([wire.series_ohm for wire in wires]),
        np.ones(len(wires)),
    )
    return singles.at(np.full(len(wires), bias_v), field_t=np.zeros(len(wires)))


@pytest.fixture(name="truth")
def _truth() -> Callable[[str], Devices]:
    return truth


@pytest.fixture(name="single_points")
def _single_points() -> Callable[[str, float], OperatingPoint]:
    return single_points


__all__ = ["Lab", "Rig"]
