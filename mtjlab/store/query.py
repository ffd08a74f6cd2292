"""What is asked of the catalogue."""

import re
from dataclasses import dataclass
from typing import Any

from mtjlab.core.errors import UsageError

_CELL = re.compile(r"\(?\s*(\d+)\s*[,/]\s*(\d+)\s*\)?\Z")
_DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?\Z")
STATUSES = ("running", "finished", "aborted", "failed", "died", "unreadable")


@dataclass(frozen=True)
class Query:
    """Every condition must hold; None asks nothing.

    Attributes:
        protocol, bench, chip: exact names.
        junction: (row, column) that the run has rows of.
        since, until: days (`2026-11-24`), months or years, both included.
        status: one of `STATUSES`.
        tag: exact.
        text: words that must all occur in parameters, results, notes or command; upper and lower
            case count the same.
        limit: newest runs only.
    """

    protocol: str | None = None
    bench: str | None = None
    chip: str | None = None
    junction: tuple[int, int] | None = None
    since: str | None = None
    until: str | None = None
    status: str | None = None
    tag: str | None = None
    text: str | None = None
    limit: int | None = None

    def sql(self) -> tuple[str, list[Any]]:
        """Condition and its values.

        Raises:
            UsageError: a day or a status that is none.
        """
        terms, values = ["1"], []
        for column in ("protocol", "bench", "chip", "status"):
            asked = getattr(self, column)
            if asked is not None:
                terms.append(f"{column} = ?")
                values.append(asked)
        if self.status is not None and self.status not in STATUSES:
            raise UsageError(f"no status {self.status!r}; one of {', '.join(STATUSES)}")
        if self.since is not None:
            terms.append("day >= ?")
            values.append(_day(self.since))
        if self.until is not None:
            # A month or a year takes in every day that begins with it.
            terms.append("day <= ?")
            values.append(_day(self.until) + "~")
        if self.junction is not None:
            terms.append("path IN (SELECT path FROM cells WHERE row = ? AND col = ?)")
            values += self.junction
        if self.tag is not None:
            terms.append("path IN (SELECT path FROM tags WHERE tag = ?)")
            values.append(self.tag)
        for word in (self.text or "").lower().split():
            terms.append("path IN (SELECT path FROM texts WHERE instr(words, ?) > 0)")
            values.append(word)
        return " AND ".join(terms), values


def cell(text: str) -> tuple[int, int]:
    """`(3, 14)`, `3,14` or `3/14` as row and column.

    Raises:
        UsageError: it is none of these.
    """
    found = _CELL.match(text.strip())
    if not found:
        raise UsageError(f"junction {text!r}: expected row and column, such as 3,14")
    return int(found.group(1)), int(found.group(2))


def _day(text: str) -> str:
    if not _DAY.match(text):
        raise UsageError(f"day {text!r}: expected 2026-11-24, 2026-11 or 2026")
    return text
