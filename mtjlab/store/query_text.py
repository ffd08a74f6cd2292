"""One line of text as a query: `protocol:telegraph junction:3,14 since:2026-11 loose words`.

`name:value` is a condition; everything else is a word to be found. Quotes keep blanks together,
and make a word of what looks like a condition: `bench:"rack 2"`, `"csv:moons"`.
"""

import re
from dataclasses import fields, replace
from typing import Any

from mtjlab.core.errors import UsageError, nearest
from mtjlab.store.query import Query, cell

# What may stand before a colon.
CONDITIONS = ("protocol", "bench", "chip", "junction", "since", "until", "status", "tag")
EXAMPLE = "protocol:telegraph status:died tag:good junction:3,14 since:2026-11 words"

_PART = re.compile(r'(?:[^\s"]|"[^"]*")+')
_CONDITION = re.compile(r"(\w+):(.*)\Z", re.DOTALL)


def query_of(text: str) -> Query:
    """What a line of text asks.

    Raises:
        UsageError: a quote without its end, a condition that does not exist, is empty or comes
            twice, or a value that is none (day, status, junction).
    """
    if text.count('"') % 2:
        raise UsageError(f"{text.strip()}: a quote has no end")
    asked: dict[str, Any] = {}
    words = []
    for part in _PART.findall(text):
        found = _CONDITION.match(part)
        if found is None:
            words.append(_bare(part))
            continue
        name, value = found.group(1).lower(), _bare(found.group(2)).strip()
        if name not in CONDITIONS:
            raise UsageError(
                f'no condition {name!r} (write "{_bare(part)}" with quotes to look for the word); '
                f"{nearest(name, CONDITIONS)}"
            )
        if name in asked:
            raise UsageError(f"{name}: is there twice; a run has to match all that is asked")
        if not value:
            raise UsageError(f"{name}: needs a value right behind the colon, as in {EXAMPLE}")
        asked[name] = cell(value) if name == "junction" else value
    query = Query(**asked, text=" ".join(filter(None, words)) or None)
    # Days and statuses are refused here, not when the catalogue is asked.
    query.sql()
    return query


def text_of(query: Query) -> str:
    """The line that asks the same; `limit` has no words."""
    parts = []
    for name in CONDITIONS:
        value = getattr(query, name)
        if value is not None:
            written = ",".join(map(str, value)) if name == "junction" else value
            parts.append(f"{name}:{_quoted(written)}")
    parts += [f'"{word}"' if ":" in word else word for word in (query.text or "").split()]
    return " ".join(parts)


def narrowed(query: Query, other: Query) -> Query:
    """`query`, and what `other` asks in place of it; words of both."""
    given = {
        field.name: value
        for field in fields(Query)
        if (value := getattr(other, field.name)) is not None
    }
    words = " ".join(filter(None, (query.text, other.text)))
    return replace(query, **given | {"text": words or None})


def _bare(text: str) -> str:
    return text.replace('"', "")


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"\s", text) else text
