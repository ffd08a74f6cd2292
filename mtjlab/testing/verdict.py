"""How a conformance check says no, and how a list of checks is run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from mtjlab.core.errors import MtjlabError

Subject = TypeVar("Subject")


class NotConforming(AssertionError):
    """An instrument does not do what its interface promises."""


@dataclass(frozen=True)
class Verdict:
    """Of one check; `fault` is None where it passed."""

    check: str
    fault: str | None


def require(condition: bool, otherwise: str) -> None:
    """Raise unless `condition`; also under `python -O`, unlike an assert.

    Raises:
        NotConforming: with the sentence `otherwise`.
    """
    if not condition:
        raise NotConforming(otherwise)


@contextmanager
def refused(error: type[MtjlabError], otherwise: str) -> Iterator[None]:
    """The block must raise `error`.

    Raises:
        NotConforming: it did not, with the sentence `otherwise`.
    """
    try:
        yield
    except error:
        return
    raise NotConforming(f"{otherwise}: {error.__name__} was expected, nothing was raised")


def run(checks: Sequence[Callable[[Subject], None]], subject: Subject) -> list[Verdict]:
    """Run every check, whatever becomes of the others; what they raise is their fault's text.

    Errors that are not ours are faults too: no vendor's exception may escape a driver.
    """
    verdicts = []
    for check in checks:
        try:
            check(subject)
        except Exception as error:
            verdicts.append(Verdict(check.__name__, f"{type(error).__name__}: {error}"))
        else:
            verdicts.append(Verdict(check.__name__, None))
    return verdicts
