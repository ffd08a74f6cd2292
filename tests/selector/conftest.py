"""A bench whose small array hangs on a 7709: a source-meter on the rows, a board on the columns."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators

BENCH = """
[bench]
name = "switched"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[twin]
instrument_noise = false
{twin}
[instruments.smu]
driver = "keithley2400"
resource = "GPIB0::24::INSTR"
[instruments.daq]
driver = "nidaqmx"
resource = "Dev1"
[instruments.switch]
driver = "keithley2700"
resource = "GPIB0::16::INSTR"
[instruments.switch.options]
{options}
[[wiring.singles]]
row = 9
columns = "0"
source = "daq/ao0"
series = "10 kohm"
divider = 0.04
[[wiring.arrays]]
rows = "0:2"
columns = "0:1"
source = "smu"
series = "10 kohm"
tia = "10 kohm"
read = "daq/ai0:1"
range = 10.0
selector = "switch"
"""
CABLING = """
row_lines = { 0 = 1, 1 = 2, 2 = 3 }
column_lines = { 0 = 5, 1 = 6 }
buses = { smu = 1, "daq/ai0" = 2, "daq/ai1" = 3, ground = 4, half = 5 }
"""


@pytest.fixture(scope="session")
def bench_text() -> Callable[..., str]:
    def text(options: str = CABLING, twin: str = "") -> str:
        return BENCH.format(options=options, twin=twin)

    return text


@pytest.fixture
def opened(bench_text: Callable[..., str]) -> Iterator[Callable[..., OpenBench]]:
    """Opens benches in memory; closes them."""
    with ExitStack() as undo:

        def make(**how: str) -> OpenBench:
            loaded = parse(bench_text(**how), source="switched.toml")
            bench = OpenBench(loaded, generators=Generators(1), notice=lambda *_: None)
            return undo.enter_context(bench)

        yield make


@pytest.fixture
def bench(opened: Callable[..., OpenBench]) -> OpenBench:
    return opened()
