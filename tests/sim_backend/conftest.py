"""A simulated NI board with eight junctions, reached through the unmodified nidaqmx package."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import nidaqmx
import pytest
from nidaqmx.constants import TerminalConfiguration

from mtjlab.core.generators import Generators
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from sim_backend.physics.electronics.pickup import Pickup
from sim_backend.physics.junction import Fault, JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.nidaqmx import NiBoardOptions, NiBoardTwin
from sim_backend.world.surroundings import Surroundings
from sim_backend.world.world import World


@dataclass
class NiBench:
    """Eight junctions: 0 to 3 on the source-meter, 4 to 7 on one output each; odd ones in AP."""

    world: World
    board: NiBoardTwin
    port: NiPort

    def task(self, channels: str = "", *, range_v: float = 1.0, name: str = "") -> nidaqmx.Task:
        task = self.port.task(name)
        if "ao" in channels and "_ao" not in channels:
            task.ao_channels.add_ao_voltage_chan(channels)
        elif channels:
            task.ai_channels.add_ai_voltage_chan(
                channels,
                min_val=-range_v,
                max_val=range_v,
                terminal_config=TerminalConfiguration.DIFF,
            )
        return task


def make_ni_bench(
    *,
    frozen: bool = True,
    noise: bool = False,
    seed: int = 1,
    pickup: Mapping[str, tuple[Pickup, ...]] | None = None,
    **options: object,
) -> NiBench:
    wiring = Wiring(
        tuple(
            SingleJunction(
                Cell(0, i),
                "smu" if i < 4 else f"daq/ao{i - 4}",
                10e3,
                1.0,
                InputWire("daq", f"ai{i}", 1.0, "differential"),
            )
            for i in range(8)
        )
    )
    faults = [Fault(i, "stuck_ap" if i % 2 else "stuck_p") for i in range(8)] if frozen else []
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=faults,
        chip_seed=1,
        generators=Generators(seed),
        instrument_noise=noise,
        surroundings=Surroundings(pickup=pickup or {}),
    )
    board = NiBoardTwin(
        name="daq",
        resource="Dev1",
        options=NiBoardOptions.model_validate(options),
        world=world,
        inputs=wiring.inputs("daq"),
        outputs=wiring.outputs("daq"),
    )
    port = NiPort()
    port.attach("Dev1", board)
    return NiBench(world, board, port)


@pytest.fixture
def make_ni() -> Callable[..., NiBench]:
    return make_ni_bench


@pytest.fixture
def ni() -> Iterator[NiBench]:
    """Frozen junctions, no noise, 0.1 V on the source-meter: every reading is known."""
    made = make_ni_bench()
    made.world.drive("smu", 0.1)
    yield made
    assert not made.board.running, "a task was left running"
