"""NI-DAQmx's errors as ours.

`DaqNotFoundError` and the errors of a remote board are no `DaqError`: the common base is caught.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nidaqmx import errors

from mtjlab.core.errors import (
    BenchError,
    InstrumentError,
    MtjlabError,
    NotFound,
    Overrun,
    Reported,
    Timeout,
)

_NO_SUCH_CHANNEL = -200170
# No such device; absent, unavailable or not to be accessed; its driver sees it no more.
_GONE = (-200220, -200324, -201003, -88705)
_OVERWRITTEN = -200279
_RESERVED = (-50103, -200022)
_TIMEOUTS = (-200284, -200560)
# No trigger lines between two boards; no such terminal there.
_NO_ROUTE = (-89125, -89120)


@contextmanager
def translated(
    where: str, doing: str, lost: Callable[[], tuple[int, int]] | None = None
) -> Iterator[None]:
    """Raise what NI-DAQmx raises in this block as an error of ours, chained.

    Args:
        where: the board, for messages.
        doing: what was attempted.
        lost: first lost sample and number lost, asked for after an overrun.
    """
    try:
        yield
    except errors.DaqNotFoundError as error:
        raise NotFound(
            f"{where}: the NI-DAQmx driver is not installed on this computer. Install it from "
            "NI, or use a bench with a [twin] table"
        ) from error
    except errors.DaqError as error:
        raise _ours(error, where, doing, lost) from error
    except errors.RpcError as error:
        raise _unanswered(error, where, doing) from error
    except errors.Error as error:
        raise InstrumentError(f"{where}: {doing} failed: {_first_line(error)}") from error


def _ours(
    error: errors.DaqError,
    where: str,
    doing: str,
    lost: Callable[[], tuple[int, int]] | None,
) -> MtjlabError:
    code, text = error.error_code, f"{where}: {doing}: {_first_line(error)}"
    if code in _GONE:
        return NotFound(
            f"{text}. NI-DAQmx does not reach this device: check power, cable and its name in NI "
            "MAX against `resource` in the bench file"
        )
    if code == _NO_SUCH_CHANNEL:
        return BenchError(f"{text}. Check the channel in [[wiring]] of the bench file")
    if code == _OVERWRITTEN and lost is not None:
        first, count = lost()
        return Overrun(
            f"{where}: samples {first} to {first + count - 1} per channel were overwritten before "
            "they were read. Read larger blocks, or sample more slowly",
            first_lost=first,
            count=count,
        )
    if code in _TIMEOUTS:
        return Timeout(f"{text}. Check the sample clock and the trigger ({code})")
    if code in _NO_ROUTE:
        text += ". Check the cable between the boards, and [[wiring.clocks]] in the bench file"
    return Reported(f"{text} ({code})")


def _unanswered(error: errors.RpcError, where: str, doing: str) -> InstrumentError:
    status = getattr(error.rpc_code, "name", "")
    if status == "UNAVAILABLE":
        return InstrumentError(
            f"{where}: {doing}: the server that has the board does not answer any more; the "
            "outputs hold what they had. Check that it runs, and make the bench safe"
        )
    if status == "DEADLINE_EXCEEDED":
        return Timeout(
            f"{where}: {doing}: the server that has the board is there but does not answer. "
            "Check it and the network, or set a longer timeout_s"
        )
    return InstrumentError(f"{where}: {doing} failed: {_first_line(error)}")


def is_reserved(error: Exception) -> bool:
    """Whether another task has what was asked for, as NI-DAQmx says behind an error of ours."""
    cause = error.__cause__
    return isinstance(cause, errors.DaqError) and cause.error_code in _RESERVED


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
