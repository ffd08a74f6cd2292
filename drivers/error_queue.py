"""The SCPI error queue: read to its end after every change, never left for the next one."""

import re
from collections.abc import Callable

from mtjlab.core.errors import BadReply, Reported

_ENTRY = re.compile(r"\s*([+-]?\d+)\s*,\s*\"?(.*?)\"?\s*\Z")
# An instrument keeps ten or some dozens; more means that it does not take them off its queue.
_MOST_ENTRIES = 64


def drain(ask: Callable[[str], str], where: str) -> list[str]:
    """Every entry, oldest first, as `-113 Undefined header`. Empties the queue, changes no more.

    Raises:
        BadReply: an entry that is none, or a queue without end.
    """
    entries: list[str] = []
    while len(entries) < _MOST_ENTRIES:
        reply = ask("SYST:ERR?")
        match = _ENTRY.match(reply)
        if match is None:
            raise BadReply(f"{where}: {reply!r} is no entry of an error queue")
        if int(match.group(1)) == 0:
            return entries
        entries.append(f"{int(match.group(1))} {match.group(2)}")
    raise BadReply(f"{where}: the error queue does not become empty: {', '.join(entries[:3])}, ...")


def demand_empty(ask: Callable[[str], str], where: str, after: str) -> None:
    """Raise what the instrument has to say about the change just sent.

    Raises:
        Reported: with every entry.
    """
    if entries := drain(ask, where):
        raise Reported(
            f"{where} reports {'; '.join(entries)} after {after}. Read back its settings before "
            "going on; its manual explains the numbers"
        )
