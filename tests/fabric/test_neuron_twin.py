"""Neurons calibrated and played on the twin of the `array` bench, and on boards that scan."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load, parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.errors import BenchError, ParameterError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import Rig
from mtjlab.core.wiring import Wiring
from mtjlab.fabric.neuron import Neuron
from mtjlab.fabric.neuron_options import NeuronOptions
from mtjlab.fabric.node_noise import NodeNoise, NodeNoiseOptions
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.learning import evaluate
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased
from mtjlab.learning.stack import Stack
from mtjlab.learning.tasks import load_task

SAMPLING = Sampling(4, 3.0, 3.0, 4, 4, 2, "on", 0.1, 1000, 1e-3)
EIGHT = (LayerShape(0, 2, 8, False),)
OPTIONS = NeuronOptions()

Made = tuple[OpenBench, Rig, list[str]]


def opened(**twin: Any) -> Made:
    notices: list[str] = []
    bench = OpenBench(
        load("array", overrides=twin),
        generators=Generators(7),
        notice=lambda _level, text: notices.append(text),
    )
    return bench, bench.rig(lambda _s, _r: None), notices


@pytest.fixture
def made() -> Iterator[Made]:
    found = opened()
    with found[0]:
        yield found


def ones(rows: int, value: float, nodes: int) -> tuple[Any, Any, Any]:
    """Inputs, weights and biases that give every node the same pre-activation."""
    zeros = np.zeros((nodes, 2), np.float32)
    return np.zeros((rows, 2), np.float32), zeros, np.full(nodes, value, np.float32)


def test_calibration_finds_the_junctions_that_the_chip_has(made: Made) -> None:
    bench, rig, _ = made
    neuron = Neuron(rig, EIGHT, SAMPLING, OPTIONS, frozenset())
    seen = neuron.calibrate()
    assert bench.simulated is not None
    devices = bench.simulated.world._chip.devices
    r = neuron._known().response
    order = neuron._known().chosen
    g_p_s = devices.g_p_s[:8][order]
    assert np.allclose(r.k_p, 1 / (1 + 10e3 * g_p_s), rtol=2e-3)
    # w = 10 mV for all, V50 = 50 mV with a spread of 5 mV: errors of 0.1 s of telegraph.
    assert np.allclose(r.width_v, 0.010, rtol=0.08)
    assert np.allclose(r.v50_v, 0.050 + devices.v50_shift_v[:8][order], atol=1e-3)
    assert seen.junctions.shape == (8, 8)
    assert sorted(seen.junctions[:, 7].astype(int)) == list(range(8))
    assert seen.traces_v.shape == (8, 20_000)
    assert seen.transactions == 7
    told = neuron.honesty()
    assert (told.noise_ratio > 50).all()
    assert told.correlation.value is not None
    assert told.correlation.value < 2 * (told.correlation.chance or 0)


@pytest.mark.parametrize("pre", [-1.0, 0.0, 1.0])
def test_readings_have_the_mean_and_the_noise_of_the_model(made: Made, pre: float) -> None:
    _, rig, _ = made
    sampling = replace(SAMPLING, sample_spacing=6.0)
    neuron = Neuron(rig, EIGHT, sampling, OPTIONS, frozenset())
    neuron.calibrate()
    given = ones(3000, pre, 8)
    neuron.begin(3000)
    y = neuron.forward(0, *given).activity
    clean = neuron.clean(0, *given).activity[0]
    r, when = neuron._known().response, neuron._known().when
    interval_s = when.spacing_s / (when.settle + when.keep)
    sd = r.sd_v(r.bias_v + 0.048 * pre, when.keep, interval_s) / (r.k_mid * 0.048)
    # The response was fitted to 20 000 samples, about 1400 independent ones, at five biases.
    assert (np.abs(y.mean(axis=0) - clean) < 4.5 * sd / np.sqrt(3000) + 0.04).all()
    assert np.allclose(y.std(axis=0), sd, rtol=0.12)


def test_nothing_outside_the_window_and_at_rest_afterwards(made: Made) -> None:
    bench, rig, _ = made
    neuron = Neuron(rig, EIGHT, SAMPLING, replace_options(most_junctions=5), frozenset())
    neuron.prepare()
    assert not bench.guard.energised
    neuron.calibrate()
    outputs = [f"daq/ao{14 + i}" for i in range(8)]
    used = {outputs[i] for i in neuron._known().chosen}
    spans: list[tuple[float, float]] = []
    bench.guard.moves = lambda terminal, low, high: spans.append((low, high))  # type: ignore[method-assign]
    neuron.begin(8)
    neuron.forward(0, *ones(8, 50.0, 8))
    neuron.forward(0, *ones(8, -50.0, 8))
    assert min(low for low, _ in spans) == pytest.approx(0.03 / 0.04)
    assert max(high for _, high in spans) == pytest.approx(0.2 / 0.04)
    for output in outputs:
        volts = bench.guard.setpoints.get(output, 0.0)
        assert volts == pytest.approx(0.119 / 0.04 if output in used else 0.0)
    assert neuron.honesty().saturated == neuron.honesty().presented == 128
    del bench.guard.moves
    bench.make_safe()
    assert not rig.daqs["daq"].read([f"ao{14 + i}" for i in range(8)]).round(3).any()


def replace_options(**changed: Any) -> NeuronOptions:
    return NeuronOptions.model_validate(changed)


def test_without_a_bias_in_the_file_the_duty_cycle_is_brought_to_one_half(made: Made) -> None:
    _, rig, _ = made
    unsaid = tuple(replace(junction, bias_v=None) for junction in rig.wiring.singles)
    rig = replace(rig, wiring=Wiring(singles=unsaid))
    neuron = Neuron(rig, EIGHT, SAMPLING, OPTIONS, frozenset())
    seen = neuron.calibrate()
    assert np.allclose(seen.junctions[:, 4], 0.5, atol=0.08)
    assert np.ptp(neuron._known().response.bias_v) > 5e-3


def test_masked_junctions_are_named_and_the_others_serve_in_turns() -> None:
    faults = [{"cell": [14, i], "kind": "stuck_p"} for i in (0, 3, 5)]
    faults.append({"cell": [14, 6], "kind": "slow", "factor": 1000.0})
    bench, rig, notices = opened(faults=faults)
    with bench:
        neuron = Neuron(rig, EIGHT, SAMPLING, OPTIONS, frozenset())
        seen = neuron.calibrate()
        for cell in ("(14, 0)", "(14, 3)", "(14, 5)", "(14, 6)"):
            assert any(f"junction {cell} masked" in text for text in notices)
        assert (
            "8 nodes of layer 0 take turns on 4 junctions (4 can serve)"
            in neuron.honesty().notes[0]
        )
        assert sorted(seen.junctions[:, 7].astype(int)) == [-1, -1, -1, -1, 0, 1, 2, 3]
        neuron.begin(500)
        y = neuron.forward(0, *ones(500, 0.0, 8)).activity
        # Two nodes of one junction read it one step apart: three correlation times and more.
        assert abs(np.corrcoef(y[:, 0], y[:, 4])[0, 1]) < 0.2
        alone = Neuron(rig, EIGHT, SAMPLING, NeuronOptions(reuse=False), frozenset())
        with pytest.raises(BenchError, match=r"masked: .*stuck, such as \(14, 0\).*4 more"):
            alone.calibrate()


def test_a_spacing_beyond_the_board_is_refused_with_the_reachable_one(made: Made) -> None:
    _, rig, _ = made
    neuron = Neuron(
        rig, EIGHT, replace(SAMPLING, sample_spacing=0.01, pass_spacing=0.01), OPTIONS, frozenset()
    )
    assert neuron.prediction(8).transactions == 1
    with pytest.raises(ParameterError, match="Reachable: sample_spacing = 0"):
        neuron.calibrate()


def learnt(rig: Rig, seed: int, options: NeuronOptions, most_reads: int) -> tuple[int, Neuron]:
    """Reads until XOR is answered right twice in a row; neurons hidden, node_noise last."""
    task = load_task("xor")
    x = task.x.astype(np.float32)
    neuron = Neuron(rig, (LayerShape(0, 2, 4, False),), SAMPLING, options, frozenset())
    node = NodeNoise(
        rig,
        (LayerShape(1, 4, 2, True),),
        replace(SAMPLING, keep=1),
        NodeNoiseOptions(),
        neuron.cells,
    )
    fabric = Stack([(neuron, [0]), (node, [1])])
    for part in (neuron, node):
        part.prepare()
        part.calibrate()
    network = Network((2, 4, 2), np.random.default_rng(seed), decorrelate=False)
    rule, adam, solved = NoiseBased(), Adam(0.1), 0
    for step in range(1, most_reads // 8 + 1):
        before = neuron.transactions + node.transactions
        rule.step(network, fabric, adam, x, task.labels)
        assert neuron.transactions + node.transactions == before + 2
        if step % 10 == 0:
            right = evaluate.noisy(network, fabric, x, task.labels).accuracy >= 0.95
            solved = solved + 1 if right else 0
            if solved == 2:
                return 8 * step, neuron
    return most_reads + 1, neuron


def test_xor_is_learnt_with_two_blocks_a_step(made: Made) -> None:
    _, rig, _ = made
    reads, neuron = learnt(rig, 1, OPTIONS, 3000)
    assert reads <= 3000
    assert neuron.honesty().below_instrument == 0.0
    assert neuron.honesty().energy_j > 0


SCAN = """
[bench]
name = "scan"

