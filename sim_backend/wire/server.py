"""Message-based instruments of one world on loopback, each in its own way, until it is stopped."""

from contextlib import AbstractContextManager
from typing import Literal

from mtjlab.core.clock import ServedClock
from sim_backend.conversation import MessageTwin
from sim_backend.wire.hislip import Hislip
from sim_backend.wire.line import Instrument
from sim_backend.wire.listener import loopback
from sim_backend.wire.pty import SerialLine
from sim_backend.wire.tcp import RawSocket
from sim_backend.wire.turnstile import Clients

Way = Literal["tcp", "hislip", "serial"]


class WireServer:
    """The served instruments of one world."""

    def __init__(
        self,
        lock: AbstractContextManager[object],
        clock: ServedClock,
        *,
        host: str = "127.0.0.1",
    ) -> None:
        """Serve nothing yet.

        Args:
            lock: of the world, held while a command is carried out.
            clock: of the world.
            host: a loopback address.

        Raises:
            BenchError: it can be reached from outside this machine.
        """
        self._lock, self._clock = lock, clock
        self._host = loopback(host)
        self._served: list[RawSocket | Hislip | SerialLine] = []

    def serve(
        self, twin: MessageTwin, way: Way, *, port: int = 0, clients: Clients = "many"
    ) -> str:
        """Serve an instrument from now on; its VISA resource.

        Args:
            twin: the instrument.
            way: raw TCP socket, HiSLIP or a serial line.
            port: of TCP, 0 for any free one.
            clients: `many`, or one while others are sent away (`refuse`) or wait (`queue`).

        Raises:
            BenchError: the port is taken, or this system has no pseudo-terminals.
        """
        instrument = Instrument(twin, self._lock, self._clock)
        served: RawSocket | Hislip | SerialLine
        if way == "serial":
            served = SerialLine(instrument)
        elif way == "hislip":
            served = Hislip(instrument, self._host, port, clients=clients)
        else:
            served = RawSocket(instrument, self._host, port, clients=clients)
        self._served.append(served)
        return served.resource

    def stop(self) -> None:
        """End every connection; returns when no thread, socket or line is left."""
        while self._served:
            self._served.pop().stop()
