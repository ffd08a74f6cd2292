"""Everything that can go wrong, on one screen.

    MtjlabError (1)
        UsageError (2)           the user asked for something that is not there or not valid
            ParameterError       unknown parameter, or a value out of its range
            BenchError           the bench file, or a request that this bench cannot serve
            DataError            a data set that cannot be learnt from or read
        InstrumentError (3)      an instrument did not do what it was asked
            NotFound             nothing answers at the resource
            WrongIdentity        something answers, and it is not what the bench file says
            Timeout              no answer in time
            BadReply             an answer that cannot be what was asked for
            Reported             the instrument's own error queue
            Overrun              samples were lost
            Unwatched            the supervisor is gone; nobody would make the bench safe
        LimitError (4)           refused by the guard; nothing was sent
        Aborted (5)              stopped by the user
        NotSafeError (6)         the bench could not be proved safe
        StoreError (1)           the run file cannot be written or read

Each class carries the exit code of the command line. Every message says what is wrong, where,
the value with its unit, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class MtjlabError(Exception):
    """Any error that mtjlab itself raises."""

    exit_code: ClassVar[int] = 1


class UsageError(MtjlabError):
    """What was asked for is not there or not valid; nothing was opened."""

    exit_code = 2


class ParameterError(UsageError):
    """An unknown parameter, or a value out of its range."""


class BenchError(UsageError):
    """The bench file is wrong, or the bench cannot do what was asked."""


class DataError(UsageError):
    """A data set that cannot be read or learnt from."""


class InstrumentError(MtjlabError):
    """An instrument did not do what it was asked."""

    exit_code = 3


class NotFound(InstrumentError):
    """Nothing answers at the resource."""


class WrongIdentity(InstrumentError):
    """The instrument at the resource is not the one the bench file names."""


class Timeout(InstrumentError):
    """No answer in the stated time."""


class BadReply(InstrumentError):
    """An answer that cannot belong to the question."""


class Reported(InstrumentError):
    """The instrument put an error into its own queue."""


class Overrun(InstrumentError):
    """Samples were lost.

    Attributes:
        first_lost: index of the first sample that is missing.
        count: how many are missing.
    """

    def __init__(self, message: str, *, first_lost: int, count: int) -> None:
        super().__init__(message)
        self.first_lost = first_lost
        self.count = count


class Unwatched(InstrumentError):
    """The supervisor is gone: nobody would make the bench safe if this program died."""


class LimitError(MtjlabError):
    """Refused by the guard before anything was sent."""

    exit_code = 4


class Aborted(MtjlabError):
    """Stopped by the user."""

    exit_code = 5


class NotSafeError(MtjlabError):
    """An output could not be read back as safe. Go and look at the rack."""

    exit_code = 6


class StoreError(MtjlabError):
    """A run file or run folder cannot be written or read."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known ones, or all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(repr(c) for c in close)}?"
    return f"known: {', '.join(names) if names else 'none'}"
