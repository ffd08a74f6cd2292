"""A list sweep of a Keithley 2600: a loop that the instrument carries out without the host."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from drivers import keithley2600_replies as replies
from drivers.doubled import ask_twice
from drivers.keithley2600_settings import LETTER
from drivers.link import Link
from drivers.source_fitting import Fitted, check_sweep
from drivers.tsp_error_queue import demand_empty
from mtjlab.core.errors import BadReply, LimitError, MtjlabError
from mtjlab.core.units import si

LONGEST = 2500
_LIST = 50  # levels in one message
_LONGEST_DELAY_S = 1000.0
# Of its name the instrument knows nothing; it is nil again afterwards.
_LEVELS = "mtjlab_levels"


def list_sweep(
    link: Link,
    smu: str,
    levels: NDArray[np.float64],
    *,
    delay_s: float,
    reading_s: float,
    fitted: Fitted,
    where: str,
) -> NDArray[np.float64]:
    """Step through `levels` with the output on.

    Args:
        link: of the instrument.
        smu: `smua` or `smub`.
        levels: (n,), V or A.
        delay_s: between reaching a level and measuring, s.
        reading_s: time one reading takes, s; sets the time-out.
        fitted: the settings in force.
        where: the instrument, for messages.

    Returns:
        (n, 3): current, voltage and status of each reading, as the instrument gives them.

    Raises:
        LimitError: a level, delay or number of points the instrument does not have.
        Timeout, Aborted, Reported, BadReply: the source stands at 0, or where the link failed.
    """
    check_sweep(levels, LONGEST, fitted, where)
    if not 0 <= delay_s <= _LONGEST_DELAY_S:
        raise LimitError(
            f"{where}: a delay of {delay_s:g} s; expected 0 to {si(_LONGEST_DELAY_S, 's')}; "
            "nothing was sent"
        )
    level = f"{smu}.source.level{LETTER[fitted.settings.function]}"

    def send(message: str) -> None:
        link.write(message)
        demand_empty(link.ask, where, message[:60])

    try:
        _load(send, smu, levels)
        duration_s = len(levels) * (reading_s + delay_s)
        with link.acquiring(1.5 * duration_s):
            link.write(_loop(smu, level, len(levels), delay_s))
            # Answered when the loop is over.
            stored = link.ask(f"print({smu}.nvbuffer1.n,{smu}.nvbuffer2.n)")
        demand_empty(link.ask, where, "a sweep")
        return _fetch(link, smu, len(levels), stored, where)
    except BaseException:
        # A loop that goes on would answer nothing.
        with suppress(MtjlabError):
            link.last_resort("abort")
            link.write(f"{level}=0.0")
        raise
    finally:
        with suppress(MtjlabError):
            link.write(f"{_LEVELS}=nil")


def _load(send: Callable[[str], None], smu: str, levels: NDArray[np.float64]) -> None:
    texts = [repr(level) for level in levels.tolist()]
    send(f"{_LEVELS}={{}}")
    for start in range(0, len(texts), _LIST):
        part = texts[start : start + _LIST]
        send(
            f"local part={{{','.join(part)}}} "
            f"for n=1,{len(part)} do {_LEVELS}[{start}+n]=part[n] end"
        )
    for buffer in (f"{smu}.nvbuffer1", f"{smu}.nvbuffer2"):
        send(f"{buffer}.clear() {buffer}.appendmode=1")


def _loop(smu: str, level: str, points: int, delay_s: float) -> str:
    return (
        f"for n=1,{points} do {level}={_LEVELS}[n] delay({delay_s!r}) "
        f"{smu}.measure.iv({smu}.nvbuffer1,{smu}.nvbuffer2) end"
    )


def _fetch(link: Link, smu: str, points: int, stored: str, where: str) -> NDArray[np.float64]:
    counts = replies.numbers(stored, 2, "the count of readings", where)
    if counts != [points, points]:
        raise BadReply(f"{where}: {counts} readings in the buffers after a sweep of {points}")
    question = (
        f"printbuffer(1,{points},{smu}.nvbuffer1.readings,{smu}.nvbuffer2.readings,"
        f"{smu}.nvbuffer1.statuses)"
    )
    reply = ask_twice(link.ask, question, where)
    return np.array(replies.numbers(reply, 3 * points, question, where)).reshape(points, 3)
