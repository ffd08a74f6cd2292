"""What our own code adds to a learning step in the hardware loop.

Batch 64, two passes, 8 nodes, 20 samples per read at 200 kS/s per channel, on the twin. The
same vendor calls are made bare, in turn with the step; what the step takes longer is ours: rule,
network, fabric, guard and driver.
"""

import numpy as np
from nidaqmx.constants import TerminalConfiguration
from nidaqmx.stream_readers import AnalogMultiChannelReader

from benchmarks.rows import Row, interleaved_s
from mtjlab.bench.file import load
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators
from mtjlab.fabric.node_calibration import NodeCalibration
from mtjlab.fabric.node_noise import NodeNoise, NodeNoiseOptions
from mtjlab.fabric.part import LayerShape, Sampling
from mtjlab.fabric.timing import Timing
from mtjlab.learning.network import Network
from mtjlab.learning.optimisers import Adam
from mtjlab.learning.rules.noise_based import NoiseBased

BATCH, PASSES, SAMPLES, RATE_HZ = 64, 2, 20, 200e3
WIDTHS = (4, 5, 3)
NODES = sum(WIDTHS[1:])
ACQUISITION_S = BATCH * PASSES * SAMPLES / RATE_HZ


def rows() -> list[Row]:
    bench = OpenBench(load("twin"), generators=Generators(0), notice=lambda _l, _t: None)
    rig = bench.rig(lambda _s, _r: None)
    fabric = NodeNoise(
        rig,
        [LayerShape(0, WIDTHS[0], WIDTHS[1], False), LayerShape(1, WIDTHS[1], WIDTHS[2], True)],
        Sampling(SAMPLES, 3.0, 3.0, BATCH, BATCH, PASSES, "on", 0.1, 1000, 1e-3),
        NodeNoiseOptions(),
    )
    fabric.prepare()
    fabric.learn_with(
        NodeCalibration(np.arange(NODES), np.full(NODES, 0.042), np.full(NODES, 100.0), 30e-6, ())
    )
    fabric._when = Timing(RATE_HZ / SAMPLES, 0, SAMPLES)
    rng = np.random.default_rng(0)
    network = Network(WIDTHS, rng, decorrelate=False)
    rule, adam = NoiseBased(), Adam(0.01)
    x = rng.normal(size=(BATCH, WIDTHS[0])).astype(np.float32)
    labels = rng.integers(0, WIDTHS[-1], BATCH)

    assert bench.simulated is not None
    task = bench.simulated.ports.ni.task("")
    wire = rig.wiring.singles[0].read
    assert wire is not None
    task.ai_channels.add_ai_voltage_chan(
        f"Dev1/ai0:{NODES - 1}",
        terminal_config=TerminalConfiguration.DIFF,
        min_val=-wire.range_v,
        max_val=wire.range_v,
    )
    count = BATCH * PASSES * SAMPLES
    task.timing.cfg_samp_clk_timing(RATE_HZ, samps_per_chan=count)
    reader = AnalogMultiChannelReader(task.in_stream)
    reader.verify_array_shape = False
    scan_v = np.empty((NODES, count))

    def vendor() -> None:
        task.start()
        reader.read_many_sample(scan_v, count)
        task.stop()

    step_s, vendor_s, _ = interleaved_s(
        lambda: rule.step(network, fabric, adam, x, labels), vendor, calls=50, rounds=15
    )
    task.close()
    bench.make_safe()
    bench.close()
    fraction = (step_s - vendor_s) / ACQUISITION_S
    return [
        Row("hil_overhead_fraction", fraction, "of acquisition", 0.05, "lower", 0.0),
        Row("hil_step_ms", step_s * 1e3, "ms", None, "lower", vendor_s * 1e3),
        Row(
            "hil_step_on_the_board_ms",
            (ACQUISITION_S + step_s - vendor_s) * 1e3,
            "ms",
            None,
            "lower",
            ACQUISITION_S * 1e3,
        ),
    ]
