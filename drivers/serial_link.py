"""One serial port: a line out, a line back, abortable waits, and no stale or half-sent line.

A serial line has no connections: who opens it finds what the last program has left, half a line
on its way to the instrument and late replies on their way back. So before the first exchange, and
before the next one after anything has gone wrong, a line is sent that makes the instrument refuse
whatever it completes, and then a question that nobody has asked before.
"""

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import serial

from drivers.serial_names import port_name
from mtjlab.core.driver import Opening
from mtjlab.core.errors import Aborted, BadReply, InstrumentError, NotFound, Timeout
from mtjlab.core.units import si

# A byte outside ASCII makes a line invalid as a whole: what was half sent is never carried out.
CANCEL = b"\xff\n"
SLICE_S = 0.02
# Small enough for an abort between two of them, at 28 kBd and more.
_PIECE = 256
_PIECE_S = 0.09
_MOST_STALE_LINES = 64
_numbers = iter(range(os.getpid() * 1000 % 2**30, 2**31 - 1))


def fresh_number() -> int:
    """One that no earlier question of this or another program has had, as far as can be."""
    return next(_numbers)


class SerialLink:
    """One serial port with one lock.

    Attributes:
        abort: set by whoever wants waits to end; the driver's `shutdown` clears it.
        where: the instrument, for messages.
    """

    def __init__(self, opening: Opening, *, timeout_s: float, baud: int) -> None:
        """Open the port; sends nothing, and does not touch the lines that reset some boards.

        Raises:
            NotFound: no such port.
        """
        self.abort = threading.Event()
        self.where = f"{opening.name} ({opening.resource})"
        self._timeout_s = timeout_s
        self._lock = threading.RLock()
        self._dirty = True
        self._came = bytearray()
        self._port: Any = None
        try:
            self._port = (
                open_port(opening.resource, baud)
                if opening.ports.serial is None
                else opening.ports.serial.open(opening.resource)
            )
        except (OSError, ValueError) as error:
            raise NotFound(
                f"{self.where}: the serial port does not open: {error}. Check the cable and "
                "`resource` in the bench file"
            ) from error
        self._port.timeout = SLICE_S

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other threads out for several exchanges; a `BadReply` makes the line dirty."""
        with self._lock:
            try:
                yield
            except BadReply:
                self._dirty = True
                raise

    @property
    def dirty(self) -> bool:
        """Whether the next exchange must be preceded by `settle`."""
        return self._dirty

    def settle(self, question: str) -> None:
        """Make the line clean.

        Args:
            question: with `{}` for a number, which must be the reply.

        Raises:
            Timeout, InstrumentError: nobody answers.
        """
        with self._lock:
            self._dirty = True
            self._came.clear()
            number = str(fresh_number())
            self._write(CANCEL)
            with self._translated("clearing"):
                self._port.reset_input_buffer()
            text = question.format(number)
            self._write(f"{text}\n".encode("ascii"))
            for _ in range(_MOST_STALE_LINES):
                if self._line(text, self._timeout_s).split(";")[0] == number:
                    self._dirty = False
                    return
            raise BadReply(
                f"{self.where}: {text} was answered by {_MOST_STALE_LINES} other lines. Somebody "
                "else talks on this port, or the board must be switched off and on"
            )

    def ask(self, text: str, wait_s: float = 0.0) -> str:
        """One exchange on a clean line; the reply without its end.

        Args:
            text: one line.
            wait_s: how much longer than usual the reply may take, s.

        Raises:
            Timeout, InstrumentError: no reply; Aborted: `abort` was set while it waited.
        """
        with self._lock:
            self._dirty = True
            self._write(f"{text}\n".encode("ascii"))
            reply = self._line(text, self._timeout_s + wait_s)
            self._dirty = False
            return reply

    def send(self, text: str) -> None:
        """Say something and do not wait: as `abort` has it, or as a last resort."""
        with self._lock:
            self._dirty = True
            with suppress(InstrumentError, Aborted):
                self._write(CANCEL)
                self._write(f"{text}\n".encode("ascii"))

    def close(self) -> None:
        """Close the port. May be repeated."""
        port, self._port = self._port, None
        if port is not None:
            with suppress(OSError):
                port.close()

    def _write(self, data: bytes) -> None:
        for first in range(0, len(data), _PIECE):
            with self._translated("sending"):
                self._demand_open().write(data[first : first + _PIECE])
            if first and self.abort.is_set():
                raise Aborted(f"{self.where}: aborted while it was sending")

    def _line(self, text: str, timeout_s: float) -> str:
        for _ in range(math.ceil(timeout_s / SLICE_S)):
            while (piece := self._piece()) or b"\n" in self._came:
                self._came += piece
                line, end, rest = self._came.partition(b"\n")
                if end:
                    self._came = bytearray(rest)
                    return self._text(bytes(line))
            if self.abort.is_set():
                raise Aborted(f"{self.where}: aborted while it waited for {text[:60]!r}")
        came = f"only {bytes(self._came[:60])!r} came" if self._came else "no reply came"
        raise Timeout(
            f"{self.where}: {came} to {text[:60]!r} within {si(timeout_s, 's')}. Check that the "
            "board has power and runs its program, and that the port is the right one"
        )

    def _piece(self) -> bytes:
        with self._translated("reading"):
            port = self._demand_open()
            if b"\n" in self._came:
                return b""
            return bytes(port.read(max(1, port.in_waiting)))

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("ascii").rstrip("\r")
        except UnicodeDecodeError as error:
            self._dirty = True
            raise BadReply(
                f"{self.where}: {line[:60]!r} is no text. Check cable, speed, and ground"
            ) from error

    def _demand_open(self) -> Any:
        if self._port is None:
            raise InstrumentError(f"{self.where} is closed; nothing was sent")
        return self._port

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except serial.SerialTimeoutException as error:
            if self.abort.is_set():
                raise Aborted(f"{self.where}: aborted while it was sending") from error
            raise Timeout(f"{self.where}: the board takes no more bytes. Check it") from error
        except (OSError, TypeError, ValueError) as error:
            # A port whose device has gone, or that another thread has just closed.
            raise InstrumentError(
                f"{self.where}: {doing} failed: {error}. Check power and cable"
            ) from error


def open_port(resource: str, baud: int) -> Any:
    """A `serial.Serial`, opened without touching the lines that reset some boards.

    Raises:
        OSError, ValueError: no such port, or somebody else has it.
    """
    port = serial.Serial()
    port.port = port_name(resource)
    port.baudrate = baud
    port.write_timeout = _PIECE_S
    # Boards of the Arduino kind are wired to reset when these lines are raised.
    port.dtr = port.rts = False
    port.open()
    return port
