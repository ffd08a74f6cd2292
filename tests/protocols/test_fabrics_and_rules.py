"""Every rule, fabrics by layer, plug-ins, and what is refused before anything is on."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import BenchError, DataError, ParameterError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Progress, cannot_hold
from mtjlab.learning.rules.choice import RULE_NAMES
from mtjlab.runner import Run, plan
from protocols.noise_learning import NoiseLearning
from protocols.noise_learning.fabrics import by_layer

FEW = ("task=xor", "epochs=3", "reference_reads=200", "survey_s=50m")

PLUG_IN = '''
import numpy as np
from mtjlab.core.parameters import Parameters
from mtjlab.fabric.simulated_kinds import GaussianPart, GaussianOptions

class LampOptions(GaussianOptions):
    argument: str = ""

class Lamp(GaussianPart):
    """Not a junction; leaves its argument and its layers behind."""
    options = LampOptions
    seen = []
    def __init__(self, rig, layers, sampling, options, claimed):
        super().__init__(rig, layers, sampling, options, claimed)
        Lamp.seen.append((options.argument, [layer.index for layer in layers], options.sigma))
'''


@pytest.fixture
def lamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An installed package of somebody else with an entry point `lamp`."""
    (tmp_path / "lampworks.py").write_text(PLUG_IN)
    info = tmp_path / "lampworks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lampworks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mtjlab.fabrics]\nlamp = lampworks:Lamp\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__("lampworks").Lamp
    sys.modules.pop("lampworks", None)


def learn(tmp_path: Path, bench: str, *settings: str, seed: int = 1) -> dict[str, Any]:
    run = Run(plan("noise_learning", bench, settings=settings, seed=seed, runs_dir=tmp_path))
    run.start()
    assert run.wait(100)
    if run.outcome.error is not None:
        raise run.outcome.error
    return run.outcome.results


def test_a_fabric_for_each_layer() -> None:
    assert by_layer("gaussian", 3) == ("gaussian",) * 3
    assert by_layer("neuron", 3) == ("neuron", "neuron", "node_noise")
    assert by_layer(["neuron", "neuron"], 2) == ("neuron", "neuron")
    with pytest.raises(ParameterError, match=r"names 2 layers .* the network has 3"):
        by_layer(["neuron", "node_noise"], 3)


def test_layers_on_different_fabrics_learn_as_one_network(tmp_path: Path) -> None:
    results = learn(
        tmp_path, "twin", *FEW, 'fabric=["gaussian", "node_noise"]', "hidden=[5]", "activation=tanh"
    )
    assert results["fabric"] == ["gaussian", "node_noise"]
    assert results["transactions"] == results["updates"] == 3
    assert len([line for line in results["prediction"] if "simulated" in line]) == 1
    # Only the two output nodes have junctions.
    assert any("2 junctions of 32" in line for line in results["prediction"])


def test_neurons_hide_above_node_noise(tmp_path: Path) -> None:
    results = learn(tmp_path, "array", *FEW, "fabric=neuron")
    assert results["transactions"] == 2 * results["updates"]
    assert 0.0 <= results["saturated_fraction"] < 1.0
    assert results["energy_j"] > 0


def test_a_simulated_fabric_energises_nothing(tmp_path: Path) -> None:
    run = Run(
        plan(
            "noise_learning",
            "twin",
            settings=[*FEW, "fabric=telegraph"],
            seed=1,
            runs_dir=tmp_path,
        )
    )
    run.start()
    assert run.wait(100)
    assert run.outcome.error is None
    assert run._bench is not None
    assert not run._bench.guard.energised
    assert run.outcome.results["transactions"] == 0


def test_a_plug_in_is_a_fabric_like_any_other(tmp_path: Path, lamp: Any) -> None:
    settings = ('fabric=["lamp:blue", "lamp:red"]', "options={lamp={sigma=0.2}}")
    learn(tmp_path, "twin", *FEW, *settings)
    assert ("blue", [0], 0.2) in lamp.seen
    assert ("red", [1], 0.2) in lamp.seen


