"""Every example on the page of the DAQ board, word for word, against the simulated board."""

import re
from pathlib import Path

import pytest

from drivers.daq_board import DaqBoard
from mtjlab.bench.file import parse
from mtjlab.bench.simulate import simulate
from mtjlab.core.generators import Generators
from sim_backend.twins.daq_board_options import DaqBoardOptions
from sim_backend.twins.daq_board_words import SPEC, WORDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "boards.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```\n(> .*?)^```", PAGE, re.DOTALL | re.MULTILINE)
BENCH = """
[bench]
name = "page"
[chip]
id = "none"
[limits]
junction_v = 0.5
junction_a = 50e-6
soft_v = 0.3
[twin]
[instruments.daq]
driver = "daq_board"
resource = "ASRL1::INSTR"
[[wiring.singles]]
row = 0
columns = 0
source = "daq/ao0"
series = "10 kohm"
divider = 0.04
"""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0][2:40])
def test_example(example):
    loaded = parse(BENCH, source="page")
    board = simulate(loaded, generators=Generators(1)).twins["daq"]
    said = []
    for line in example.splitlines():
        if line.startswith("> "):
            said.append(line)
            board.feed(line[2:].encode() + b"\n")
            if board.out:
                said.append(f"< {board.out.decode().rstrip()}")
                board.out.clear()
    assert "\n".join(said) == example.rstrip()


def test_every_command_is_on_the_page():
    assert SPEC in PAGE
    for header in WORDS.headers():
        nodes = re.findall(r"[A-Z]+", re.sub(r"\[.*?\]", "", header))
        assert ":".join(nodes) in PAGE, header


def test_there_are_examples_of_every_part():
    assert len(EXAMPLES) == 5


def rows(heading):
    """Names in the first column of the table below a heading."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_options():
    assert rows("Options of the driver") == set(DaqBoard.options_model.model_fields)
    assert rows("Options of the twin") == set(DaqBoardOptions.model_fields)


def test_every_error_number_is_on_the_page():
    sources = Path(__file__).resolve().parents[2] / "sim_backend" / "twins"
    for source in sources.glob("daq_board*.py"):
        for number in re.findall(r"(?:ScpiError|report)\((-?\d+)", source.read_text()):
            assert f"| {number}" in PAGE or f", {number}" in PAGE, number
