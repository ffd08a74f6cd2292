"""A list sweep in the 2400's own buffer: the instrument steps and measures without the host.

The fixed level that was set before stays programmed underneath, and is what the source returns
to when the sweep is broken off.
"""

import math
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from drivers.doubled import ask_twice
from drivers.error_queue import demand_empty
from drivers.link import Link
from drivers.source_fitting import Fitted, check_sweep
from mtjlab.core.clock import Clock
from mtjlab.core.errors import Aborted, BadReply, InstrumentError, LimitError, MtjlabError, Timeout
from mtjlab.core.units import si

_BUFFER = 2500
_LIST = 100  # levels that one list message may carry
_POLL_S = 0.02
_LONGEST_DELAY_S = 999.9999
# Bit 9 of the measurement event register is "buffer full"; its summary is bit 0 of the status byte.
_BUFFER_FULL, _MEASUREMENT = 512, 1


def list_sweep(
    link: Link,
    levels: NDArray[np.float64],
    *,
    delay_s: float,
    reading_s: float,
    fitted: Fitted,
    clock: Clock,
    where: str,
) -> NDArray[np.float64]:
    """Step through `levels` with the output on; ends at the last one.

    Args:
        link: of the instrument.
        levels: (n,), V or A.
        delay_s: between reaching a level and measuring, s.
        reading_s: time one reading takes, s; sets the time-out.
        fitted: the settings in force.
        clock: bench time.
        where: the instrument, for messages.

    Returns:
        (n, 5): voltage, current, resistance, time, status, as the instrument gives them.

    Raises:
        LimitError: a level, delay or number of points the instrument does not have.
        Timeout, Aborted, Reported, BadReply: the source is back at its level from before.
    """
    _check(levels, delay_s, fitted, where)
    function = fitted.settings.function.upper()
    try:
        _program(link, levels, delay_s, function, where)
        link.write(":INIT")
        _wait_until_full(link, len(levels) * (reading_s + delay_s), clock, where)
        rows = _fetch(link, len(levels), where)
        link.write(f":SOURCE:{function} {float(levels[-1])!r}")
    except Aborted:
        # Making the link clean takes longer than an abort may; the shutdown that follows does it.
        link.leave(":ABORT", *_fixed(function))
        raise
    except BaseException:
        with suppress(MtjlabError):
            link.write(":ABORT")
            _restore(link, function, where)
        raise
    _restore(link, function, where)
    return rows


def _check(levels: NDArray[np.float64], delay_s: float, fitted: Fitted, where: str) -> None:
    check_sweep(levels, _BUFFER, fitted, where)
    if not 0 <= delay_s <= _LONGEST_DELAY_S:
        raise LimitError(
            f"{where}: a delay of {delay_s:g} s; expected 0 to {_LONGEST_DELAY_S:g} s; "
            "nothing was sent"
        )


def _program(
    link: Link, levels: NDArray[np.float64], delay_s: float, function: str, where: str
) -> None:
    texts = [repr(level) for level in levels.tolist()]
    lists = [",".join(texts[i : i + _LIST]) for i in range(0, len(texts), _LIST)]
    for message in (
        f":SOURCE:LIST:{function} {lists[0]}",
        *(f":SOURCE:LIST:{function}:APPEND {more}" for more in lists[1:]),
        f":SOURCE:DELAY {delay_s!r}",
        f":TRIGGER:COUNT {len(texts)}",
        ":TRACE:CLEAR",
        f":TRACE:POINTS {len(texts)}",
        ":TRACE:FEED SENSE",
        ":TRACE:FEED:CONTROL NEXT",
        f"*CLS;:STATUS:MEASUREMENT:ENABLE {_BUFFER_FULL}",
        f":SOURCE:{function}:MODE LIST",
    ):
        link.write(message)
        demand_empty(link.ask, where, message.split()[0])


def _wait_until_full(link: Link, duration_s: float, clock: Clock, where: str) -> None:
    deadline_s = clock.now_s() + 2 * duration_s + 10 * _POLL_S
    while True:
        status = link.ask("*STB?").strip()
        if not status.isdigit():
            raise BadReply(f"{where}: {status!r} in reply to *STB?; expected a number")
        if int(status) & _MEASUREMENT:
            return
        if clock.now_s() > deadline_s:
            raise Timeout(
                f"{where}: a sweep of {si(duration_s, 's')} has not filled the buffer within "
                f"{si(2 * duration_s + 10 * _POLL_S, 's')}. Look at its display"
            )
        if clock.sleep(_POLL_S, link.abort):
            raise Aborted(f"{where}: aborted in a sweep")


def _fetch(link: Link, points: int, where: str) -> NDArray[np.float64]:
    reply = ask_twice(link.ask, ":TRACE:DATA?", where)
    try:
        values = np.array(reply.split(","), dtype=np.float64)
    except ValueError as error:
        raise BadReply(f"{where}: the buffer holds text that is no number: {error}") from error
    if len(values) != 5 * points or not all(map(math.isfinite, values)):
        raise BadReply(
            f"{where}: {len(values)} numbers in the buffer; expected five for each of {points} "
            "readings"
        )
    return values.reshape(points, 5)


def _fixed(function: str) -> tuple[str, ...]:
    """What ends the list, in words."""
    return (
        ":TRACE:FEED:CONTROL NEVER",
        f":SOURCE:{function}:MODE FIXED",
        ":TRIGGER:COUNT 1",
        ":SOURCE:DELAY:AUTO ON",
    )


def _restore(link: Link, function: str, where: str) -> None:
    for message in _fixed(function):
        link.write(message)
    demand_empty(link.ask, where, "a sweep")
    mode = link.ask(f":SOURCE:{function}:MODE?").strip().upper()
    if not mode.startswith("FIX"):
        raise InstrumentError(
            f"{where}: the source mode reads {mode!r} after a sweep; expected FIXED. Shut it down"
        )
