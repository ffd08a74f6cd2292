"""A list sweep of one channel of a B2900A: it steps and measures without the host."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from drivers import scpi_replies as replies
from drivers.doubled import ask_twice
from drivers.error_queue import demand_empty
from drivers.keysight_b2900_settings import ELEMENTS, triggers
from drivers.link import Link
from drivers.scpi_replies import NODE
from drivers.source_fitting import Fitted, check_sweep
from mtjlab.core.clock import Clock
from mtjlab.core.errors import Aborted, BadReply, LimitError, MtjlabError, Timeout
from mtjlab.core.units import si

LONGEST = 2500
_LIST = 100  # levels that one list message carries
_POLL_S = 0.02
_LONGEST_DELAY_S = 1000.0
_WIDTH = len(ELEMENTS.split(","))
# Bits of the operation condition while a channel neither sources nor measures anything new; from
# memory of the command reference.
_IDLE = {1: 1 << 1 | 1 << 4, 2: 1 << 7 | 1 << 10}


def list_sweep(
    link: Link,
    channel: int,
    levels: NDArray[np.float64],
    *,
    delay_s: float,
    reading_s: float,
    fitted: Fitted,
    clock: Clock,
    where: str,
) -> NDArray[np.float64]:
    """Step through `levels`; the output is on before and after, at the level from before.

    Args:
        link: of the instrument.
        channel: 1 or 2.
        levels: (n,), V or A.
        delay_s: between reaching a level and measuring, s.
        reading_s: longest time that one reading takes, s; sets the time-out.
        fitted: the settings in force.
        clock: bench time.
        where: the channel, for messages.

    Returns:
        (n, 4): volts, amperes, time and status.

    Raises:
        LimitError: a level, delay or number of points the instrument does not have.
        Timeout, Aborted, Reported, BadReply: the source has its level from before.
    """
    check_sweep(levels, LONGEST, fitted, where)
    if not 0 <= delay_s <= _LONGEST_DELAY_S:
        raise LimitError(
            f"{where}: a delay of {delay_s:g} s; expected 0 to {si(_LONGEST_DELAY_S, 's')}; "
            "nothing was sent"
        )

    def send(message: str) -> None:
        link.write(message)
        demand_empty(link.ask, where, message.split()[0])

    source = f":SOURCE{channel}:{NODE[fitted.settings.function]}"
    try:
        _program(send, channel, levels, delay_s, NODE[fitted.settings.function])
        link.write(f":INITIATE:ALL (@{channel})")
        _wait_until_idle(link, channel, len(levels) * (reading_s + delay_s), clock, where)
        demand_empty(link.ask, where, "a sweep")
        rows = _fetch(link, channel, len(levels), where)
    except BaseException:
        with suppress(MtjlabError):
            link.write(f":ABORT:ALL (@{channel})")
        with suppress(MtjlabError):
            _forget(send, channel, source)
        raise
    _forget(send, channel, source)
    return rows


def _program(
    send: Callable[[str], None],
    channel: int,
    levels: NDArray[np.float64],
    delay_s: float,
    node: str,
) -> None:
    texts = [repr(level) for level in levels.tolist()]
    first, *more = [",".join(texts[i : i + _LIST]) for i in range(0, len(texts), _LIST)]
    send(f":SOURCE{channel}:LIST:{node} {first}")
    for part in more:
        send(f":SOURCE{channel}:LIST:{node}:APPEND {part}")
    for setting in triggers(channel, len(levels), float(delay_s)):
        send(setting.message)
    send(f":SOURCE{channel}:{node}:MODE LIST")


def _wait_until_idle(link: Link, channel: int, duration_s: float, clock: Clock, where: str) -> None:
    longest_s = 2 * duration_s + 0.5
    deadline_s = clock.now_s() + longest_s
    question = ":STATUS:OPERATION:CONDITION?"
    while True:
        condition = replies.number(link.ask(question), question, where)
        if int(condition) & _IDLE[channel] == _IDLE[channel]:
            return
        if clock.now_s() > deadline_s:
            raise Timeout(
                f"{where}: a sweep of {si(duration_s, 's')} has not ended within "
                f"{si(longest_s, 's')}. Look at its display"
            )
        if clock.sleep(_POLL_S, link.abort):
            raise Aborted(f"{where}: aborted in a sweep")


def _fetch(link: Link, channel: int, points: int, where: str) -> NDArray[np.float64]:
    reply = ask_twice(link.ask, f":FETCH:ARRAY? (@{channel})", where)
    try:
        values = np.array(reply.split(","), dtype=np.float64)
    except ValueError as error:
        raise BadReply(f"{where}: the sweep holds text that is no number: {error}") from error
    if len(values) != _WIDTH * points or not np.isfinite(values).all():
        raise BadReply(
            f"{where}: {len(values)} numbers after a sweep; expected {_WIDTH} for each of "
            f"{points} levels"
        )
    return values.reshape(points, _WIDTH)


def _forget(send: Callable[[str], None], channel: int, source: str) -> None:
    """Nothing is left that the next reading would play."""
    send(f"{source}:MODE FIX")
    for setting in triggers(channel, 1, 0.0):
        send(setting.message)
