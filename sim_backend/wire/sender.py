"""Replies to one client of a socket."""

import socket
import struct
import sys
import threading

from sim_backend.wire.listener import shut

# A client that asks and asks, and never reads, is not waited for any longer.
_PATIENCE_S = 5


class Sender:
    """Sends to one client, each piece whole, from whatever thread."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._one_at_a_time = threading.Lock()
        windows = sys.platform == "win32"
        limit = struct.pack("L", _PATIENCE_S * 1000)
        client.setsockopt(
            socket.SOL_SOCKET,
            socket.SO_SNDTIMEO,
            limit if windows else struct.pack("ll", _PATIENCE_S, 0),
        )

    def send(self, data: bytes) -> None:
        """Send; a client that does not take it is cut off."""
        with self._one_at_a_time:
            try:
                self._client.sendall(data)
            except OSError:
                shut(self._client)