@pytest.mark.parametrize("rule", [name for name in RULE_NAMES if name != "node_perturbation"])
def test_every_rule_learns_from_the_bench(tmp_path: Path, rule: str) -> None:
    results = learn(tmp_path, "twin", *FEW, f"rule={rule}", "epochs=1")
    assert results["rule"] == rule
    assert results["updates"] > 0
    passes = {"noise_based": 2, "spsa": 2}.get(rule, 1)
    assert results["reads"] == 4 * passes * results["updates"]
    assert results["transactions"] == (2 if rule == "spsa" else 1) * results["updates"]


def test_node_perturbation_learns_where_a_clean_pass_exists(tmp_path: Path) -> None:
    results = learn(tmp_path, "twin", *FEW, "rule=node_perturbation", "fabric=gaussian")
    assert results["updates"] == 3


@pytest.mark.parametrize("optimiser", ["sgd", "momentum"])
def test_weights_are_held_as_the_thing_can(tmp_path: Path, optimiser: str) -> None:
    settings = (f"optimiser={optimiser}", "weight_levels=4", "programming_noise=0.01")
    results = learn(tmp_path, "twin", *FEW, *settings, "weight_clip=2", "alignment=true")
    assert results["updates"] == 3
    assert results["alignment"] > 0.5


def test_a_validation_part_has_accuracies_of_its_own(tmp_path: Path) -> None:
    results = learn(tmp_path, "twin", "epochs=1", "reference_reads=200", "validation_count=20")
    assert 0 < results["validation_accuracy"] <= 1
    assert 0 < results["validation_accuracy_clean"] <= 1
    assert results["reads"] == 2 * (150 - 30 - 20)


