"""A HiSLIP server (IVI-6.1, revision 1.1) in synchronous mode: one instrument behind a port.

A client has two connections: one for messages, one for what must get through while the instrument
is busy. Overlapped mode is not offered, and a client that asks for it at a device clear gets the
synchronous one. Nothing is sent unasked (AsyncInterrupted, AsyncServiceRequest): clients that do
not look at the second connection between their own questions would stumble over it.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sim_backend.wire.hislip_async import AsyncChannel
from sim_backend.wire.hislip_locks import LockTable
from sim_backend.wire.hislip_messages import (
    Complaint,
    Fatal,
    HislipError,
    Kind,
    Message,
    complaint,
    pack,
    receive,
)
from sim_backend.wire.hislip_session import HislipSession
from sim_backend.wire.line import Instrument
from sim_backend.wire.listener import Listener
from sim_backend.wire.sender import Sender
from sim_backend.wire.turnstile import Clients, Turnstile

_VERSION = 0x0100
_VENDOR = int.from_bytes(b"MJ", "big")
_SESSION_NUMBERS = 0xFFFF
SUB_ADDRESS = "hislip0"


class Hislip:
    """One instrument behind a port.

    Attributes:
        resource: its VISA name.
    """

    def __init__(
        self, instrument: Instrument, host: str, port: int = 0, *, clients: Clients = "many"
    ) -> None:
        """Listen on a loopback address; `clients` as in `Turnstile`."""
        self._instrument = instrument
        self._locks = LockTable()
        self._sessions: dict[int, HislipSession] = {}
        self._guard = threading.Lock()
        self._numbers = count(1)
        self._listener = Listener(host, port, self._attend)
        self._turnstile = Turnstile(clients, self._listener.stopping)
        self.resource = f"TCPIP0::{host}::{SUB_ADDRESS},{self._listener.port}::INSTR"

    def stop(self) -> None:
        """End every connection."""
        self._listener.stopping.set()
        self._turnstile.release()
        self._instrument.interrupt()
        self._locks.close()
        self._listener.stop()

    def _attend(self, client: socket.socket) -> None:
        sender = Sender(client)
        with _told(sender):
            first = receive(client, sender)
            if first is None:
                return
            if first.kind == Kind.INITIALIZE:
                self._initialize(client, sender, first)
            elif first.kind == Kind.ASYNC_INITIALIZE:
                self._initialize_async(client, sender, first)
            else:
                raise HislipError(Fatal.BAD_INITIALIZATION, "the first message must be Initialize")

    def _initialize(self, client: socket.socket, sender: Sender, first: Message) -> None:
        if first.payload.decode("latin-1").lower() not in ("", SUB_ADDRESS):
            raise HislipError(
                Fatal.BAD_INITIALIZATION, f"no {first.payload!r} here, only {SUB_ADDRESS}"
            )
        if not self._turnstile.enter():
            raise HislipError(Fatal.TOO_MANY_CLIENTS, "the instrument has its clients already")
        try:
            session = self._begin(client, sender)
            try:
                version = min(_VERSION, first.parameter >> 16)
                sender.send(
                    pack(Message(Kind.INITIALIZE_RESPONSE, 0, version << 16 | session.number))
                )
                with _told(sender):
                    self._serve(session)
            finally:
                self._end(session)
        finally:
            self._turnstile.leave()

    def _begin(self, client: socket.socket, sender: Sender) -> HislipSession:
        with self._guard:
            number = next(
                n
                for n in (i % _SESSION_NUMBERS + 1 for i in self._numbers)
                if n not in self._sessions
            )
            session = HislipSession(number, client, sender, self._locks)
            session.line = self._instrument.connect(session.reply)
            self._sessions[number] = session
            return session

    def _end(self, session: HislipSession) -> None:
        with self._guard:
            del self._sessions[session.number]
        self._locks.forget(session.number)
        session.line.end()
        session.hang_up()

    def _initialize_async(self, client: socket.socket, sender: Sender, first: Message) -> None:
        with self._guard:
            session = self._sessions.get(first.parameter)
            if session is None or not session.join(client):
                raise HislipError(
                    Fatal.BAD_INITIALIZATION, f"no session {first.parameter} waits for this"
                )
        try:
            sender.send(pack(Message(Kind.ASYNC_INITIALIZE_RESPONSE, 0, _VENDOR)))
            with _told(sender):
                AsyncChannel(session, client, sender, self._locks).serve()
        finally:
            session.hang_up()

    def _serve(self, session: HislipSession) -> None:
        while (message := receive(session.connection, session.sender)) is not None:
            if not session.joined:
                raise HislipError(Fatal.CHANNELS_MISSING, "there is no asynchronous connection yet")
            kind = message.kind
            if kind in (Kind.DATA, Kind.DATA_END, Kind.TRIGGER):
                session.hear(message)
            elif kind == Kind.DEVICE_CLEAR_COMPLETE:
                session.cleared()
            elif kind == Kind.FATAL_ERROR:
                return
            elif kind != Kind.ERROR:
                session.sender.send(complaint(Complaint.UNKNOWN_TYPE, f"message type {kind}"))


@contextmanager
def _told(sender: Sender) -> Iterator[None]:
    """Tell the client why its connection ends."""
    try:
        yield
    except HislipError as error:
        sender.send(pack(Message(Kind.FATAL_ERROR, error.code, 0, str(error).encode())))
