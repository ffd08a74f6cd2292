"""2 Msample/s from the twin through the NI driver: how much faster than real time, and how flat.

Eight telegraphing junctions at 250 kS/s each, read as a stream by the driver through the nidaqmx
package. The limit is the noise of the board's inputs alone: one normal number per sample, drawn
in pieces of the same size in turn with the stream.
"""

import resource
import time
from collections.abc import Callable

import numpy as np

from benchmarks.rows import Row
from drivers.nidaqmx import NiDaq
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.generators import Generators
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardOptions, NiBoardTwin
from sim_backend.world.world import World

CHANNELS, RATE_HZ, BLOCK = 8, 250e3, 25_000
BLOCK_S = BLOCK / RATE_HZ
ROUNDS, BLOCKS = 7, 20
FLAT_S = 60.0


def rows() -> list[Row]:
    driver = _driver()
    stream = driver.stream([f"ai{i}" for i in range(CHANNELS)], RATE_HZ, BLOCK)
    generator = np.random.default_rng(0)
    streamed, noise = [], []
    for _ in range(ROUNDS):
        streamed.append(_realtime_factor(lambda: next(stream)))
        noise.append(_realtime_factor(lambda: generator.standard_normal((BLOCK, CHANNELS))))
    before_mb = _peak_mb()
    for _ in range(round(FLAT_S / BLOCK_S)):
        next(stream)
    grown_mb = _peak_mb() - before_mb
    stream.close()
    driver.close()
    return [
        Row(
            "twin_stream_realtime_factor",
            float(np.median(streamed)),
            "x real time",
            3.0,
            "higher",
            float(np.median(noise)),
        ),
        Row("twin_stream_growth_mb", grown_mb, f"MB in {FLAT_S:g} s", 8.0, "lower"),
    ]


def _realtime_factor(block: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    for _ in range(BLOCKS):
        block()
    return BLOCKS * BLOCK_S / (time.perf_counter() - began_s)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _driver() -> NiDaq:
    wires = [InputWire("daq", f"ai{i}", 1.0, "differential") for i in range(CHANNELS)]
    wiring = Wiring(
        tuple(SingleJunction(Cell(0, i), "smu", 10e3, 1.0, wire) for i, wire in enumerate(wires))
    )
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(r_sigma=0.05, tau_sigma=0.3),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    world.drive("smu", 0.1)
    port = NiPort()
    board = NiBoardTwin(
        name="daq",
        resource="Dev1",
        options=NiBoardOptions(),
        world=world,
        inputs=wiring.inputs("daq"),
        outputs=(),
    )
    port.attach("Dev1", board)
    opening = Opening(
        name="daq",
        resource="Dev1",
        options={},
        ports=Ports(ni=port, virtual=True),
        clock=world.clock,
        permit=WritePermit(),
        inputs=wiring.inputs("daq"),
    )
    return NiDaq.open(opening)
