"""A raw TCP socket: bytes both ways, messages end at a line feed, no status, no device clear."""

import socket
from collections.abc import Iterator

from sim_backend.wire.line import Instrument
from sim_backend.wire.listener import Listener
from sim_backend.wire.sender import Sender
from sim_backend.wire.turnstile import Clients, Turnstile

_MOST_AT_ONCE = 1 << 16


class RawSocket:
    """One instrument behind a port.

    Attributes:
        resource: its VISA name.
    """

    def __init__(
        self, instrument: Instrument, host: str, port: int = 0, *, clients: Clients = "many"
    ) -> None:
        """Listen on a loopback address; `clients` as in `Turnstile`."""
        self._instrument = instrument
        self._listener = Listener(host, port, self._attend)
        self._turnstile = Turnstile(clients, self._listener.stopping)
        self.resource = f"TCPIP0::{host}::{self._listener.port}::SOCKET"

    def stop(self) -> None:
        """End every connection."""
        self._listener.stopping.set()
        self._turnstile.release()
        self._instrument.interrupt()
        self._listener.stop()

    def _attend(self, client: socket.socket) -> None:
        if not self._turnstile.enter():
            return
        try:
            sender = Sender(client)
            line = self._instrument.connect(sender.send)
            try:
                while data := client.recv(_MOST_AT_ONCE):
                    _acknowledge(client)
                    for piece in messages(data):
                        if reply := line.say(piece):
                            sender.send(reply)
                        if line.interrupt.is_set():
                            return
            finally:
                line.end()
        finally:
            self._turnstile.leave()


def _acknowledge(client: socket.socket) -> None:
    """Say at once what has come: many clients send nothing more before (Nagle's algorithm)."""
    quick = getattr(socket, "TCP_QUICKACK", None)
    if quick is not None:
        client.setsockopt(socket.IPPROTO_TCP, quick, 1)


def messages(data: bytes) -> Iterator[bytes]:
    """Cut after every line feed."""
    start = 0
    while end := data.find(b"\n", start) + 1:
        yield data[start:end]
        start = end
    if start < len(data):
        yield data[start:]
