"""A served instrument without physics, in this process, and clients that count bytes themselves."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mtjlab.core.clock import ServedClock
from sim_backend.scpi import ErrorQueue, Number, Quoted, Session, Status, Vocabulary
from sim_backend.scpi.conversations import Conversations
from sim_backend.wire.server import WireServer

WORDS: Any = Vocabulary()
HEADER = struct.Struct("!2sBBIQ")


class Box:
    """Echoes text, sends blocks, takes its time, answers late."""

    identity = "ACME,BOX,7,1.0"

    def __init__(self, clock: ServedClock) -> None:
        self.clock = clock
        self.status = Status(ErrorQueue(100))
        self._conversations: Any = Conversations(self, WORDS)
        self.out = self._conversations.shared.out
        self.feed = self._conversations.shared.feed
        self.clear = self._conversations.shared.clear
        self.status_byte = self._conversations.shared.status_byte
        self.starved = self._conversations.shared.starved

    def converse(self) -> Session[Any]:
        return self._conversations.begin()

    def reset(self) -> None:
        pass

    def trigger(self) -> None:
        self._conversations.reply("triggered")

    @property
    def errors(self) -> list[int]:
        return [code for code, _ in self.status.errors.entries()]

    @property
    def clients(self) -> int:
        return len(self._conversations._open) - 1


def _numbers(box: Box, count: float) -> bytes:
    n = int(count)
    return f"#{len(str(n))}{n}".encode() + (bytes(range(256)) * (n // 256 + 1))[:n]


WORDS.declare("ECHO", query=lambda box, text: text, asks=(Quoted(),))
WORDS.declare("WAIT", query=lambda box, s: box.clock.sleep(s) or 1, asks=(Number(0, 100, 1),))
WORDS.declare("LATER", query=lambda box: None)
WORDS.declare("BLOCK", query=_numbers, asks=(Number(0, 10**7, 1),))


class Client:
    """A bare socket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.lines = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, text: str) -> str:
        self.send(text.encode() + b"\n")
        return self.lines.readline().decode().rstrip("\n")

    def message(self, *header: int, payload: bytes = b"") -> tuple[int, int, int, bytes]:
        """Send a HiSLIP message (type, control, parameter) and take one."""
        self.post(*header, payload=payload)
        return self.take()

    def post(self, kind: int, control: int = 0, parameter: int = 0, payload: bytes = b"") -> None:
        self.send(HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)

    def take(self) -> tuple[int, int, int, bytes]:
        _, kind, control, parameter, length = HEADER.unpack(self.lines.read(HEADER.size))
        return kind, control, parameter, self.lines.read(length)

    def over(self) -> bool:
        """Whether the server has ended this connection."""
        try:
            return self.lines.read() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.lines.close()
        self.socket.close()

    def kill(self) -> None:
        """As if the program died: unread replies make it a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Served:
    """A box on the wire; `patience_s` bounds every wait of a test."""

    def __init__(self) -> None:
        self.clock = ServedClock()
        self.lock = threading.RLock()
        self.box = Box(self.clock)
        self.server = WireServer(self.lock, self.clock)
        self._clients: list[Client] = []

    def serve(self, way: Any, **options: Any) -> str:
        return self.server.serve(self.box, way, **options)

    def client(self, resource: str) -> Client:
        port = resource.removesuffix("::SOCKET").removesuffix("::INSTR").replace(",", "::")
        self._clients.append(Client(int(port.rpartition("::")[2])))
        return self._clients[-1]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for another thread, a bounded time."""
        for _ in range(2000):
            if condition():
                return
            threading.Event().wait(0.005)
        raise AssertionError("it did not happen within 10 s")

    def end(self) -> None:
        for client in self._clients:
            client.close()
        self.server.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    before = set(threading.enumerate())
    made = Served()
    yield made
    made.end()
    assert set(threading.enumerate()) <= before, "the server left a thread"
