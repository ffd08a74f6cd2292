"""A bench that allows ways around the guard, and what may stand on it beside the junctions."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtjlab.bench.file import LoadedBench, parse
from mtjlab.bench.tables import TwinTable
from mtjlab.core.clock import VirtualClock
from mtjlab.core.generators import Generators
from sim_backend.world.world import World

BENCH = """
[bench]
name = "open"
allow_raw = {allow_raw}

[chip]
id = "none"

[instruments.smu]
driver = "keithley2400"
resource = "GPIB0::24::INSTR"
{instruments}

[[wiring.singles]]
row = 0
columns = 0
source = "smu"
series = "10 kohm"

[limits]
junction_v = "0.5 V"
junction_a = "50 uA"
soft_v = "0.3 V"

[twin]
{twin}
"""

METER = """
[instruments.meter]
pymeasure = "{pymeasure}"
resource = "GPIB0::7::INSTR"
read = {read}
"""

MakeText = Callable[..., str]
MakeBench = Callable[..., LoadedBench]


@pytest.fixture
def text() -> MakeText:
    def make(*, allow_raw: bool = False, instruments: str = "", twin: str = "") -> str:
        return BENCH.format(allow_raw=str(allow_raw).lower(), instruments=instruments, twin=twin)

    return make


@pytest.fixture
def bench(text: MakeText) -> MakeBench:
    def make(**changes: object) -> LoadedBench:
        return parse(text(**changes), source="test")

    return make


@pytest.fixture
def meter() -> Callable[..., str]:
    def make(pymeasure: str = "agilent.Agilent34410A", read: str = '["voltage_dc"]') -> str:
        return METER.format(pymeasure=pymeasure, read=read)

    return make


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def small_world(bench: MakeBench) -> World:
    """One junction behind 10 kohm on `smu`."""
    table = TwinTable()
    return World(
        bench().file.wiring.resolve(),
        junction=table.junction_parameters(),
        spread=table.junction_spread(),
        faults=(),
        chip_seed=1,
        generators=Generators(5),
        clock=VirtualClock(),
        instrument_noise=True,
        surroundings=table.surroundings(),
    )
