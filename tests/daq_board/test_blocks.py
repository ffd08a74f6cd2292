"""Blocks, written by one side and read by the other: two programs after one page."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drivers import board_blocks
from drivers.serial_names import port_name
from mtjlab.core.errors import BadReply
from sim_backend.scpi import ScpiError
from sim_backend.twins import daq_board_blocks

u32 = st.integers(0, 2**32 - 1)
codes = st.integers(0, 40).flatmap(
    lambda n: st.integers(1, 4).flatmap(lambda k: arrays(np.int16, (n, k)))
)
PARSER = daq_board_blocks.Block()


def data_block(run, sequence, values, *, first=0, flags=0, lost=0):
    return daq_board_blocks.data_block(
        run=run,
        sequence=sequence,
        first=first,
        count=len(values),
        flags=flags,
        lost=lost,
        codes=values,
    )


@given(u32, u32, u32, u32, u32, codes)
def test_data_arrive_as_they_were(run, sequence, first, flags, lost, values):
    text = data_block(run, sequence, values, first=first, flags=flags, lost=lost)
    assert text.isascii()
    assert not set(text) & set("\n;,")
    got = board_blocks.read_block(
        text, run=run, sequence=sequence, width=values.shape[1], where="b"
    )
    assert (got.first, got.flags, got.lost) == (first, flags, lost)
    assert (got.codes == values).all()


@given(u32, u32, arrays(np.int16, st.integers(0, 60)))
def test_lists_arrive_as_they_were(number, sequence, values):
    got = PARSER.read(board_blocks.list_block(number, sequence, values))
    assert (got.number, got.sequence) == (number, sequence)
    assert (got.codes == values).all()


@given(codes, st.data())
def test_one_changed_character_is_never_data(values, data):
    text = data_block(5, 0, values)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=126))
    changed = text[:at] + other + text[at + 1 :]
    try:
        got = board_blocks.read_block(changed, run=5, sequence=0, width=values.shape[1], where="b")
    except BadReply:
        return
    # The padding bits of Base64 carry nothing.
    assert (got.codes == values).all()


@given(codes, st.data())
def test_a_cut_block_is_no_data(values, data):
    text = data_block(5, 0, values)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(BadReply):
        board_blocks.read_block(cut, run=5, sequence=0, width=values.shape[1], where="b")


@given(arrays(np.int16, st.integers(1, 30)), st.data())
def test_a_cut_or_changed_list_is_refused(values, data):
    text = board_blocks.list_block(1, 0, values)
    with pytest.raises(ScpiError):
        PARSER.read(text[: data.draw(st.integers(0, len(text) - 1))])
    at = data.draw(st.integers(8, len(text) - 5))
    other = "A" if text[at] != "A" else "B"
    with pytest.raises(ScpiError):
        PARSER.read(text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize(("run", "sequence"), [(6, 0), (5, 1), (4, 0)])
def test_a_block_of_before_is_not_taken(run, sequence):
    text = data_block(5, 0, np.zeros((2, 1), dtype=np.int16))
    with pytest.raises(BadReply, match="left on the line"):
        board_blocks.read_block(text, run=run, sequence=sequence, width=1, where="b")


def test_a_block_of_another_width_is_not_taken():
    text = data_block(5, 0, np.zeros((2, 2), dtype=np.int16))
    with pytest.raises(BadReply, match="2 scans of 3 inputs"):
        board_blocks.read_block(text, run=5, sequence=0, width=3, where="b")


def test_the_crc_is_that_of_ethernet():
    # The check value of the catalogue for "123456789".
    assert zlib.crc32(b"123456789") == 0xCBF43926


@pytest.mark.parametrize(
    ("resource", "port"),
    [
        ("/dev/ttyACM0", "/dev/ttyACM0"),
        ("ASRL/dev/pts/3::INSTR", "/dev/pts/3"),
        ("asrl/dev/pts/3", "/dev/pts/3"),
        ("COM4", "COM4"),
        ("ASRLCOM4::INSTR", "COM4"),
    ],
)
def test_names_of_ports(resource, port):
    assert port_name(resource) == port
