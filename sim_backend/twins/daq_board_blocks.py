"""Blocks of a DAQ board: definite blocks of IEEE 488.2 with Base64 inside, numbers and a CRC-32.

Base64, so that no byte of a block is a line feed: a line that a dead program has begun ends with
the next line feed, a block in it included.
"""

import base64
import binascii
import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim_backend.scpi import DEVICE_ERROR, ScpiError

Codes = NDArray[np.int16]

END, OVERRUN, DEAD_MAN, ABORTED = 1, 2, 4, 8

_DATA = struct.Struct("<IIIIII")
_LIST = struct.Struct("<III")
_CRC = struct.Struct("<I")
_BLOCK = re.compile(r"#([1-9])(\d+)")


@dataclass(frozen=True)
class ListBlock:
    """Values to play: block `sequence` of list `number`, output by output within a step."""

    number: int
    sequence: int
    codes: Codes


def data_block(
    *, run: int, sequence: int, first: int, count: int, flags: int, lost: int, codes: Codes
) -> str:
    """Samples as the board sends them; see docs/boards.md."""
    content = _DATA.pack(run, sequence, first, count, flags, lost) + codes.astype("<i2").tobytes()
    text = base64.b64encode(content + _CRC.pack(zlib.crc32(content))).decode()
    return f"#{len(str(len(text)))}{len(text)}{text}"


class Block:
    """Reads a list block; a kind of parameter for the SCPI core."""

    def read(self, text: str) -> ListBlock:
        """The block, whole and true.

        Raises:
            ScpiError: -161 no block, 201 its CRC does not fit.
        """
        content = _content(text)
        if len(content) < _LIST.size + _CRC.size:
            raise _no_block()
        body, (crc,) = content[: -_CRC.size], _CRC.unpack(content[-_CRC.size :])
        if crc != zlib.crc32(body):
            raise ScpiError(201, "Block CRC", event=DEVICE_ERROR)
        number, sequence, count = _LIST.unpack(body[: _LIST.size])
        if len(body) != _LIST.size + 2 * count:
            raise _no_block()
        return ListBlock(number, sequence, np.frombuffer(body[_LIST.size :], dtype="<i2"))


def _content(text: str) -> bytes:
    match = _BLOCK.match(text)
    if match is None:
        raise _no_block()
    digits = int(match[1])
    start = 2 + digits
    length = text[2:start]
    if not length.isdecimal() or len(length) != digits or len(text) != start + int(length):
        raise _no_block()
    try:
        return base64.b64decode(text[start:], validate=True)
    except binascii.Error:
        raise _no_block() from None


def _no_block() -> ScpiError:
    return ScpiError(-161, "Invalid block data")