@pytest.mark.parametrize(
    ("bench", "settings", "error", "words"),
    [
        ("twin", ["fabric=node_nois"], ParameterError, "did you mean 'node_noise'"),
        ("twin", ["rule=backprob"], ParameterError, "no rule 'backprob': did you mean 'backprop'"),
        ("twin", ["optimiser=adan"], ParameterError, "'adam'"),
        ("twin", ["options={neuron={keep=2}}"], ParameterError, "options of 'neuron', but"),
        ("twin", ["options={node_noise={unit=2}}"], ParameterError, "did you mean 'unit_v'"),
        ("twin", ["fabric=gaussian", "bias_v=0.1"], ParameterError, "bias_v = 0.1: nothing in"),
        ("twin", ["fabric=gaussian:x"], ParameterError, "gaussian takes nothing after a colon"),
        ("twin", ["task=csv:missing.csv"], DataError, "missing.csv"),
    ],
)
def test_mistakes_are_told_before_anything_is_opened(
    bench: str, settings: list[str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as refused:
        plan("noise_learning", bench, settings=settings, runs_dir=None)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("bench", "settings", "error", "words"),
    [
        ("twin", ["rule=node_perturbation"], ParameterError, ["clean", "'noise_based'"]),
        ("array", ["fabric=neuron", "junctions=off"], ParameterError, ["stuck", "mean"]),
        ("array", ["fabric=crossbar", "junctions=off"], ParameterError, ["stuck", "mean"]),
        ("twin", ["hidden=[40]"], BenchError, ["43 nodes", "has 32", "11 are missing"]),
        ("twin", ["fabric=neuron"], BenchError, ["output"]),
        ("array", ["fabric=crossbar", "task=digits"], BenchError, ["64"]),
    ],
)
def test_what_a_bench_cannot_serve_is_refused_with_nothing_on(
    bench: str, settings: list[str], error: type[Exception], words: list[str]
) -> None:
    planned = plan("noise_learning", bench, settings=settings, runs_dir=None)
    with OpenBench(planned.loaded, generators=Generators(1), notice=print) as opened:
        with pytest.raises(error) as refused:
            planned.protocol.streams(planned.params, opened.rig(lambda *_: None))
        assert not opened.guard.energised
    for word in words:
        assert word in str(refused.value)


def test_only_a_twin_in_this_program_holds_its_junctions() -> None:
    planned = plan("noise_learning", "twin", settings=["junctions=stuck"], runs_dir=None)
    with OpenBench(planned.loaded, generators=Generators(1), notice=print) as opened:
        rig = replace(opened.rig(lambda *_: None), hold_junctions=cannot_hold)
        with pytest.raises(BenchError, match="'stuck': only a twin in this program can hold its"):
            planned.protocol.streams(planned.params, rig)


def test_reads_that_are_too_close_are_told(tmp_path: Path) -> None:
    results = learn(tmp_path, "twin", *FEW, "sample_spacing=0.2", "pass_spacing=0")
    notes = "\n".join(results["notes"])
    assert "reads of one junction were" in notes
    assert "the reads of one sample were" in notes


@pytest.mark.parametrize("how", ["stuck", "mean", "off"])
def test_controls_without_any_noise_learn_nothing(tmp_path: Path, how: str) -> None:
    results = learn(tmp_path, "twin", *FEW, f"junctions={how}", "instrument_noise=off")
    assert results["updates"] == 0
    assert results["discarded_samples"] == results["reads"] / 2
    assert results["noise_ratio"] == 0.0
    assert any("NOT learnt from the junctions" in note for note in results["notes"])


def test_resolving_twice_changes_nothing() -> None:
    protocol = NoiseLearning()
    given = {"task": "digits", "fabric": ["neuron", "node_noise"], "keep": 3}
    once = protocol.resolve(protocol.parameters.model_validate(given))
    assert protocol.resolve(once) == once
    assert once.options["node_noise"]["unit_v"] == 0.1
    assert once.weight_clip == 3.0


def test_a_dry_run_predicts(tmp_path: Path) -> None:
    planned = plan("noise_learning", "twin", settings=FEW, seed=1, runs_dir=None)
    run = Run(planned)
    run.start()
    assert run.wait(100)
    words = "\n".join(run.outcome.results["prediction"])
    assert "6 junctions of 32 on inputs of daq" in words
    assert "a learning step: 1 transaction" in words
    assert "the whole run: 3 steps, 3 transactions" in words


@pytest.mark.parametrize(
    "settings",
    [
        {"rule": "spsa", "optimiser": "momentum"},
        {"rule": "dfa", "programming_noise": 0.05, "fabric": ["telegraph", "node_noise"]},
        {"junctions": "mean", "optimiser": "sgd"},
    ],
)
def test_every_kind_of_run_goes_on_bit_by_bit(settings: dict[str, Any]) -> None:
    protocol = NoiseLearning()
    params = protocol.resolve(
        protocol.parameters.model_validate(
            {"task": "xor", "epochs": 30, "reference_reads": 200} | settings
        )
    )
    emitted: dict[int, list[Any]] = {1: [], 2: []}

    def opened(seed: int, into: int) -> tuple[OpenBench, Generators, Any]:
        generators = Generators(seed)
        bench = OpenBench(load("twin"), generators=generators, notice=lambda _l, _t: None)
        rig = bench.rig(lambda name, rows: emitted[into].append((name, rows.copy())))
        return bench, generators, rig

    bench, generators, rig = opened(11, 1)
    protocol.setup(rig, params)
    steps = protocol.steps(rig, params, None)
    kept = [next(steps) for _ in range(2)][-1]
    world, drawn = dict(bench.world_state()), generators.state()
    state = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in kept.state.items()}
    emitted[1].clear()
    finished = _end(steps)
    bench.make_safe()
    bench.close()

    second, others, rig = opened(999, 2)
    protocol.setup(rig, params)
    assert second.simulated is not None
    second.simulated.restore(world)
    others.restore(drawn)
    steps = protocol.steps(rig, params, state)
    next(steps)
    continued = _end(steps)
    second.make_safe()
    second.close()
    assert finished == continued
    assert len(emitted[1]) == len(emitted[2]) > 0
    for (name, one), (_, two) in zip(emitted[1], emitted[2], strict=True):
        assert one.tobytes() == two.tobytes(), name


def _end(steps: Any) -> Any:
    while True:
        try:
            assert isinstance(next(steps), Progress)
        except StopIteration as end:
            return end.value
