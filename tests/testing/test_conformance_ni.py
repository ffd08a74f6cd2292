"""The checks of `Daq` on the boards that have a name, and on an output board with its wires."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from drivers.nidaqmx import NiDaq
from mtjlab.core.driver import Opening, Ports
from mtjlab.core.generators import Generators
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, InputWire, SingleJunction, Wiring
from mtjlab.testing.daq import CHECKS, DaqUnderTest
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports.nidaqmx import NiPort
from sim_backend.twins.ni_products import PRODUCTS
from sim_backend.twins.nidaqmx import NiBoardOptions, NiBoardTwin
from sim_backend.world.world import World

WITH_INPUTS = [name for name, given in PRODUCTS.items() if given["inputs"]]


@pytest.fixture(params=WITH_INPUTS)
def board(request: pytest.FixtureRequest) -> Iterator[tuple[NiDaq, WritePermit]]:
    """Two junctions on the outputs of the board, read by its inputs."""
    wiring = Wiring(
        tuple(
            SingleJunction(
                Cell(0, i), f"daq/ao{i}", 10e3, 1.0, InputWire("daq", f"ai{i}", 1.0, "differential")
            )
            for i in range(2)
        )
    )
    world = World(
        wiring,
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    twin = NiBoardTwin(
        name="daq",
        resource="Dev1",
        options=NiBoardOptions.model_validate({"product": request.param}),
        world=world,
        inputs=wiring.inputs("daq"),
        outputs=wiring.outputs("daq"),
    )
    port, permit = NiPort(), WritePermit()
    port.attach("Dev1", twin)
    opening: dict[str, Any] = {
        "name": "daq",
        "resource": "Dev1",
        "options": {"product": request.param},
        "ports": Ports(ni=port, virtual=True),
        "clock": world.clock,
        "permit": permit,
        "inputs": wiring.inputs("daq"),
        "outputs": wiring.outputs("daq"),
    }
    with closing(NiDaq.open(Opening(**opening))) as driver:
        yield driver, permit


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_product_conforms(
    board: tuple[NiDaq, WritePermit], check: Callable[[DaqUnderTest], None]
) -> None:
    driver, permit = board
    check(DaqUnderTest(driver, ("ai0", "ai1"), ("ao0", "ao1"), 0.2, allowed=permit.opened))
