"""What a search for instruments has found, before any of them is part of a bench."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["VISA", "serial", "NI"]


@dataclass(frozen=True)
class Found:
    """One instrument, or a line at whose end there may be one.

    Attributes:
        kind: which software lists it. A serial line may have anything at its end, and anything
            may happen there when it is asked.
        resource: as a bench file names it.
        about: what is known without asking, such as the product of an NI board; may be empty.
        answer: who it says it is; empty: it was not asked, or it did not answer.
        silent: why there is no answer; empty: it was not asked, or it answered.
        drivers: names of the drivers that would serve it.
    """

    kind: Kind
    resource: str
    about: str = ""
    answer: str = ""
    silent: str = ""
    drivers: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The most that is known of it, for people."""
        return self.answer or self.silent or self.about or "not asked"


@dataclass(frozen=True)
class Findings:
    """What one search has found.

    Attributes:
        found: by kind, in the order listed.
        unseen: where could not be looked, and why: one sentence each.
    """

    found: tuple[Found, ...] = ()
    unseen: tuple[str, ...] = ()
