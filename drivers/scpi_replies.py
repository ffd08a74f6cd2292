"""Replies of SCPI source-meters as values; what cannot be one is a `BadReply`, never a number."""

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.source_fitting import Fitted
from mtjlab.core.errors import BadReply, Reported, WrongIdentity
from mtjlab.core.interfaces import Function, Identity, Reading
from mtjlab.core.units import si

NODE: dict[Function, str] = {"voltage": "VOLTAGE", "current": "CURRENT"}
UNIT: dict[Function, str] = {"voltage": "V", "current": "A"}
OTHER: dict[Function, Function] = {"voltage": "current", "current": "voltage"}

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\Z")
# 9.9E37 is an overflow, 9.91E37 a quantity that was not measured.
_NO_VALUE = 9e37
# Out of compliance the source is where it was set, to a few hundredths of a percent of range.
_SOURCE_TOLERANCE = 0.05


def identity(
    reply: str, model: str, where: str, *, makers: Sequence[str] = ("Keithley",)
) -> Identity:
    """Of that model by one of `makers`, and of nothing else.

    Raises:
        WrongIdentity: with what answered.
    """
    parts = [part.strip() for part in reply.split(",", 3)]
    name = parts[1].upper().removeprefix("MODEL").strip() if len(parts) == 4 else ""
    made = any(maker.upper() in parts[0].upper() for maker in makers)
    if not made or name != model:
        raise WrongIdentity(
            f"{where}: a {' or '.join(makers)} {model} was expected, {reply!r} answered. Check "
            "`driver` and `resource` in the bench file"
        )
    return Identity(parts[0], name, parts[2], parts[3])


def is_from(reply: str, models: Sequence[str], *, makers: Sequence[str] = ("Keithley",)) -> bool:
    """Whether `identity` would take this reply to `*IDN?` for one of these models."""
    for model in models:
        with suppress(WrongIdentity):
            return bool(identity(reply, model, "", makers=makers))
    return False


def function(reply: str, where: str) -> Function:
    """Of `:SOURCE:FUNCTION?`: VOLT or CURR."""
    word = reply.strip().upper()
    for name, node in NODE.items():
        if word and node.startswith(word):
            return name
    raise BadReply(f"{where}: the source function reads {reply!r}; expected VOLT or CURR")


def flag(reply: str, question: str, where: str) -> bool:
    """0 or 1."""
    if reply.strip() not in ("0", "1"):
        raise BadReply(f"{where}: {reply!r} in reply to {question}; expected 0 or 1")
    return reply.strip() == "1"


def number(reply: str, question: str, where: str) -> float:
    """One number."""
    if not _NUMBER.match(reply.strip()):
        raise BadReply(f"{where}: {reply!r} in reply to {question}; expected one number")
    return float(reply)


def split(reply: str) -> list[float | str]:
    """Parts between commas; numbers where they are numbers."""
    parts = [part.strip() for part in reply.split(",")]
    return [float(part) if _NUMBER.match(part) else part for part in parts]


def numbers(values: Sequence[Any], count: int, where: str) -> list[float]:
    """A reading, split at commas by us or by PyMeasure: so many finite numbers."""
    if len(values) != count or not all(isinstance(value, int | float) for value in values):
        raise BadReply(f"{where}: {values} is no reading; expected {_SAID[count]} numbers")
    if not all(math.isfinite(value) for value in values):
        raise BadReply(f"{where}: {values} is no reading; expected {_SAID[count]} finite numbers")
    return [float(value) for value in values]


_SAID = {3: "three", 5: "five"}


def demand_in_range(volts: float, amperes: float, *, overflows: bool, where: str) -> None:
    """Refuse a reading that stands for none.

    Raises:
        BadReply: the instrument says that it overflows, or gives the number for it.
    """
    if overflows or max(abs(volts), abs(amperes)) > _NO_VALUE:
        raise BadReply(
            f"{where}: the reading overflows its range ({volts:g} V, {amperes:g} A). Configure "
            "a larger compliance or range"
        )


def demand_of_this_moment(
    sourced: float, level: float, fitted: Fitted, *, in_compliance: bool, where: str
) -> None:
    """Refuse a reading of a source that is not where it was set, although nothing limits it.

    Raises:
        BadReply: with both values.
    """
    unit = UNIT[fitted.settings.function]
    if not in_compliance and abs(sourced - level) > _SOURCE_TOLERANCE * fitted.source_range:
        raise BadReply(
            f"{where}: {si(sourced, unit)} was read at a level of {si(level, unit)} "
            "out of compliance: the reading belongs to another moment, or the sense lines are off"
        )


def demand_unlimited(
    readings: Sequence[Reading], levels: NDArray[np.float64], fitted: Fitted, where: str
) -> None:
    """Refuse a sweep in which compliance held the output back.

    Raises:
        Reported: at how many levels, and where first.
    """
    limited = [n for n, reading in enumerate(readings) if reading.in_compliance]
    if limited:
        unit = UNIT[fitted.settings.function]
        raise Reported(
            f"{where}: compliance held the output back at {len(limited)} of {len(readings)} levels "
            f"of a sweep, first at {si(float(levels[limited[0]]), unit)}. Configure a larger "
            "compliance, or sweep less far"
        )
