"""The error queue of a TSP instrument: read to its end after every change."""

import re
from collections.abc import Callable

from mtjlab.core.errors import BadReply, Reported

_NUMBER = r"([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
_ENTRY = re.compile(rf"\s*{_NUMBER}\t(.*)\t{_NUMBER}\t{_NUMBER}\s*\Z")
_QUESTION = "print(errorqueue.next())"
# More than an instrument keeps means that it does not take them off its queue.
_MOST_ENTRIES = 128


def drain(ask: Callable[[str], str], where: str) -> list[str]:
    """Every entry, oldest first, as `1102 Parameter too small`. Empties the queue, changes no more.

    Raises:
        BadReply: an entry that is none, or a queue without end.
    """
    entries: list[str] = []
    while len(entries) < _MOST_ENTRIES:
        reply = ask(_QUESTION)
        match = _ENTRY.match(reply)
        if match is None:
            raise BadReply(f"{where}: {reply!r} is no entry of an error queue")
        code = int(float(match.group(1)))
        if code == 0:
            return entries
        entries.append(f"{code} {match.group(2)}")
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
