"""The whole path: protocol, guard, drivers, vendor packages, twin; and what it claims."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Progress, Results
from mtjlab.runner import Outcome, Run, plan
from mtjlab.store import RunReader
from protocols.noise_learning import NoiseLearning, conditions

SHORT = ("epochs=3", "reference_reads=200")


def learn(tmp_path: Path, seed: int, *settings: str) -> Outcome:
    run = Run(plan("noise_learning", "twin", settings=settings, seed=seed, runs_dir=tmp_path))
    run.start()
    assert run.wait(100)
    if run.outcome.error is not None:
        raise run.outcome.error
    return run.outcome


def stream(outcome: Outcome, name: str) -> NDArray[Any]:
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        return reader.stream(name)


@pytest.mark.slow
def test_nine_of_ten_seeds_reach_95_percent_within_4000_reads(tmp_path: Path) -> None:
    reached = []
    for seed in range(100, 110):
        results = learn(tmp_path, seed, "stop_at_target=true").results
        reads = results["reads_to_target"]
        reached.append(reads is not None and reads <= 4000)
        assert results["noise_ratio"] > 10
        assert results["noise_correlation_max"] < 0.3
    assert sum(reached) >= 9


def test_counts_agree_with_each_other_and_with_the_streams(tmp_path: Path) -> None:
    outcome = learn(tmp_path, 1, *SHORT)
    results = outcome.results
    steps = stream(outcome, "step")
    evaluations = stream(outcome, "evaluation")
    assert results["updates"] == len(steps) == 36
    assert results["reads"] == steps[-1, 0] == 3 * 120 * 2
    # Both passes of all layers come out of one hardware-timed block.
    assert results["transactions"] == results["updates"]
    # At the end once more, then the vote and the mean of eight on the test part.
    assert results["evaluation_transactions"] == 2 * len(evaluations) + 4
    assert results["evaluation_reads"] == 150 * len(evaluations) + 150 + 30 * (9 + 8)
    assert results["discarded_samples"] == steps[:, 3].sum()
    assert 0 < results["energy_j"] < 1e-3
    assert outcome.bench_time_s > results["learning_time_s"] > 0


def test_every_node_has_a_junction_of_its_own_and_the_bad_ones_are_masked(
    tmp_path: Path,
) -> None:
    outcome = learn(tmp_path, 2, *SHORT)
    junctions = stream(outcome, "junctions")
    assert len(junctions) == 32
    nodes = junctions[:, 7]
    assert sorted(nodes[nodes >= 0]) == list(range(11))
    faulty = [f.cell[1] for f in load("twin").file.twin.faults]  # type: ignore[union-attr]
    assert faulty
    assert all(nodes[junctions[:, 1] == column] == -1 for column in faulty)
    used = junctions[nodes >= 0]
    assert np.all(np.diff(used[:, 2:4]) > 5e-3)
    assert np.all(used[:, 6] > 10)
    assert outcome.run_file is not None
    with RunReader.open(outcome.run_file) as reader:
        log = "\n".join(entry.text for entry in reader.log())
    for column in faulty:
        assert f"junction (0, {column})" in log


def test_reads_of_a_junction_are_three_correlation_times_apart(tmp_path: Path) -> None:
    results = learn(tmp_path, 3, *SHORT).results
    assert results["sample_spacing_s"] == pytest.approx(3 * results["slowest_tau_c_s"], rel=0.02)
    assert results["pass_spacing_s"] == pytest.approx(10 * results["sample_spacing_s"])


def test_junctions_off_says_that_nothing_was_learnt_from_them(tmp_path: Path) -> None:
    results = learn(tmp_path, 4, *SHORT, "junctions=off").results
    assert results["noise_ratio"] == 0.0
    assert any("NOT learnt from the junctions" in note for note in results["notes"])
    assert results["discarded_samples"] < results["reads"] / 2


def test_without_any_noise_every_sample_is_discarded_and_no_weight_moves(
    tmp_path: Path,
) -> None:
    outcome = learn(tmp_path, 5, *SHORT, "junctions=off", "instrument_noise=off")
    results = outcome.results
    assert results["discarded_samples"] == results["reads"] / 2
    assert results["updates"] == 0
    assert results["reads_to_target"] is None
    assert any("every sample was discarded" in note for note in results["notes"])
    for name in ("weights_0", "weights_1"):
        first, *later = stream(outcome, name)
        assert later
        assert all(np.array_equal(first, row) for row in later)


@pytest.mark.parametrize("most", [200, 2])
def test_weights_are_kept_while_they_move_and_never_too_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(conditions, "MOST_WEIGHT_ROWS", most)
    outcome = learn(tmp_path, 5, *SHORT, "evaluate_every=4", "optimiser=sgd")
    evaluations = len(stream(outcome, "evaluation"))
    every = -(-evaluations // most)
    # The last evaluation is the end.
    assert outcome.results["updates"] == 4 * evaluations
    for name in ("weights_0", "bias_0", "weights_1", "bias_1"):
        rows = stream(outcome, name)
        assert len(rows) == 1 + (evaluations - 1) // every + 1
        assert not any(np.array_equal(one, two) for one, two in pairwise(rows))


def test_junctions_on_learn_without_any_instrument_noise(tmp_path: Path) -> None:
    results = learn(tmp_path, 6, *SHORT, "instrument_noise=off").results
    assert results["updates"] == 36
    assert results["noise_ratio"] is None or results["noise_ratio"] > 100


def test_instrument_noise_cannot_be_switched_off_on_a_real_bench(tmp_path: Path) -> None:
    text = load("twin").text
    real = tmp_path / "real.toml"
    real.write_text(text[: text.index("\n[twin]")])
    with pytest.raises(Exception, match="instrument_noise"):
        plan("noise_learning", str(real), settings=["instrument_noise=off"], runs_dir=tmp_path)


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    one, two = learn(tmp_path, 7, *SHORT), learn(tmp_path, 7, *SHORT)
    other = learn(tmp_path, 8, *SHORT)
    for name in ("step", "evaluation", "junctions", "trace", "weights_0", "weights_1"):
        assert stream(one, name).tobytes() == stream(two, name).tobytes(), name
        assert stream(one, name).tobytes() != stream(other, name).tobytes(), name


def test_averaging_and_more_reads_per_sample(tmp_path: Path) -> None:
    results = learn(tmp_path, 9, *SHORT, "keep=4", "reads_per_sample=3").results
    assert results["reads"] == 3 * 120 * 3
    assert results["transactions"] == 36


class Bench:
    """An opened twin that collects what a protocol emits, without a runner."""

    def __init__(self, seed: int) -> None:
        self.emitted: list[tuple[str, NDArray[Any]]] = []
        self.generators = Generators(seed)
        self.bench = OpenBench(
            load("twin"), generators=self.generators, notice=lambda _level, _text: None
        )
        self.rig = self.bench.rig(lambda name, rows: self.emitted.append((name, rows.copy())))

    def saved(self) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        return dict(self.bench.world_state()), self.generators.state()

    def restore(self, world: Mapping[str, Any], generators: Mapping[str, str]) -> None:
        assert self.bench.simulated is not None
        self.bench.simulated.restore(world)
        self.generators.restore(generators)


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_a_run_continued_from_a_yield_is_bit_identical(cut: int) -> None:
    protocol = NoiseLearning()
    params = protocol.resolve(
        protocol.parameters.model_validate({"epochs": 4, "reference_reads": 200})
    )
    whole = Bench(11)
    protocol.setup(whole.rig, params)
    steps = protocol.steps(whole.rig, params, None)
    kept: Progress | None = None
    for _ in range(cut):
        kept = next(steps)
    assert kept is not None
    world, generators = whole.saved()
    state = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in kept.state.items()}
    whole.emitted.clear()
    finished = drain(steps)

    second = Bench(999)
    protocol.setup(second.rig, params)
    second.restore(world, generators)
    continued = drain(protocol.steps(second.rig, params, state))[1:]
    for bench in (whole, second):
        bench.bench.make_safe()
        bench.bench.close()
    assert finished[-1] == continued[-1]
    assert [name for name, _ in second.emitted] == [name for name, _ in whole.emitted]
    for (name, one), (_, two) in zip(whole.emitted, second.emitted, strict=True):
        assert one.tobytes() == two.tobytes(), name


def drain(steps: Any) -> list[Progress | Results]:
    found: list[Progress | Results] = []
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            return [*found, end.value]
