"""Replies of a Keithley 2600 as values; what cannot be one is a `BadReply`, never a number."""

import math
import re

from mtjlab.core.errors import BadReply, WrongIdentity
from mtjlab.core.interfaces import Identity, SourceState

# Models with ranges up to 40 V and 3 A -> channels. Those up to 200 V have other ranges.
CHANNELS = {
    "2601": "a",
    "2602": "ab",
    "2601A": "a",
    "2602A": "ab",
    "2601B": "a",
    "2602B": "ab",
    "2604B": "ab",
}

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\Z")


def identity(reply: str, where: str) -> Identity:
    """Of a Keithley 2601, 2602 or 2604, and of nothing else.

    Raises:
        WrongIdentity: with what answered.
    """
    parts = [part.strip() for part in reply.split(",", 3)]
    name = parts[1].upper().removeprefix("MODEL").strip() if len(parts) == 4 else ""
    if "KEITHLEY" not in parts[0].upper() or name not in CHANNELS:
        raise WrongIdentity(
            f"{where}: a Keithley {', '.join(CHANNELS)} was expected, {reply!r} answered. Check "
            "`driver` and `resource` in the bench file"
        )
    return Identity(parts[0], name, parts[2], parts[3])


def numbers(reply: str, count: int, question: str, where: str) -> list[float]:
    """So many finite numbers, separated by tabs or commas.

    Raises:
        BadReply: something else.
    """
    parts = [part.strip() for part in re.split("[\t,]", reply)]
    if len(parts) != count or not all(_NUMBER.match(part) for part in parts):
        raise BadReply(f"{where}: {reply[:200]!r} in reply to {question}; expected {count} numbers")
    found = [float(part) for part in parts]
    if not all(math.isfinite(value) for value in found):
        raise BadReply(f"{where}: {reply[:200]!r} in reply to {question} is beyond all numbers")
    return found


def state_question(smu: str) -> str:
    """Asks for everything of a source in one transaction."""
    names = ("func", "output", "levelv", "rangev", "limiti", "leveli", "rangei", "limitv")
    return f"print({','.join(f'{smu}.source.{name}' for name in names)})"


def state(reply: str, smu: str, where: str) -> tuple[SourceState, float]:
    """What `state_question` was answered, and the larger level of both functions.

    Raises:
        BadReply: not eight numbers, or no function or output word among them.
    """
    values = numbers(reply, 8, f"{smu}.source", where)
    function, output = values[:2]
    if function not in (0, 1) or output not in (0, 1, 2):
        raise BadReply(
            f"{where}: source function {function:g} and output {output:g}; expected 0 or 1, and "
            "0, 1 or 2"
        )
    level, range_, compliance = values[2:5] if function == 1 else values[5:8]
    found = SourceState(
        function="voltage" if function == 1 else "current",
        level=level,
        range=range_,
        compliance=compliance,
        output_on=output == 1,
    )
    return found, max(abs(values[2]), abs(values[5]))
