"""Readings that come twice: how a damaged, cut or repeated reply is told from a measurement.

A digit that a bad line has changed is a digit like any other. So an instrument is asked for each
reading twice, measured once; and as a reading holds the time at which it was made, the very reading
of before is a reply that was left over.
"""

from collections.abc import Callable

from mtjlab.core.errors import BadReply


class Doubled:
    """Takes readings from replies of the form `reading;reading`.

    Args:
        where: the instrument, for messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._last = ""

    def take(self, reply: str) -> str:
        """The reading in a reply.

        Raises:
            BadReply: its two copies differ, or it is the reading of before once more.
        """
        first, _, second = reply.partition(";")
        if not first or first != second:
            raise BadReply(
                f"{self._where}: {reply!r} is no reading; expected the same one twice. Check the "
                "cable and, on a serial line, speed and parity"
            )
        if first == self._last:
            raise BadReply(
                f"{self._where}: the reading of before came once more, {first!r}: a reply was left "
                "on the link"
            )
        self._last = first
        return first


def ask_twice(ask: Callable[[str], str], question: str, where: str) -> str:
    """A reply that came the same twice.

    Raises:
        BadReply: it did not.
    """
    first, second = ask(question), ask(question)
    if first != second:
        raise BadReply(
            f"{where}: {question} was answered by {first[:60]!r}... and by {second[:60]!r}..., and "
            "nothing had changed. Check the cable and, on a serial line, speed and parity"
        )
    return first
