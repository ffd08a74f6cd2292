"""pyserial ends here: serial ports whose other end is a simulated instrument in this process.

There are no connections on a serial line: who opens it finds it as the last one left it.
"""

import math
import threading

from mtjlab.core.clock import VirtualClock
from mtjlab.core.errors import BenchError, nearest
from sim_backend.conversation import Conversation, MessageTwin, due_s


class SerialPorts:
    """The serial instruments of one world; what a driver is handed as `Ports.serial`."""

    def __init__(self, clock: VirtualClock) -> None:
        """Args: `clock`: of the world, on which time-outs pass."""
        self._clock = clock
        self._twins: dict[str, MessageTwin] = {}
        self._guard = threading.RLock()

    def attach(self, resource: str, twin: MessageTwin) -> None:
        """Plug an instrument in.

        Raises:
            BenchError: the port is taken.
        """
        if resource in self._twins:
            raise BenchError(f"two instruments at the serial port {resource!r}")
        self._twins[resource] = twin

    def open(self, resource: str) -> "SerialLine":
        """An open port.

        Raises:
            OSError: there is none of that name.
        """
        if resource not in self._twins:
            raise OSError(f"no serial port {resource!r}; {nearest(resource, self._twins)}")
        return SerialLine(self._twins[resource], self._clock, self._guard)


class SerialLine:
    """The members of `serial.Serial` that a driver needs, without a wait.

    Attributes:
        timeout: how long `read` waits for the first byte, s of bench time, which pass at once.
    """

    def __init__(
        self, conversation: Conversation, clock: VirtualClock, guard: threading.RLock
    ) -> None:
        self.timeout = 0.0
        self._conversation = conversation
        self._clock = clock
        self._guard = guard

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read now.

        Raises:
            OSError: the instrument cannot be reached.
        """
        with self._guard:
            return len(self._conversation.out)

    def read(self, size: int = 1) -> bytes:
        """At most `size` bytes; none when the time-out has passed.

        Raises:
            OSError: the instrument cannot be reached.
        """
        with self._guard:
            if not self._conversation.out:
                wait_s = due_s(self._conversation) - self._clock.now_s()
                late = math.isinf(wait_s) or wait_s > self.timeout
                self._clock.sleep(self.timeout if late else max(0.0, wait_s))
            out = self._conversation.out
            data = bytes(out[:size])
            del out[:size]
            return data

    def write(self, data: bytes) -> int:
        """Send everything.

        Raises:
            OSError: the instrument cannot be reached.
        """
        with self._guard:
            self._conversation.feed(data)
            return len(data)

    def reset_input_buffer(self) -> None:
        """Drop what waits to be read."""
        with self._guard:
            self._conversation.out.clear()

    def close(self) -> None:
        """Nothing: the line stays as it is."""
