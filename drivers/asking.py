"""One question to an instrument that nobody knows yet: no clear, no setting, no reset."""

import time
from contextlib import suppress
from typing import Any

import pyvisa
from pyvisa import errors
from pyvisa.constants import StatusCode

from drivers.serial_link import SLICE_S, open_port
from drivers.visa_errors import LINK_FAILURES, text_of
from mtjlab.core.driver import Ports
from mtjlab.core.errors import InstrumentError, NotFound, Timeout
from mtjlab.core.found import Found
from mtjlab.core.units import si

WHO = "*IDN?"
_LONGEST_REPLY = 1024


def ask(found: Found, question: str, ports: Ports, *, timeout_s: float, baud: int) -> str:
    """The reply without its termination. Opens the resource, and closes it again.

    Args:
        found: whom to ask.
        question: without a termination; a line feed is sent behind it.
        ports: as for a driver.
        timeout_s: longest wait for opening, and again for the reply, s.
        baud: speed of a serial line.

    Raises:
        NotFound: it cannot be opened; Timeout: no reply; InstrumentError: the link fails;
        BadReply: what came is no text.
    """
    if found.kind == "serial" and ports.visa_library == "" and ports.serial is None:
        return _over_serial(found.resource, question, timeout_s, baud)
    return _over_visa(found, question, ports.visa_library, timeout_s, baud)


def _over_visa(found: Found, question: str, library: Any, timeout_s: float, baud: int) -> str:
    resource = found.resource
    try:
        manager = pyvisa.ResourceManager(library)
        connection: Any = manager.open_resource(resource, open_timeout=round(timeout_s * 1e3))
    # Each library fails in its own way: OSError, ValueError, bare Exception.
    except Exception as error:
        raise NotFound(f"does not open: {_first_line(error)}. Check power and cable") from error
    try:
        connection.timeout = timeout_s * 1e3
        connection.read_termination = connection.write_termination = "\n"
        if found.kind == "serial":
            connection.baud_rate = baud
        connection.write(question)
        return text_of(resource, question, connection.read_raw(_LONGEST_REPLY))
    except LINK_FAILURES as error:
        if getattr(error, "error_code", None) == StatusCode.error_timeout:
            raise _silence(question, timeout_s) from error
        raise InstrumentError(
            f"the link failed: {_first_line(error)}. Check power and cable"
        ) from error
    finally:
        with suppress(errors.Error, OSError):
            connection.close()


def _over_serial(resource: str, question: str, timeout_s: float, baud: int) -> str:
    try:
        port = open_port(resource, baud)
    except (OSError, ValueError) as error:
        raise NotFound(f"does not open: {_first_line(error)}. Is another program on it?") from error
    try:
        port.timeout = SLICE_S
        port.reset_input_buffer()
        port.write(f"{question}\n".encode("ascii"))
        until_s = time.monotonic() + timeout_s
        came = b""
        while b"\n" not in came and time.monotonic() < until_s and len(came) < _LONGEST_REPLY:
            came += port.read(max(1, port.in_waiting))
    except OSError as error:
        raise InstrumentError(f"the line failed: {_first_line(error)}. Check the cable") from error
    finally:
        with suppress(OSError):
            port.close()
    line, end, _ = came.partition(b"\n")
    if not end:
        raise _silence(question, timeout_s)
    return text_of(resource, question, line)


def _silence(question: str, timeout_s: float) -> Timeout:
    return Timeout(
        f"no answer to {question} within {si(timeout_s, 's')}: switched off, not in remote, at "
        "another speed, or not a speaker of SCPI"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
