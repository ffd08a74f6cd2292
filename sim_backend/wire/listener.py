"""A listening socket on loopback, a thread for each client, and a clean end to all of them."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable

from mtjlab.core.errors import BenchError

_BACKLOG = 16


def loopback(host: str) -> str:
    """The address to listen on.

    Raises:
        BenchError: it can be reached from outside this machine.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback or address.version != 4:
        raise BenchError(
            f"a simulated bench is served on this machine only, not on {host!r}; "
            "expected 127.0.0.1. To reach it from elsewhere, forward its ports over ssh"
        )
    return str(address)


class Listener:
    """Accepts clients until it is stopped.

    Attributes:
        port: on which it listens.
        stopping: set when it is about to end.
    """

    def __init__(self, host: str, port: int, attend: Callable[[socket.socket], None]) -> None:
        """Listen.

        Args:
            host: a loopback address.
            port: 0 for any free one.
            attend: serves one client until it goes; its exceptions of the connection end it, and
                nothing else. Runs in a thread of its own.

        Raises:
            BenchError: the port is taken.
        """
        self._attend = attend
        self.stopping = threading.Event()
        try:
            self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        except OSError as error:
            raise BenchError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        self.port: int = self._socket.getsockname()[1]
        # Changed by the acceptor alone; read when that has ended.
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._acceptor = threading.Thread(target=self._accept, name=f"listen {self.port}")
        self._acceptor.daemon = True
        self._acceptor.start()

    def stop(self) -> None:
        """End every connection; returns when no thread and no socket is left."""
        self.stopping.set()
        # Nothing else wakes an accept on every system.
        with contextlib.suppress(OSError), socket.socket() as nobody:
            nobody.settimeout(1.0)
            nobody.connect(self._socket.getsockname())
        self._acceptor.join()
        self._socket.close()
        for client in self._clients:
            shut(client)
        for thread in self._clients.values():
            thread.join()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                client, _ = self._socket.accept()
            except OSError:
                # Out of descriptors, or a client that was gone at once.
                self.stopping.wait(0.05)
                continue
            if self.stopping.is_set():
                client.close()
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._forget_the_dead()
            self._clients[client] = thread
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self._attend(client)

    def _forget_the_dead(self) -> None:
        # By the acceptor, not by themselves: `stop` waits for each until its very end.
        for client, thread in list(self._clients.items()):
            if not thread.is_alive():
                del self._clients[client]


def shut(connection: socket.socket) -> None:
    """End a connection: whoever reads from it in another thread is woken."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
