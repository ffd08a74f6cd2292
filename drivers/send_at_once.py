"""Small messages over TCP leave at once."""

import socket
from typing import Any


def send_at_once(session: Any) -> None:
    """Switch Nagle's algorithm off, which pyvisa-py leaves on for raw sockets.

    With it a message that follows another without a reply in between waits, 40 ms and more, until
    the instrument has acknowledged the first. Other libraries have it off, as VISA wants.

    Args:
        session: pyvisa-py's own session object, or None.
    """
    wire = getattr(session, "interface", None)
    if isinstance(wire, socket.socket):
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
