"""Messages of HiSLIP, the instruments' protocol over TCP (IVI-6.1, revision 1.1).

A header of 16 bytes, big-endian: "HS", type, control code, parameter (4), payload length (8).
"""

import socket
import struct
from enum import IntEnum
from typing import NamedTuple

from sim_backend.wire.sender import Sender

_HEADER = struct.Struct("!2sBBIQ")
_PROLOGUE = b"HS"
# Of one message; a client that announces more is told so.
LARGEST_PAYLOAD = 1 << 20
_SKIPPED_AT_ONCE = 1 << 16
# Past that nobody waits until a message that was refused has been skipped.
_MOST_SKIPPED = 1 << 30


class Kind(IntEnum):
    """Types of messages (table 4)."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    ASYNC_MAXIMUM_MESSAGE_SIZE = 15
    ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class Fatal(IntEnum):
    """Errors that end a connection (table 15)."""

    UNIDENTIFIED = 0
    BAD_HEADER = 1
    CHANNELS_MISSING = 2
    BAD_INITIALIZATION = 3
    TOO_MANY_CLIENTS = 4


class Complaint(IntEnum):
    """Errors that do not (table 16)."""

    UNIDENTIFIED = 0
    UNKNOWN_TYPE = 1
    UNKNOWN_CONTROL_CODE = 2
    TOO_LARGE = 4


class Message(NamedTuple):
    """One message; `kind` is a `Kind` or a type that nobody here knows."""

    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes = b""


class HislipError(Exception):
    """The connection cannot go on.

    Attributes:
        code: what the client is told.
    """

    def __init__(self, code: Fatal, text: str) -> None:
        super().__init__(text)
        self.code = code


def pack(message: Message) -> bytes:
    """As on the wire."""
    kind, control, parameter, payload = message
    return _HEADER.pack(_PROLOGUE, kind, control, parameter, len(payload)) + payload


def complaint(code: Complaint, text: str) -> bytes:
    """An error that the client may go on after."""
    return pack(Message(Kind.ERROR, code, 0, text.encode()))


def receive(connection: socket.socket, sender: Sender) -> Message | None:
    """The next message that can be used; None when the client has gone.

    Too large a message is skipped, with an error to the client.

    Raises:
        HislipError: what came is no message.
    """
    while True:
        header = _exactly(connection, _HEADER.size)
        if header is None:
            return None
        prologue, kind, control, parameter, length = _HEADER.unpack(header)
        if prologue != _PROLOGUE or length > _MOST_SKIPPED:
            raise HislipError(Fatal.BAD_HEADER, f"{header!r} is not the header of a message")
        if length <= LARGEST_PAYLOAD:
            payload = _exactly(connection, length)
            return None if payload is None else Message(kind, control, parameter, bytes(payload))
        while length:
            skipped = _exactly(connection, min(length, _SKIPPED_AT_ONCE))
            if skipped is None:
                return None
            length -= len(skipped)
        sender.send(complaint(Complaint.TOO_LARGE, f"at most {LARGEST_PAYLOAD} bytes at once"))


def _exactly(connection: socket.socket, count: int) -> bytearray | None:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        came = connection.recv_into(view[got:])
        if not came:
            return None
        got += came
    return data
