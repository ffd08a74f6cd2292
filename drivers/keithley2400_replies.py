"""A reading of a Keithley 2400: five elements, and what its status word says of them."""

from collections.abc import Sequence
from typing import Any

from drivers.scpi_replies import demand_in_range, demand_of_this_moment, numbers
from drivers.source_fitting import Fitted
from mtjlab.core.interfaces import Reading

# Bits of the status word that comes with every reading.
_OVERFLOW, _COMPLIANCE, _RANGE_COMPLIANCE = 1 << 0, 1 << 3, 1 << 16


def reading(values: Sequence[Any], fitted: Fitted, level: float, where: str) -> Reading:
    """Of the five elements voltage, current, resistance, time, status.

    Args:
        values: of the reply, split at its commas.
        fitted: the settings in force.
        level: what the source was last set to, V or A.
        where: the instrument, for messages.
    """
    volts, amperes, _, _, word = numbers(values, 5, where)
    status = int(word)
    demand_in_range(volts, amperes, overflows=bool(status & _OVERFLOW), where=where)
    in_compliance = bool(status & (_COMPLIANCE | _RANGE_COMPLIANCE))
    sourced = volts if fitted.settings.function == "voltage" else amperes
    demand_of_this_moment(sourced, level, fitted, in_compliance=in_compliance, where=where)
    return Reading(volts, amperes, in_compliance)
