"""A simulated NI board `Dev1`, served: prints its address, and serves until standard input ends.

Four junctions, one on each output, stuck: odd ones in AP. No noise, so that readings are known.
"""

import sys

from mtjlab.core.clock import ServedClock
from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardTwin
from sim_backend.wire.ni_grpc import NiServer
from sim_backend.world.world import World


def made(clock, *, frozen=True, **options):
    """The world's only board, in a port."""
    wiring = Wiring(
        tuple(
            SingleJunction(
                Cell(0, i),
                f"daq/ao{i}",
                10e3,
                1.0,
                InputWire("daq", f"ai{i}", 1.0, "differential"),
            )
            for i in range(4)
        )
    )
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=[Fault(i, "stuck_ap" if i % 2 else "stuck_p") for i in range(4 * frozen)],
        chip_seed=1,
        generators=Generators(1),
        clock=clock,
        instrument_noise=not frozen,
    )
    port = NiPort()
    twin = NiBoardTwin(
        name="daq",
        resource="Dev1",
        options=NiBoardTwin.options_model(**options),
        world=world,
        inputs=wiring.inputs("daq"),
        outputs=wiring.outputs("daq"),
    )
    port.attach("Dev1", twin)
    return wiring, twin, port


if __name__ == "__main__":
    with NiServer(made(ServedClock())[2]) as server:
        print(server.address, flush=True)
        sys.stdin.read()
