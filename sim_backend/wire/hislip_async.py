"""The second connection of a HiSLIP client: what must get through while the first is busy."""

import socket
import struct

from sim_backend.wire.hislip_locks import LockTable
from sim_backend.wire.hislip_messages import (
    LARGEST_PAYLOAD,
    Complaint,
    Kind,
    Message,
    complaint,
    pack,
    receive,
)
from sim_backend.wire.hislip_session import HislipSession
from sim_backend.wire.sender import Sender

_RELEASE, _REQUEST = 0, 1
_SIZE = struct.Struct("!Q")


class AsyncChannel:
    """Serves the asynchronous connection of one session."""

    def __init__(
        self, session: HislipSession, connection: socket.socket, sender: Sender, locks: LockTable
    ) -> None:
        self._session, self._connection, self._sender = session, connection, sender
        self._locks = locks

    def serve(self) -> None:
        """Answer until the client goes."""
        answers = {
            Kind.ASYNC_MAXIMUM_MESSAGE_SIZE: self._size,
            Kind.ASYNC_LOCK: self._lock,
            Kind.ASYNC_LOCK_INFO: self._lock_info,
            Kind.ASYNC_REMOTE_LOCAL_CONTROL: self._remote,
            Kind.ASYNC_STATUS_QUERY: self._status,
            Kind.ASYNC_DEVICE_CLEAR: self._clear,
        }
        while (message := receive(self._connection, self._sender)) is not None:
            if message.kind == Kind.FATAL_ERROR:
                return
            if message.kind in answers:
                self._sender.send(answers[Kind(message.kind)](message))
            elif message.kind != Kind.ERROR:
                self._sender.send(complaint(Complaint.UNKNOWN_TYPE, f"message type {message.kind}"))

    def _size(self, message: Message) -> bytes:
        if len(message.payload) != _SIZE.size:
            return complaint(Complaint.UNIDENTIFIED, "a size has 8 bytes")
        self._session.largest = _SIZE.unpack(message.payload)[0]
        size = _SIZE.pack(LARGEST_PAYLOAD)
        return pack(Message(Kind.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE, payload=size))

    def _lock(self, message: Message) -> bytes:
        number = self._session.number
        if message.control == _REQUEST:
            key = message.payload.decode("latin-1")
            verdict = self._locks.request(number, key, message.parameter / 1e3)
        elif message.control == _RELEASE:
            verdict = self._locks.release(number)
        else:
            return complaint(Complaint.UNKNOWN_CONTROL_CODE, f"lock control {message.control}")
        return pack(Message(Kind.ASYNC_LOCK_RESPONSE, verdict))

    def _lock_info(self, _message: Message) -> bytes:
        exclusive, holders = self._locks.info()
        return pack(Message(Kind.ASYNC_LOCK_INFO_RESPONSE, int(exclusive), holders))

    def _remote(self, _message: Message) -> bytes:
        # A twin has no front panel that could be locked.
        return pack(Message(Kind.ASYNC_REMOTE_LOCAL_RESPONSE))

    def _status(self, message: Message) -> bytes:
        return pack(Message(Kind.ASYNC_STATUS_RESPONSE, self._session.status_byte(message)))

    def _clear(self, _message: Message) -> bytes:
        self._session.clear()
        return pack(Message(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE))
