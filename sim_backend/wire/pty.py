"""A serial line: the instrument on one end of a pseudo-terminal, any program on the other.

There are no connections: who opens the line finds it as the last one left it, half a line
included, as with a real one.
"""

import contextlib
import os
import select
import threading

from mtjlab.core.errors import BenchError
from sim_backend.wire.line import Instrument
from sim_backend.wire.tcp import messages

_MOST_AT_ONCE = 4096
# What nobody reads is lost, as it is on a wire.
_SEND_PATIENCE_S = 1.0


class SerialLine:
    """One instrument on a line of its own.

    Attributes:
        resource: its VISA name.
        device: what a serial program opens, such as `/dev/pts/3`.
    """

    def __init__(self, instrument: Instrument) -> None:
        """Make the line.

        Raises:
            BenchError: this system has no pseudo-terminals.
        """
        if not hasattr(os, "openpty"):
            raise BenchError("this system has no pseudo-terminals; serve the instrument over tcp")
        import tty

        # Held open on both ends: else the instrument would see a hang-up with every client.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        self.resource = f"ASRL{self.device}::INSTR"
        self._instrument = instrument
        self._line = instrument.share(self._send)
        self._stopping = threading.Event()
        self._woken, self._wake = os.pipe()
        self._sending = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name=self.device, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the line down."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._instrument.interrupt()
        os.write(self._wake, b"!")
        self._thread.join()
        self._line.end()
        with self._sending:
            for end in (self._master, self._slave, self._woken, self._wake):
                os.close(end)

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._master, self._woken], [], [])
            if self._woken in readable:
                return
            try:
                data = os.read(self._master, _MOST_AT_ONCE)
            except BlockingIOError:
                continue
            for piece in messages(data):
                with contextlib.suppress(ConnectionError):
                    if reply := self._line.say(piece):
                        self._send(reply)

    def _send(self, data: bytes) -> None:
        with self._sending:
            while data and not self._stopping.is_set():
                _, writable, _ = select.select([self._woken], [self._master], [], _SEND_PATIENCE_S)
                if not writable:
                    return
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self._master, data) :]
