"""Blocks of a DAQ board, as docs/boards.md specifies them; what is not whole is no data."""

import base64
import binascii
import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import BadReply

Codes = NDArray[np.int16]

END, OVERRUN, DEAD_MAN, ABORTED = 1, 2, 4, 8
FULL = 32768

_DATA = struct.Struct("<IIIIII")
_LIST = struct.Struct("<III")
_CRC = struct.Struct("<I")
_BLOCK = re.compile(r"#([1-9])(\d+)")


@dataclass(frozen=True)
class DataBlock:
    """Samples of a run.

    Attributes:
        run, sequence: of which run, and which block of it.
        first: index of its first scan in the run.
        flags: END and how.
        lost: scans lost so far.
        codes: (scans, inputs), in 1/32768 of the spans.
    """

    run: int
    sequence: int
    first: int
    flags: int
    lost: int
    codes: Codes


def read_block(text: str, *, run: int, sequence: int, width: int, where: str) -> DataBlock:
    """The block that was asked for.

    Args:
        text: of the reply.
        run: number of the run.
        sequence: of the block.
        width: inputs in a scan.
        where: the board, for messages.

    Raises:
        BadReply: it is damaged, or another one.
    """
    content = _content(text)
    if content is None or len(content) < _DATA.size + _CRC.size:
        raise BadReply(f"{where}: {text[:40]!r} ({len(text)} characters) is no whole block")
    body, (crc,) = content[: -_CRC.size], _CRC.unpack(content[-_CRC.size :])
    if crc != zlib.crc32(body):
        raise BadReply(
            f"{where}: a block of {len(body)} bytes has the CRC {zlib.crc32(body):08X}; the board "
            f"has sent {crc:08X}. Check cable and ground; nothing of it was used"
        )
    got_run, got_sequence, first, count, flags, lost = _DATA.unpack(body[: _DATA.size])
    if (got_run, got_sequence) != (run, sequence):
        raise BadReply(
            f"{where}: block {got_sequence} of run {got_run} came; block {sequence} of run {run} "
            "was asked for: a reply was left on the line"
        )
    if len(body) != _DATA.size + 2 * count * width:
        raise BadReply(f"{where}: {count} scans of {width} inputs in {len(body)} bytes")
    codes = np.frombuffer(body, dtype="<i2", offset=_DATA.size).reshape(count, width)
    return DataBlock(run, sequence, first, flags, lost, codes)


def list_block(number: int, sequence: int, codes: Codes) -> str:
    """Values to play, step by step, as block `sequence` of list `number`."""
    body = _LIST.pack(number, sequence, codes.size) + codes.astype("<i2").tobytes()
    text = base64.b64encode(body + _CRC.pack(zlib.crc32(body))).decode()
    return f"#{len(str(len(text)))}{len(text)}{text}"


def _content(text: str) -> bytes | None:
    match = _BLOCK.match(text)
    if match is None:
        return None
    start = 2 + int(match[1])
    length = text[2:start]
    if not length.isdecimal() or len(text) != start + int(length):
        return None
    try:
        return base64.b64decode(text[start:], validate=True)
    except binascii.Error:
        return None
