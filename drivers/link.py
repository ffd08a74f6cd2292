"""One VISA link: whole transactions, abortable waits, no stale replies, settings by permit only.

A question and its reply are one transaction under one lock, also when PyMeasure writes and reads
in two calls: the reply is fetched with the question and kept for the thread that asked.

Reads wait in slices, so that `abort` releases the caller, and a library in virtual time, whose
time-outs pass at once, takes as many slices as a real one. From the first byte sent to the last
byte received the link counts as dirty. Whatever goes wrong in between, it stays dirty, and is
cleared before it is used again: by a device clear, then by asking who is there until that, and
not the late answer to something else, comes back.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from pymeasure.adapters import Adapter
from pyvisa import constants, errors
from pyvisa.constants import ResourceAttribute, StatusCode

from drivers.link_settings import LinkSettings
from drivers.send_at_once import send_at_once
from drivers.vendor_calls import VendorCalls
from drivers.visa_errors import LINK_FAILURES, no_reply, succeeded, text_of, visa_error
from drivers.visa_session import opened, present
from mtjlab.core.driver import Opening
from mtjlab.core.errors import (
    Aborted,
    BadReply,
    InstrumentError,
    LimitError,
    MtjlabError,
)

# Some libraries drop what a read has gathered when its time-out strikes, so the first byte is
# waited for alone; the rest follows at bus speed, this many bytes at a time.
_PIECE = 256
_MOST_STALE_REPLIES = 32


class Link(Adapter):  # type: ignore[misc]  # PyMeasure ships no types
    """A PyMeasure adapter over one VISA resource; see the module.

    Attributes:
        resource: VISA name.
        abort: set by whoever wants waits to end; the driver's `shutdown` clears it.
    """

    def __init__(self, opening: Opening, settings: LinkSettings) -> None:
        """Open the resource; sends nothing.

        Raises:
            NotFound: no such library or resource; the text lists what is there.
        """
        super().__init__()
        self.resource = opening.resource
        self.abort = threading.Event()
        self._name = opening.name
        self._permit = opening.permit
        self._settings = settings
        self._lock = threading.RLock()
        self._replies = threading.local()
        self._dirty = False
        self._greeting: tuple[str, str] | None = None
        self._acquiring_s: float | None = None
        # Of an acquisition that was left: its instrument may be at it for so long.
        self._busy_s = 0.0
        # How often the greeting was asked and not answered.
        self._late = 0
        self._timeout_ms: int | None = None
        self.connection: Any = None
        self._open(opening.ports.visa_library)
        self._calls = VendorCalls(self._where, self.abort, direct=opening.ports.virtual)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other threads out for several transactions; may be nested.

        A reply that cannot be what was asked for leaves doubt about the next one, too: a
        `BadReply` out of this block makes the link dirty.
        """
        with self._lock:
            try:
                yield
            except BadReply:
                self._dirty = True
                raise

    @contextmanager
    def acquiring(self, duration_s: float) -> Iterator[None]:
        """Let `:READ?` pass in this block, and wait `duration_s` longer for replies.

        For a driver that has made sure that the output is on and the ranges are its own.
        """
        with self._lock:
            self._acquiring_s = duration_s
            try:
                yield
            finally:
                self._acquiring_s = None

    def expect(self, question: str, reply: str) -> None:
        """From now on, clear a dirty link by asking `question` until `reply` comes back."""
        self._greeting = (question, reply)

    def ask(self, question: str) -> str:
        """One transaction; the reply without its termination.

        Raises:
            Timeout, InstrumentError: no reply; Aborted: `abort` was set while it waited.
            LimitError: the text is a setting without permit, or is refused on this link.
        """
        with self._lock:
            self.write(question)
            return str(self.read())

    def clear(self) -> None:
        """Device clear: the instrument drops input and unread replies, and changes no output."""
        with self._lock:
            self._demand_open("device clear")
            self._dirty = True
            self._settle()

    def last_resort(self, command: str) -> None:
        """Send a setting over a link that cannot be made clean: words may arrive, replies not."""
        self._check(command)
        with self._lock:
            self._demand_open(command)
            self._dirty = True
            # An empty line ends whatever half a line a dead program left behind.
            self._send("")
            self._send(command)

    def leave(self, *commands: str) -> None:
        """Send settings as an aborted caller goes, without a wait; they may arrive or not."""
        with suppress(MtjlabError):
            for command in commands:
                self.last_resort(command)

    def close(self) -> None:
        """Close the resource; changes nothing at the instrument. May be repeated."""
        # Adapter.__del__ comes here too, and perhaps before __init__ was through.
        connection, self.connection = getattr(self, "connection", None), None
        if connection is None:
            return
        self._calls.close()
        try:
            connection.close()
        except (errors.Error, OSError) as error:
            raise InstrumentError(f"{self._where} did not close: {error}") from error

    def _open(self, library: Any) -> None:
        self._manager, self.connection = opened(
            library, self.resource, self._settings.termination, self._where
        )
        self._visa: Any = self._manager.visalib
        self._session = self.connection.session
        self._serial = self.connection.interface_type == constants.InterfaceType.asrl
        # pyvisa-py gives its partial reads away in its sessions, and only there.
        sessions = getattr(self._visa, "sessions", None)
        in_python = type(self._visa).__module__.partition(".")[0] == "pyvisa_py"
        self._partial: Any = sessions[self._session] if sessions and in_python else None
        send_at_once(self._partial)

    def _present(self) -> str:
        return present(self._manager)

    @property
    def _where(self) -> str:
        return f"{self._name} ({self.resource})"

    # PyMeasure's hooks -------------------------------------------------------------------------

    def _write(self, command: str, **_: Any) -> None:
        message = self._settings.understand(command)
        self._check(command)
        with self._lock:
            self._demand_open(command)
            self._settle()
            self._dirty = True
            self._busy_s = self._acquiring_s or 0.0
            self._late = int(self._greeting is not None and command == self._greeting[0])
            self._replies.kept = None
            self._send(command)
            if message.has_reply:
                self._replies.kept = self._receive(command)
            self._dirty = False

    def _read(self, **_: Any) -> str:
        reply: str | None = getattr(self._replies, "kept", None)
        if reply is None:
            raise InstrumentError(f"{self._where}: nothing was asked, so there is no reply to read")
        self._replies.kept = None
        return reply

    # What may be sent --------------------------------------------------------------------------

    def _check(self, command: str) -> None:
        if "\n" in command or "\r" in command:
            raise LimitError(
                f"{self._where}: {command!r} holds more than one message; nothing was sent"
            )
        message = self._settings.understand(command)
        for mnemonic, reason in self._settings.refused.items():
            if any(u.lstrip(":").upper().startswith(mnemonic) for u in message.units):
                raise LimitError(
                    f"{self._where}: {command!r} is refused; nothing was sent. {reason}"
                )
        if not message.only_asks:
            self._permit.demand(f"{self._where}: {command!r}")

    def _demand_open(self, command: str) -> None:
        if self._settings.understand(command).acquires and self._acquiring_s is None:
            raise LimitError(
                f"{self._where}: {command!r} makes the instrument measure and passes only through "
                "the driver's measure(); nothing was sent"
            )
        if self.connection is None:
            raise InstrumentError(f"{self._where} is closed; {command!r} was not sent")

    # Bytes -------------------------------------------------------------------------------------

    def _send(self, command: str) -> None:
        self._set_timeout(self._settings.timeout_s)
        try:
            message = (command + self._settings.termination).encode("ascii")
            write = partial(self._visa.write, self._session, message)
            # A socket of pyvisa-py takes a message at once.
            quick = self._partial is not None
            self._calls.run(write, repr(command), self._settings.timeout_s, quick=quick)
        except LINK_FAILURES as error:
            raise self._translated(error, command) from error

    def _receive(self, command: str) -> str:
        timeout_s = self._settings.timeout_s + max(self._acquiring_s or 0.0, self._busy_s)
        self._set_timeout(self._settings.slice_s)
        reply = bytearray()
        for _ in range(math.ceil(timeout_s / self._settings.slice_s)):
            status = StatusCode.success_max_count_read
            while status == StatusCode.success_max_count_read:
                piece, status = self._piece(command, reply)
                reply += piece
            if status != StatusCode.error_timeout:
                return text_of(self._where, command, bytes(reply))
            if self.abort.is_set():
                raise Aborted(f"{self._where}: aborted while it waited for {command!r}")
            if reply and self._partial is None:
                break
        raise no_reply(self._where, command, bytes(reply), timeout_s)

    def _piece(self, command: str, reply: bytearray) -> tuple[bytes, StatusCode]:
        """One read of the library: what it got, and `error_timeout` if its time ran out."""
        try:
            if self._partial is not None:
                piece, status = self._partial.read(_PIECE)
                return bytes(piece), succeeded(status)
            count = 1 if not reply else _PIECE
            if self._serial:
                count = max(1, self.connection.bytes_in_buffer)
            with self.connection.ignore_warning(
                StatusCode.success_device_not_present, StatusCode.success_max_count_read
            ):
                piece, status = self._visa.read(self._session, count)
            return bytes(piece), StatusCode(status)
        except errors.VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                return b"", StatusCode.error_timeout
            raise self._translated(error, command) from error
        except LINK_FAILURES as error:
            raise self._translated(error, command) from error

    def _set_timeout(self, seconds: float) -> None:
        milliseconds = max(1, round(seconds * 1e3))
        if milliseconds != self._timeout_ms:
            self._visa.set_attribute(self._session, ResourceAttribute.timeout_value, milliseconds)
            self._timeout_ms = milliseconds

    def _translated(self, error: Exception, command: str) -> InstrumentError:
        return visa_error(error, self._where, command, self._settings.timeout_s, self._present)

    # After an error ----------------------------------------------------------------------------

    def _settle(self) -> None:
        """Make a dirty link clean: nothing of an earlier question is left on it."""
        if not self._dirty:
            return
        self._device_clear()
        if self._greeting is not None:
            self._greet(*self._greeting)
        self._dirty = False

    def _device_clear(self, tries: int = 2) -> None:
        # A raw socket has none, and pyvisa-py's attempt at it never returns once the peer is
        # gone. There, as wherever it is not supported, the greeting sees to the rest.
        if self.resource.upper().endswith("SOCKET"):
            return
        try:
            # Not the slice of a read: an instrument may have to finish something first.
            self._set_timeout(self._settings.timeout_s)
            self._calls.run(self.connection.clear, "a device clear", self._settings.timeout_s)
            self._late, self._busy_s = 0, 0.0
        except (errors.Error, OSError) as error:
            code = getattr(error, "error_code", None)
            if isinstance(error, TimeoutError) and tries > 1:
                # An instrument that was stuck answers the next one.
                self._device_clear(tries - 1)
            elif code != StatusCode.error_nonsupported_operation:
                raise self._translated(error, "device clear") from error
        except RuntimeError:
            # Not implemented, or pyvisa-py's HiSLIP stumbled over the late reply it is to drop.
            pass

    def _greet(self, question: str, expected: str) -> None:
        self._send(question)
        self._late += 1
        for _ in range(_MOST_STALE_REPLIES):
            if self._receive(question) == expected:
                self._late -= 1
                self._drain(question)
                return
        raise BadReply(
            f"{self._where}: after an error {question!r} was answered {_MOST_STALE_REPLIES} times "
            f"by something else than {expected!r}. Switch the instrument off and on"
        )

    def _drain(self, question: str) -> None:
        """Drop what still comes: the answer may have been to an earlier, equal question.

        Those are waited for as long as for any reply, whatever else comes for one slice.
        """
        patience = math.ceil(self._settings.timeout_s / self._settings.slice_s)
        for _ in range(_MOST_STALE_REPLIES + patience):
            status = self._piece(question, bytearray(1))[1]
            if status == StatusCode.error_timeout:
                patience -= 1
                if self._late <= 0 or patience <= 0:
                    break
                if self.abort.is_set():
                    raise Aborted(f"{self._where}: aborted while it waited for late replies")
            elif status != StatusCode.success_max_count_read:
                self._late -= 1
        self._late, self._busy_s = 0, 0.0
