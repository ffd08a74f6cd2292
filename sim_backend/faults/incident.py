"""One thing that goes wrong with one instrument: what, when, how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "timeout",
    "late_reply",
    "garbage",
    "truncated",
    "stale_reply",
    "disconnect",
    "error_entry",
    "compliance",
    "overrun",
    "power_cycle",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What happens to a reply on its way; at most one of them happens to each.
TO_REPLIES: tuple[Kind, ...] = ("timeout", "late_reply", "garbage", "truncated", "stale_reply")
# What lasts for a while.
LASTING: tuple[Kind, ...] = ("disconnect", "compliance", "power_cycle")
# What a kind needs besides the trigger, by field of `Incident`.
FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "late_reply": ("delay_s",),
    "disconnect": ("duration_s",),
    "compliance": ("duration_s",),
    "power_cycle": ("duration_s",),
    "error_entry": ("code", "text"),
}
# Calls of an NI task that a scenario may name as command, and what can happen at each.
BOARD_CALLS: Mapping[str, tuple[Kind, ...]] = {
    "start": ("error_entry",),
    "read": ("timeout", "late_reply", "overrun", "error_entry"),
    "write": ("timeout", "error_entry"),
    "wait": ("timeout", "error_entry"),
}

_OF_BOARDS: tuple[Kind, ...] = (
    "timeout",
    "late_reply",
    "disconnect",
    "error_entry",
    "overrun",
    "power_cycle",
)
# Method of a twin that a kind calls; a twin without it cannot have that kind.
_NEEDS: Mapping[Kind, str] = {
    "error_entry": "report",
    "compliance": "trip",
    "power_cycle": "power_cycle",
}


@dataclass(frozen=True)
class Incident:
    """A fault and its trigger. Exactly one of the four triggers is given.

    Attributes:
        instrument: name in the bench file.
        kind: what happens.
        at_s: from this bench time on, s.
        message: from this message to the instrument on, counted from 1.
        command: at every message that `matches` this text.
        probability: at every message, with this chance.
        times: how often it happens; None: always.
        delay_s: of `late_reply`, s.
        duration_s: of `disconnect`, `compliance` and `power_cycle`, s.
        code, text: of `error_entry`.
    """

    instrument: str
    kind: Kind
    at_s: float | None = None
    message: int | None = None
    command: str | None = None
    probability: float | None = None
    times: int | None = 1
    delay_s: float = 1.0
    duration_s: float = 1.0
    code: int = -200
    text: str = "Execution error"


def possible(twin: Any) -> tuple[Kind, ...]:
    """Kinds that an instrument can have, told from its twin (class or object).

    A message instrument has every fault of replies and links, and those whose method its twin has:
    `report(code, text)`, `trip(tripped)`, `power_cycle()`. An NI board has none, so none of its
    samples is damaged: its calls fail, come late, or lose samples.
    """
    if twin.port == "nidaqmx":
        return _OF_BOARDS
    return tuple(
        kind
        for kind in KINDS
        if kind != "overrun" and (kind not in _NEEDS or hasattr(twin, _NEEDS[kind]))
    )


def matches(command: str, message: str) -> bool:
    """Whether a message holds the text, or a unit that begins with the header, in any form.

    `SOUR:VOLT` is found in `:OUTPUT 1;:SOURCE:VOLTAGE:LEVEL 0.1`; with a question mark it must be
    the whole header of a question.
    """
    if command.casefold() in message.casefold():
        return True
    return any(_begins(command, unit) for unit in message.split(";"))


def _begins(command: str, unit: str) -> bool:
    wanted, given = _header(command), _header(unit)
    asked = bool(wanted) and wanted[-1].endswith("?")
    if len(given) < len(wanted) or (asked and len(given) != len(wanted)):
        return False
    return bool(wanted) and all(
        want and have and (want.startswith(have) or have.startswith(want))
        if not asked or position < len(wanted) - 1
        else have.endswith("?") and (want[:-1].startswith(have[:-1]) or have.startswith(want[:-1]))
        for position, (want, have) in enumerate(zip(wanted, given, strict=False))
    )


def _header(unit: str) -> list[str]:
    words = unit.split(None, 1)
    return words[0].lstrip(":").upper().split(":") if words else []
