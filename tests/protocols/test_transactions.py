"""How often a learning step goes to the board: in memory and over the wire."""

import numpy as np
import pytest

from drivers.nidaqmx import NiDaq
from mtjlab.bench.file import load, parse
from mtjlab.bench.open import OpenBench
from mtjlab.bench.serve import BenchServer
from mtjlab.core.generators import Generators
from mtjlab.fabric.node_calibration import NodeCalibration
from mtjlab.fabric.node_noise import NodeNoise, NodeNoiseOptions
from mtjlab.fabric.part import LayerShape, Sampling

WIDTHS, BATCH, PASSES = (8, 3), 64, 2


@pytest.fixture(params=["in memory", "over the wire"])
def bench(request):
    loaded = load("twin")
    if request.param == "in memory":
        with OpenBench(loaded, generators=Generators(1), notice=print) as opened:
            yield opened
        return
    with BenchServer(loaded, generators=Generators(1)) as server:
        far = parse(server.bench_text(), source="far.toml")
        with OpenBench(far, generators=Generators(1), notice=print, watched=False) as opened:
            yield opened


@pytest.fixture
def blocks(monkeypatch):
    """Every block that the driver is asked for."""
    taken, play = [], NiDaq.play_and_record

    def counting(self, *args, **how):
        block = play(self, *args, **how)
        taken.append(block.parts)
        return block

    monkeypatch.setattr(NiDaq, "play_and_record", counting)
    return taken


def test_two_layers_and_two_passes_take_at_most_four_transactions(bench, blocks):
    rig = bench.rig(lambda *_: None)
    nodes = sum(WIDTHS)
    fabric = NodeNoise(
        rig,
        [LayerShape(0, 4, WIDTHS[0], False), LayerShape(1, WIDTHS[0], WIDTHS[1], True)],
        Sampling(4, 3.0, 3.0, BATCH, BATCH, PASSES, "on", 0.1, 1000, 1e-3),
        NodeNoiseOptions(),
    )
    fabric.learn_with(NodeCalibration(np.arange(nodes), np.zeros(nodes), np.ones(nodes), 7e-6, ()))
    rows, inputs = PASSES * BATCH, 4
    x = np.zeros((rows, inputs), dtype=np.float32)
    fabric.begin(rows)
    for layer, width in enumerate(WIDTHS):
        weights = np.zeros((width, x.shape[1]), dtype=np.float32)
        fabric.forward(layer, x, weights, np.zeros(width, dtype=np.float32))
        x = np.zeros((rows, width), dtype=np.float32)
    assert blocks == [1]
    assert fabric.transactions == sum(blocks) <= len(WIDTHS) * PASSES == 4
    bench.make_safe()
