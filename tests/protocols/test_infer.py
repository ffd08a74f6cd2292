"""A trained network shown to junctions again: the same network, honest numbers, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.core.errors import BenchError, DataError, ParameterError, StoreError
from mtjlab.core.events import Event, StepDone
from mtjlab.pictures import picture
from mtjlab.runner import Outcome, Plan, Run, plan, resumed
from mtjlab.store import RunReader, compare

QUICK = ("reference_reads=100", "survey_s=20m")
IRIS = ("task=iris", "epochs=8", "decorrelation_rate=0.001", *QUICK)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MTJLAB_RUNS", str(tmp_path))
    return tmp_path


def planned(runs: Path, protocol: str, *settings: str, bench: str = "twin", seed: int = 3) -> Plan:
    return plan(protocol, bench, settings=settings, seed=seed, runs_dir=runs)


def ended(what: Plan, *, stop_after: int | None = None) -> Outcome:
    seen = 0

    def count(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, StepDone)
        if seen == stop_after:
            run.stop()

    run = Run(what, [count])
    run.start()
    run.wait()
    return run.outcome


def done(what: Plan) -> tuple[Path, dict[str, Any]]:
    outcome = ended(what)
    assert outcome.status == "finished", outcome.error
    assert outcome.run_file is not None
    return outcome.run_file, outcome.results


def test_the_network_is_the_one_that_has_learnt(runs: Path) -> None:
    _, learnt = done(planned(runs, "noise_learning", *IRIS))
    path, results = done(planned(runs, "infer", "run=latest", "rounds=5", seed=8))
    # Without noise there is nothing left to chance: the same weights give the same answers.
    assert results["accuracy_clean"] == learnt["test_accuracy_clean"]
    assert results["trained_accuracy"] == learnt["test_accuracy"]
    assert (results["samples"], results["reads"]) == (30, 150)
    with RunReader.open(path) as run:
        answers = run.stream("answers")
    right = answers[:, 2] == answers[:, 3]
    assert results["accuracy"] == pytest.approx(right.mean())
    assert results["accuracy_low"] <= results["accuracy"] <= results["accuracy_high"]
    assert sum(map(sum, results["confusion"])) == 150
    diagonal = [results["confusion"][i][i] for i in range(3)]
    assert sum(diagonal) == right.sum()
    by_class = results["per_class"]
    assert [one["samples"] for one in by_class] == [10, 10, 10]
    assert np.mean([one["accuracy"] for one in by_class]) == pytest.approx(results["accuracy"])
    assert results["energy_per_inference_j"] * 150 == pytest.approx(results["energy_j"])
    assert 0 < results["energy_per_inference_j"] < 1e-6
    assert picture(path).stat().st_size > 10_000
    # Votes of every sample, counted from the file.
    votes = np.zeros((150, 3))
    np.add.at(votes, (answers[:, 1].astype(int), answers[:, 3].astype(int)), 1)
    rows, labels = answers[:30, 1].astype(int), answers[:30, 2].astype(int)
    clear = np.sort(votes[rows], axis=1)[:, -1] > np.sort(votes[rows], axis=1)[:, -2]
    assert clear.all()
    voted = (votes[rows].argmax(axis=1) == labels).mean()
    assert results["accuracy_majority"] == pytest.approx(voted)


def test_a_stopped_inference_gone_on_with_has_the_same_bytes(runs: Path) -> None:
    done(planned(runs, "noise_learning", *IRIS, "weight_levels=3", "programming_noise=0.05"))
    asked = ("run=latest", "rounds=60", "batch=4")
    whole = ended(planned(runs, "infer", *asked))
    part = ended(planned(runs, "infer", *asked), stop_after=3)
    assert part.status == "aborted"
    assert part.run_file is not None
    with RunReader.open(part.run_file) as begun:
        again = ended(resumed(begun, runs_dir=runs))
    assert again.status == "finished", again.error
    assert whole.run_file is not None
    assert again.run_file is not None
    with RunReader.open(whole.run_file) as one, RunReader.open(again.run_file) as two:
        assert compare(one, two).same_rows
    assert again.results == whole.results


def test_learnt_on_a_model_it_runs_on_junctions(runs: Path) -> None:
    _, learnt = done(planned(runs, "noise_learning", *IRIS, "fabric=gaussian"))
    _, results = done(planned(runs, "infer", "fabric=node_noise", "rounds=3"))
    assert results["accuracy_clean"] == learnt["test_accuracy_clean"]
    assert results["noise_ratio"] > 1
    assert "the network has learnt on gaussian" in results["notes"]
    with pytest.raises(AssertionError, match="does not compute what gaussian does"):
        done(planned(runs, "infer", "fabric=neuron"))


def test_neurons_are_those_of_their_chip(runs: Path, tmp_path: Path) -> None:
    path, _ = done(
        planned(runs, "noise_learning", "task=xor", "hidden=[3]", "fabric=neuron", "epochs=2",
                *QUICK, bench="array")
    )  # fmt: skip
    with RunReader.open(path) as run:
        rows = run.stream("junctions")
        chip, text = run.header.chip, run.header.bench_toml
    learnt_on = {(int(r), int(c)) for r, c in rows[rows[:, 7] >= 0][:, :2]}
    found, results = done(planned(runs, "infer", "part=train", "rounds=2", bench="array"))
    with RunReader.open(found) as run:
        rows = run.stream("junctions")
    assert {(int(r), int(c)) for r, c in rows[rows[:, 7] >= 0][:, :2]} == learnt_on
    assert 0 <= results["saturated_fraction"] <= 1
    other = tmp_path / "other.toml"
    other.write_text(text.replace(f'id = "{chip}"', 'id = "another"', 1), encoding="utf-8")
    outcome = ended(planned(runs, "infer", "part=train", bench=str(other)))
    assert isinstance(outcome.error, BenchError)
    assert "of chip" in str(outcome.error)
    assert "'another'" in str(outcome.error)
    assert outcome.run_file is None


def test_what_cannot_be_shown_is_refused_before_anything_is_on(runs: Path) -> None:
    with pytest.raises(StoreError, match="no finished run of noise_learning"):
        planned(runs, "infer")
    path, _ = done(planned(runs, "noise_learning", "task=xor", "epochs=1", *QUICK))
    outcome = ended(planned(runs, "infer"))
    assert isinstance(outcome.error, DataError)
    assert "part = test" in str(outcome.error)
    found, results = done(planned(runs, "infer", "part=all", "rounds=1"))
    assert results["samples"] == 4
    assert "trained_accuracy: the learning run has none of this part" in results["notes"]
    with pytest.raises(DataError, match="is of infer, not of noise_learning"):
        planned(runs, "infer", f"run={found}")
    with pytest.raises(ParameterError, match="rounds"):
        planned(runs, "infer", "rounds=0")
    part = ended(planned(runs, "noise_learning", *IRIS, "epochs=500"), stop_after=2)
    with pytest.raises(DataError, match="resume"):
        planned(runs, "infer", f"run={part.run_file}")
    gone = planned(runs, "infer", f"run={path}")
    path.unlink()
    assert isinstance(ended(gone).error, StoreError)


def test_a_bench_with_too_few_junctions_is_told(runs: Path) -> None:
    done(planned(runs, "noise_learning", *IRIS))
    outcome = ended(planned(runs, "infer", "cells=[[0, 0], [0, 1]]"))
    assert isinstance(outcome.error, BenchError)
    assert "missing" in str(outcome.error)
