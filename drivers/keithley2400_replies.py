"""Replies of a Keithley 2400 as values; what cannot be one is a `BadReply`, never a number."""

import math
import re
from collections.abc import Sequence
from typing import Any

from drivers.keithley2400_settings import Fitted
from mtjlab.core.errors import BadReply, WrongIdentity
from mtjlab.core.interfaces import Function, Identity, Reading
from mtjlab.core.units import si

NODE: dict[Function, str] = {"voltage": "VOLTAGE", "current": "CURRENT"}
UNIT: dict[Function, str] = {"voltage": "V", "current": "A"}
OTHER: dict[Function, Function] = {"voltage": "current", "current": "voltage"}

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\Z")
# Bits of the status word that comes with every reading.
_OVERFLOW, _COMPLIANCE, _RANGE_COMPLIANCE = 1 << 0, 1 << 3, 1 << 16
# 9.9E37 is an overflow, 9.91E37 a quantity that was not measured.
_NO_VALUE = 9e37
# Out of compliance the source is where it was set, to a few hundredths of a percent of range.
_SOURCE_TOLERANCE = 0.05


def identity(reply: str, where: str) -> Identity:
    """Of a 2400, and of nothing else.

    Raises:
        WrongIdentity: with what answered.
    """
    parts = [part.strip() for part in reply.split(",", 3)]
    model = parts[1].upper().removeprefix("MODEL").strip() if len(parts) == 4 else ""
    if "KEITHLEY" not in parts[0].upper() or model != "2400":
        raise WrongIdentity(
            f"{where}: a Keithley 2400 was expected, {reply!r} answered. Check `driver` and "
            "`resource` in the bench file"
        )
    return Identity(parts[0], model, parts[2], parts[3])


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


def reading(values: Sequence[Any], fitted: Fitted, level: float, where: str) -> Reading:
    """Of the five elements voltage, current, resistance, time, status.

    Args:
        values: as PyMeasure has split them.
        fitted: the settings in force.
        level: what the source was last set to, V or A.
        where: the instrument, for messages.
    """
    if len(values) != 5 or not all(isinstance(v, int | float) for v in values):
        raise BadReply(f"{where}: {values} is no reading; expected five numbers")
    if not all(math.isfinite(value) for value in values):
        raise BadReply(f"{where}: {values} is no reading; expected five finite numbers")
    volts, amperes, status = float(values[0]), float(values[1]), int(values[4])
    if status & _OVERFLOW or max(abs(volts), abs(amperes)) > _NO_VALUE:
        raise BadReply(
            f"{where}: the reading overflows its range ({volts:g} V, {amperes:g} A). Configure "
            "a larger compliance or range"
        )
    in_compliance = bool(status & (_COMPLIANCE | _RANGE_COMPLIANCE))
    kind = fitted.settings.function
    sourced = volts if kind == "voltage" else amperes
    if not in_compliance and abs(sourced - level) > _SOURCE_TOLERANCE * fitted.source_range:
        raise BadReply(
            f"{where}: {si(sourced, UNIT[kind])} was read at a level of {si(level, UNIT[kind])} "
            "out of compliance: the reading belongs to another moment, or the sense lines are off"
        )
    return Reading(volts, amperes, in_compliance)
