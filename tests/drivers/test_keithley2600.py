"""The 2600's driver: what it sends, what it refuses, what it does with an instrument that lies."""

from contextlib import closing as closed
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from drivers.keithley2600 import Keithley2600
from drivers.keithley2600_settings import ABILITIES, STAGE
from drivers.source_fitting import fit
from drivers.tsp_messages import understand
from mtjlab.core.driver import Driver, Opening, Ports
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    InstrumentError,
    LimitError,
    NotFound,
    NotSafeError,
    Reported,
    Timeout,
    WrongIdentity,
)
from mtjlab.core.generators import Generators
from mtjlab.core.interfaces import SourceMeter, SourceSettings
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import Cell, SingleJunction, Wiring
from mtjlab.testing import source_meter
from sim_backend.physics.junction import JunctionParameters, Spread
from sim_backend.ports import visa
from sim_backend.twins.keithley2600 import Keithley2600Twin
from sim_backend.world.world import World

IDN = "Keithley Instruments Inc., Model 2602B, 4012345, 3.3.2"
SETTINGS = SourceSettings("voltage", range=0.3, compliance=200e-6)
CURRENT = SourceSettings(
    "current", range=20e-6, compliance=1.0, four_wire=True, off_state="zero", nplc=0.1
)
SILENCE = None
CHANNELS = ("a", "b")


def make_twin(resource="GPIB0::26::INSTR"):
    world = World(
        Wiring(
            tuple(
                SingleJunction(Cell(0, i), f"smu.{letter}", 10e3, 1.0, None)
                for i, letter in enumerate(CHANNELS)
            )
        ),
        junction=JunctionParameters(),
        spread=Spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(1),
    )
    options = Keithley2600Twin.options_model()
    return Keithley2600Twin(name="smu", resource=resource, options=options, world=world)


class Instrument:
    """A simulated 2602B whose replies can be tampered with: question -> replies, used in turn."""

    def __init__(self):
        self.twin = make_twin()
        self.world = self.twin.world
        self.lies = {}

    def __call__(self, message):
        reply = self.tell(message)
        for start, replies in self.lies.items():
            if replies and message.startswith(start):
                return replies.pop(0)
        return (reply.encode() + b"\n",) if reply else ()

    def tell(self, message):
        """Somebody sends something."""
        self.twin.feed(message.encode() + b"\n")
        reply = bytes(self.twin.out).decode().removesuffix("\n")
        self.twin.out.clear()
        return reply


@pytest.fixture
def instrument():
    return Instrument()


@pytest.fixture
def library(function_library, instrument):
    return function_library.around(instrument)


@pytest.fixture
def box(library, opening, closing):
    return closing(Keithley2600.open(opening(library)))


@pytest.fixture
def smu(box):
    return box.channels["a"]


@pytest.fixture
def running(smu, permit):
    """Configured, on, at 0.2 V; `permit` is open for the test."""
    with permit.opened():
        smu.configure(SETTINGS)
        smu.output(True)
        smu.set_level(0.2)
        yield smu


def settings_sent(library):
    return [message for message in library.sent if not understand(message).only_asks]


@contextmanager
def on_a_lan(resource):
    """Driver, permit and twin through the unmodified PyVISA package."""
    twin = make_twin(resource)
    library = visa.make(twin.world.clock)
    library.attach(resource, twin)
    permit = WritePermit()
    opening = Opening(
        name="smu",
        resource=resource,
        options={},
        ports=Ports(visa_library=library, virtual=True),
        clock=twin.world.clock,
        permit=permit,
    )
    with closed(Keithley2600.open(opening)) as box:
        yield box, permit, twin


@pytest.mark.parametrize("check", source_meter.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("settings", [SETTINGS, CURRENT], ids=lambda s: s.function)
@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_conforms(channel, settings, check):
    with on_a_lan("TCPIP0::127.0.0.1::5025::SOCKET") as (box, permit, _):
        source = box.faces()[channel]
        check(
            source_meter.SourceUnderTest(
                source, settings, level=settings.range / 2, allowed=permit.opened
            )
        )
