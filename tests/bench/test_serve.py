"""From a bench file to a served bench, and the bench file that leads to it."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtjlab.bench.file import load, parse
from mtjlab.bench.serve import BenchServer
from mtjlab.bench.serve_tables import ServeTable
from mtjlab.bench.served import served
from mtjlab.bench.toml_text import toml_text
from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators

TEXT = load("twin").text
# Surrogates are no text that TOML can hold.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans()
VALUES = st.recursive(
    WORDS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_tables_are_read_back_as_they_were(table):
    assert tomllib.loads(toml_text(table)) == table


def test_the_written_bench_is_the_same_but_for_its_instruments():
    with BenchServer(load("twin"), generators=Generators(0)) as server:
        written = parse(server.bench_text(), source="served").file
        original = load("twin").file
        assert written.twin is None
        assert written.wiring == original.wiring
        assert written.limits == original.limits
        assert written.instruments["smu"].resource == server.resources["smu"]
        address, _, device = server.resources["daq"].removeprefix("grpc://").partition("/")
        assert written.instruments["daq"].options["grpc"] == address
        assert written.instruments["daq"].resource == device == "Dev1"


@pytest.mark.parametrize(
    ("resource", "way"),
    [
        ("GPIB0::24::INSTR", "tcp"),
        ("USB0::0x05E6::0x2450::1::INSTR", "tcp"),
        ("TCPIP0::10.0.0.2::5025::SOCKET", "tcp"),
        ("TCPIP0::10.0.0.2::hislip0::INSTR", "hislip"),
        ("tcpip::10.0.0.2::inst0::instr", "hislip"),
        ("ASRL/dev/ttyUSB0::INSTR", "serial"),
    ],
)
def test_the_resource_says_how_it_is_served_unless_the_file_does(resource, way):
    assert ServeTable().way_of(resource) == way
    assert ServeTable(way="serial").way_of(resource) == "serial"


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ('[twin.serve.smv]\nway = "tcp"', "did you mean 'smu'"),
        ('[twin.serve.smu]\nway = "usb"', "way"),
        ("[twin.serve.smu]\nport = 70000", "port"),
    ],
)
def test_mistakes_in_it_are_said(table, mistake):
    with pytest.raises(BenchError, match=mistake):
        parse(f"{TEXT}\n{table}\n", source="x")


def test_a_bench_that_cannot_be_served_is_an_error_and_leaves_no_process(tmp_path):
    with (
        pytest.raises(BenchError, match="mtjlab serve"),
        served(str(tmp_path / "missing.toml")),
    ):
        raise AssertionError
