"""The link over a real socket, through pyvisa-py: replies in pieces, peers that are gone."""

import socket
import threading
from contextlib import closing

import pytest

from drivers.link import Link
from drivers.link_settings import LinkSettings
from mtjlab.core.errors import InstrumentError, NotFound, Timeout

SETTINGS = LinkSettings(timeout_s=5.0, slice_s=0.02)


class Peer:
    """Accepts one client and answers each line by calling `answer(line, connection)`."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP0::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        with self._listener:
            connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                if self._answer(line.decode().strip(), connection) == "hang up":
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Unblocks an accept that never got its client.
        with socket.socket() as nobody:
            nobody.connect_ex(("127.0.0.1", int(self.resource.split("::")[2])))
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_a_round_trip(opening):
    with (
        Peer(lambda line, wire: wire.sendall(f"{line} yes\r\n".encode())) as peer,
        closing(Link(opening("@py", peer.resource), SETTINGS)) as link,
    ):
        assert [link.ask(f"Q{i}?") for i in range(20)] == [f"Q{i}? yes" for i in range(20)]


def test_a_reply_that_stalls_in_the_middle_is_read_whole(opening):
    silence = threading.Event()

    def halves(line, wire):
        wire.sendall(b"+1.2345")
        assert silence.wait(10)
        wire.sendall(b"67E-05\n")

    with Peer(halves) as peer, closing(Link(opening("@py", peer.resource), SETTINGS)) as link:
        session = link._partial
        read = session.read

        def read_and_tell(count):
            piece, status = read(count)
            if status < 0:
                silence.set()
            return piece, status

        session.read = read_and_tell
        assert link.ask(":SENS:DATA?") == "+1.234567E-05"
        assert silence.is_set()


def test_a_peer_that_hangs_up_is_an_instrument_error_and_no_hang(opening):
    with Peer(lambda line, wire: "hang up") as peer:
        settings = LinkSettings(timeout_s=0.2, slice_s=0.02)
        with closing(Link(opening("@py", peer.resource), settings)) as link:
            for _ in range(3):
                with pytest.raises(InstrumentError):
                    link.ask("*IDN?")


def test_nobody_at_the_port_is_not_found_or_does_not_answer(opening):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = LinkSettings(timeout_s=0.2, slice_s=0.02)
    with (
        pytest.raises((NotFound, Timeout, InstrumentError), match=f"{port}::SOCKET"),
        closing(Link(opening("@py", f"TCPIP0::127.0.0.1::{port}::SOCKET"), settings)) as link,
    ):
        link.ask("*IDN?")
