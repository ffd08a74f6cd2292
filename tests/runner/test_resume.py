"""A run that ended early and was gone on with is the run that was never interrupted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import ParameterError, StoreError
from mtjlab.core.events import Event, StepDone
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceSettings
from mtjlab.runner import Outcome, Plan, Run, plan, replayed, resumed
from mtjlab.runner.channels import Channels
from mtjlab.runner.continued import Begun
from mtjlab.store import RunReader, compare

SHORT = ("epochs=6", "reference_reads=200", "evaluate_every=4")


def planned(runs: Path, *settings: str, seed: int = 5) -> Plan:
    return plan("noise_learning", "twin", settings=[*SHORT, *settings], seed=seed, runs_dir=runs)


def carried_out(what: Plan, *, stop_after: int | None = None) -> Outcome:
    """Run to the end, or stop at the yield after so many."""
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


def opened(outcome: Outcome) -> RunReader:
    assert outcome.run_file is not None, outcome.error
    return RunReader.open(outcome.run_file)


@pytest.mark.parametrize(
    ("settings", "cut"),
    [
        ((), 1),
        ((), 5),
        (("decorrelation_rate=0.001", "reads_per_sample=3"), 3),
        (("keep=4", "schedule=constant"), 9),
    ],
)
def test_a_stopped_run_gone_on_with_has_the_same_bytes(
    tmp_path: Path, settings: tuple[str, ...], cut: int
) -> None:
    whole = carried_out(planned(tmp_path, *settings))
    part = carried_out(planned(tmp_path, *settings), stop_after=cut)
    assert part.status == "aborted"
    with opened(part) as begun:
        again = carried_out(resumed(begun, runs_dir=tmp_path))
    assert again.status == "finished"
    with opened(whole) as one, opened(again) as two, opened(part) as begun:
        found = compare(one, two)
        assert found.same_rows, found.streams
        assert found.results == ()
        assert two.header.resumed_from == begun.header.run_id
        assert two.header.seed == one.header.seed


def test_a_run_may_be_gone_on_with_as_often_as_it_ends(tmp_path: Path) -> None:
    whole = carried_out(planned(tmp_path))
    last = carried_out(planned(tmp_path), stop_after=2)
    for _ in range(2):
        with opened(last) as begun:
            last = carried_out(resumed(begun, runs_dir=tmp_path), stop_after=3)
        assert last.status == "aborted"
    with opened(last) as begun:
        last = carried_out(resumed(begun, runs_dir=tmp_path))
    with opened(whole) as one, opened(last) as two:
        assert compare(one, two).same_rows


def test_stopped_before_its_first_step_it_can_still_be_gone_on_with(tmp_path: Path) -> None:
    """The checkpoint of the first run is kept: the world of the second never came to it."""
    part = carried_out(planned(tmp_path), stop_after=3)
    with opened(part) as begun:
        at_once = Run(resumed(begun, runs_dir=tmp_path))
    at_once.stop()
    at_once.start()
    at_once.wait()
    with opened(at_once.outcome) as begun:
        again = carried_out(resumed(begun, runs_dir=tmp_path))
    with opened(carried_out(planned(tmp_path))) as one, opened(again) as two:
        assert compare(one, two).same_rows


def test_what_cannot_be_gone_on_with_says_why(tmp_path: Path) -> None:
    finished = carried_out(planned(tmp_path))
    with opened(finished) as run, pytest.raises(StoreError, match="has finished"):
        resumed(run, runs_dir=tmp_path)
    part = carried_out(planned(tmp_path), stop_after=2)
    with opened(part) as run:
        other = replace(run.header, parameters={**run.header.parameters, "colour": "red"})
        run.header = other
        with pytest.raises(ParameterError, match="colour: unknown"):
            resumed(run, runs_dir=tmp_path)


def test_other_streams_than_today_are_refused(tmp_path: Path) -> None:
    part = carried_out(planned(tmp_path), stop_after=2)
    with opened(part) as run:
        narrower = resumed(run, runs_dir=tmp_path)
    params: Any = narrower.params
    outcome = carried_out(replace(narrower, params=params.model_copy(update={"hidden": [5]})))
    assert isinstance(outcome.error, StoreError)
    assert "weights_0" in str(outcome.error)


def test_a_replay_repeats_every_row_from_the_file_alone(tmp_path: Path) -> None:
    first = carried_out(planned(tmp_path, seed=9))
    with opened(first) as run:
        again = carried_out(replayed(run, runs_dir=tmp_path / "replay"))
        with opened(again) as two:
            assert compare(run, two).same_rows
    other = carried_out(planned(tmp_path, seed=10))
    with opened(first) as one, opened(other) as two:
        found = compare(one, two)
    assert not found.same_rows
    assert [difference.name for difference in found.header] == ["seed"]
    step = next(s for s in found.streams if s.name == "step")
    assert step.first == 0
    assert step.largest is not None
    assert np.isfinite(step.largest)


def test_ramps_go_on_from_where_the_outputs_stood(tmp_path: Path) -> None:
    """The guard of the new bench knows what the twin's world was restored to."""
    part = carried_out(planned(tmp_path, "bias_v=0.12"), stop_after=2)
    with opened(part) as run:
        begun = Begun.of(run)
    assert begun.setpoints["smu"] == 0.12
    with OpenBench(load("twin"), generators=Generators(1), notice=lambda *_: None) as bench:
        rig = bench.rig(lambda *_: None)
        rig.sources["smu"].configure(SourceSettings("voltage", 0.2, 1e-3))
        rig.sources["smu"].output(True)
        rig.sources["smu"].set_level(0.05)
        begun.take_up(bench, Channels(bench))
        assert bench.guard.setpoints["smu"] == 0.12
        assert rig.sources["smu"].state().level == pytest.approx(0.12)
        bench.make_safe()
