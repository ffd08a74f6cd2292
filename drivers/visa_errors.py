"""What PyVISA raises, in our words and our tree."""

from collections.abc import Callable

from pyvisa import errors
from pyvisa.constants import StatusCode

from mtjlab.core.errors import BadReply, InstrumentError, NotFound, Timeout
from mtjlab.core.units import si

# What a library raises when a link fails; pyvisa-py's HiSLIP has only RuntimeError to say it with.
LINK_FAILURES = (errors.Error, OSError, RuntimeError)
_NOBODY = (
    StatusCode.error_resource_not_found,
    StatusCode.error_no_listeners,
    StatusCode.error_connection_lost,
)


def visa_error(
    error: Exception, where: str, command: str, timeout_s: float, present: Callable[[], str]
) -> InstrumentError:
    """The error to raise instead of `error`, which `command` met at `where`.

    Args:
        error: one of `LINK_FAILURES`.
        where: name and resource of the instrument.
        command: what was being sent or asked.
        timeout_s: how long the link waits, s.
        present: lists the resources that are there.
    """
    code = getattr(error, "error_code", None)
    if code == StatusCode.error_timeout:
        return Timeout(
            f"{where} did not take {command!r} within {si(timeout_s, 's')}. Check that it is "
            "switched on and remote"
        )
    if code in _NOBODY:
        return NotFound(
            f"{where}: nobody is there: {error}. There are: {present()}. Check power and cable"
        )
    return InstrumentError(
        f"{where}: the link failed at {command!r}: {error}. Check power and cable"
    )


def no_reply(where: str, command: str, came: bytes, timeout_s: float) -> Timeout:
    """What to raise when a reply, or the rest of one, did not come in time."""
    what = f"only {came!r} came" if came else "no reply came"
    return Timeout(
        f"{where}: {what} to {command!r} within {si(timeout_s, 's')}. Check that it is "
        "switched on and remote, that cable and address are right, and its display for errors"
    )


def succeeded(status: int) -> StatusCode:
    """The status of a read that may have timed out.

    Raises:
        VisaIOError: it failed in another way.
    """
    if status < 0 and status != StatusCode.error_timeout:
        raise errors.VisaIOError(status)
    return StatusCode(status)


def text_of(where: str, command: str, reply: bytes) -> str:
    """A reply without its termination.

    Raises:
        BadReply: it is not text.
    """
    try:
        return reply.decode("ascii").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadReply(
            f"{where}: {reply!r} in reply to {command!r} is not text. Check the "
            "cable and, on a serial line, speed and parity"
        ) from error