[chip]
id = "scan"
seed = 3

[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"

[instruments.out]
driver = "nidaqmx"
resource = "Dev2"
options = { read_back = { ao0 = "Dev1/ai30", ao1 = "Dev1/ai31" } }

[[wiring.singles]]
row = 0
columns = "0:1"
source = "out/ao0:1"
series = "10 kohm"
divider = 0.04
read = "daq/ai0:1"
range = "1 V"
capacitance = "200 pF"
bias = "0.1 V"

[[wiring.clocks]]
outputs = "out"
inputs = "daq"

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"

[twin.instruments.daq]
product = "PXIe-6363"
loopback = { ai30 = "out/ao0", ai31 = "out/ao1" }

[twin.instruments.out]
product = "PXIe-6738"
"""


def test_outputs_of_one_board_and_a_scan_of_another() -> None:
    """A converter for all inputs, and cables: the wait of three tau_c covers both."""
    made = OpenBench(
        parse(SCAN, source="scan.toml"), generators=Generators(2), notice=lambda *_: None
    )
    with made as bench:
        rig = bench.rig(lambda _s, _r: None)
        layers = (LayerShape(0, 2, 5, False),)
        neuron = Neuron(rig, layers, SAMPLING, OPTIONS, frozenset())
        neuron.calibrate()
        assert neuron.prediction(100).block_s == pytest.approx(
            300 / neuron._known().when.step_rate_hz
        )
        x, w, b = ones(100, 0.0, 5)
        neuron.begin(100)
        y = neuron.forward(0, x, w, b + np.array([9, -9, 0, 9, -9], np.float32)).activity
        clean = neuron.clean(0, x, w, b + np.array([9, -9, 0, 9, -9], np.float32)).activity
        # Ends of the window lie next to each other in time and in the scan: 1 % of a step is left.
        ends = [0, 1, 3, 4]
        assert np.allclose(np.median(y, axis=0)[ends], clean.mean(axis=0)[ends], atol=0.15)
        assert bench.guard.setpoints["out/ao0"] == pytest.approx(0.1 / 0.04)


def test_a_restored_twin_goes_on_bit_by_bit(made: Made) -> None:
    bench, rig, _ = made
    assert bench.simulated is not None
    neuron = Neuron(rig, EIGHT, SAMPLING, OPTIONS, frozenset())
    neuron.calibrate()
    world, saved = bench.simulated.state(), neuron.state()
    given = ones(6, 0.3, 8)
    neuron.begin(6)
    expected = neuron.forward(0, *given).activity
    other, again, _ = opened()
    with other:
        assert other.simulated is not None
        restored = Neuron(again, EIGHT, SAMPLING, OPTIONS, frozenset())
        restored.prepare()
        other.simulated.restore(world)
        restored.restore(saved)
        restored.begin(6)
        assert np.array_equal(restored.forward(0, *given).activity, expected)
