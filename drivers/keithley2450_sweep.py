"""A list sweep of a 2450: the instrument steps and measures without the host.

Its sweep switches the output off at the end, at the last level. Here it is switched on again at 0
and set to that level; between the two the off-state holds the terminals. A 2450 that leaves its
output on is not switched off.
"""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from drivers import scpi_replies as replies
from drivers.doubled import ask_twice
from drivers.error_queue import demand_empty
from drivers.link import Link
from drivers.scpi_replies import NODE
from drivers.source_fitting import Fitted, check_sweep
from mtjlab.core.clock import Clock
from mtjlab.core.errors import Aborted, BadReply, InstrumentError, LimitError, MtjlabError, Timeout
from mtjlab.core.units import si

LONGEST = 2500
BUFFER = "defbuffer1"
_LIST = 100  # levels that one list message may carry
_POLL_S = 0.02
_SHORTEST_DELAY_S, _LONGEST_DELAY_S = 50e-6, 10_000.0
_RUNNING = ("RUNNING", "WAITING", "BUILDING")


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
    """Step through `levels` with the output on; it is on again afterwards, at 0 or the last one.

    Args:
        link: of the instrument.
        levels: (n,), V or A.
        delay_s: between reaching a level and measuring, s.
        reading_s: time one reading takes, s; sets the time-out.
        fitted: the settings in force.
        clock: bench time.
        where: the instrument, for messages.

    Returns:
        (n, 3): source, reading and source status, as the instrument gives them.

    Raises:
        LimitError: a level, delay or number of points the instrument does not have.
        Timeout, Aborted, Reported, BadReply: the source has its level from before; the output may
            be off.
    """
    _check(levels, delay_s, fitted, where)
    source = f":SOURCE:{NODE[fitted.settings.function]}"
    before = replies.number(link.ask(f"{source}?"), f"{source}?", where)

    def send(message: str) -> None:
        link.write(message)
        demand_empty(link.ask, where, message.split()[0])

    try:
        _program(send, levels, delay_s, NODE[fitted.settings.function])
        link.write(":INIT")
        _wait_until_idle(link, len(levels) * (reading_s + delay_s), clock, where)
        demand_empty(link.ask, where, "a sweep")
        rows = _fetch(link, len(levels), where)
        _switch_on_again(link, send, source, where)
    except Aborted:
        # Making the link clean takes longer than an abort may; the shutdown that follows does it.
        link.leave(":ABORT", f"{source} {before!r}", *_forgetting(source))
        raise
    except BaseException:
        with suppress(MtjlabError):
            link.write(":ABORT")
            link.write(f"{source} {before!r}")
        with suppress(MtjlabError):
            _forget(send, source)
        raise
    _forget(send, source)
    return rows


def _check(levels: NDArray[np.float64], delay_s: float, fitted: Fitted, where: str) -> None:
    check_sweep(levels, LONGEST, fitted, where)
    if delay_s != 0 and not _SHORTEST_DELAY_S <= delay_s <= _LONGEST_DELAY_S:
        raise LimitError(
            f"{where}: a delay of {delay_s:g} s; expected 0, or {si(_SHORTEST_DELAY_S, 's')} to "
            f"{si(_LONGEST_DELAY_S, 's')}; nothing was sent"
        )


def _program(
    send: Callable[[str], None], levels: NDArray[np.float64], delay_s: float, node: str
) -> None:
    texts = [repr(level) for level in levels.tolist()]
    lists = [",".join(texts[i : i + _LIST]) for i in range(0, len(texts), _LIST)]
    for message in (
        f":SOURCE:LIST:{node} {lists[0]}",
        *(f":SOURCE:LIST:{node}:APPEND {more}" for more in lists[1:]),
        # The delay of the sweep comes at every point, that of the source where the level changes.
        f":SOURCE:{node}:DELAY 0",
        f':TRACE:CLEAR "{BUFFER}"',
        f':SOURCE:SWEEP:{node}:LIST 1, {delay_s!r}, 1, OFF, "{BUFFER}"',
    ):
        send(message)


def _wait_until_idle(link: Link, duration_s: float, clock: Clock, where: str) -> None:
    # The instrument looks at its trigger model every 100 ms only (manual, page 6-166).
    longest_s = 2 * duration_s + 0.5
    deadline_s = clock.now_s() + longest_s
    while True:
        state = link.ask(":TRIGGER:STATE?").split(";")[0].strip().upper()
        if state == "IDLE":
            return
        if state not in _RUNNING:
            raise BadReply(
                f"{where}: the sweep is {state!r}; expected RUNNING or IDLE. Look at the event log "
                "on its display"
            )
        if clock.now_s() > deadline_s:
            raise Timeout(
                f"{where}: a sweep of {si(duration_s, 's')} has not ended within "
                f"{si(longest_s, 's')}. Look at its display"
            )
        if clock.sleep(_POLL_S, link.abort):
            raise Aborted(f"{where}: aborted in a sweep")


def _fetch(link: Link, points: int, where: str) -> NDArray[np.float64]:
    stored = link.ask(f':TRACE:ACTUAL? "{BUFFER}"').strip()
    if stored != str(points):
        raise BadReply(f"{where}: {stored!r} readings in the buffer after a sweep of {points}")
    question = f':TRACE:DATA? 1, {points}, "{BUFFER}", SOURCE, READING, SOURSTATUS'
    reply = ask_twice(link.ask, question, where)
    try:
        values = np.array(reply.split(","), dtype=np.float64)
    except ValueError as error:
        raise BadReply(f"{where}: the buffer holds text that is no number: {error}") from error
    if len(values) != 3 * points or not np.isfinite(values).all():
        raise BadReply(
            f"{where}: {len(values)} numbers in the buffer; expected three for each of {points} "
            "readings"
        )
    return values.reshape(points, 3)


def _switch_on_again(link: Link, send: Callable[[str], None], source: str, where: str) -> None:
    if replies.flag(link.ask("OUTPUT?"), "OUTPUT?", where):
        return
    send(f"{source} 0.0")
    level = replies.number(link.ask(f"{source}?"), f"{source}?", where)
    if level != 0:
        raise InstrumentError(
            f"{where}: the level reads {level:g} after it was set to 0; the output stays off"
        )
    send("OUTPUT 1")
    if not replies.flag(link.ask("OUTPUT?"), "OUTPUT?", where):
        raise InstrumentError(f"{where}: the output stays off after a sweep. Check the interlock")


def _forget(send: Callable[[str], None], source: str) -> None:
    """Nothing is left that a press of TRIGGER could start."""
    for message in _forgetting(source):
        send(message)


def _forgetting(source: str) -> tuple[str, ...]:
    return f"{source}:DELAY:AUTO 1", ':TRIGGER:LOAD "Empty"'
