"""What an SCPI message does, told from its text alone.

A message is a row of units separated by `;`. A unit is a question if its header ends in `?`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# Quoted text may hold separators: :SENS:FUNC "VOLT;CURR"
_UNIT = re.compile(r"(?:[^;\"']|\"[^\"]*\"|'[^']*')+")
# Questions that make the instrument take new readings.
_ACQUIRING = re.compile(r":?READ\?", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """The nature of one message.

    Attributes:
        units: its parts, without surrounding blanks.
        only_asks: every part is a question; nothing is set.
        has_reply: at least one part is a question.
        acquires: one part makes the instrument measure, as `:READ?` does.
    """

    units: tuple[str, ...]
    only_asks: bool
    has_reply: bool
    acquires: bool


@lru_cache(maxsize=1024)
def understand(text: str) -> Message:
    """Tell what `text` does."""
    units = tuple(unit for part in _UNIT.findall(text) if (unit := part.strip()))
    questions = [unit.split(maxsplit=1)[0].endswith("?") for unit in units]
    return Message(
        units=units,
        only_asks=bool(questions) and all(questions),
        has_reply=any(questions),
        acquires=any(_ACQUIRING.match(unit) for unit in units),
    )
