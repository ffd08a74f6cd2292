"""A bench with one DAQ board: four junctions on its outputs, and a small array on its selector."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from drivers.daq_board import DaqBoard
from mtjlab.bench.file import parse
from mtjlab.bench.open import OpenBench
from mtjlab.core.generators import Generators

BENCH = """
[bench]
name = "board"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[twin]
{twin}
[instruments.daq]
driver = "daq_board"
resource = "ASRL1::INSTR"
{options}
[[wiring.singles]]
row = 0
columns = "0:3"
source = "daq/ao0:3"
series = "10 kohm"
divider = 0.04
read = "daq/ai0:3"
range = 0.4
{more}
"""
ARRAY = """
[[wiring.arrays]]
rows = "1:3"
columns = "0:1"
source = "daq/ao0"
series = "10 kohm"
divider = 0.02
tia = "10 kohm"
read = "daq/ai8:9"
range = 1.0
selector = "daq.selector"
"""


def _text(*, twin: str = "", options: str = "", more: str = ARRAY) -> str:
    return BENCH.format(twin=twin, options=options, more=more)


@pytest.fixture(scope="session")
def bench_text() -> Callable[..., str]:
    return _text


@pytest.fixture
def opened() -> Iterator[Callable[..., OpenBench]]:
    """Opens benches in memory; closes them."""
    with ExitStack() as undo:

        def make(seed: int = 1, **how: Any) -> OpenBench:
            loaded = parse(_text(**how), source="board.toml")
            bench = OpenBench(loaded, generators=Generators(seed), notice=lambda *_: None)
            return undo.enter_context(bench)

        yield make


@pytest.fixture
def bench(opened: Callable[..., OpenBench]) -> OpenBench:
    return opened()


@pytest.fixture
def driver(bench: OpenBench) -> DaqBoard:
    found = bench.drivers["daq"]
    assert isinstance(found, DaqBoard)
    return found
