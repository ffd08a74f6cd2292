"""Numbers written as people read them, such that `parse_quantity` gives the same float back."""

import math
from decimal import Decimal

from mtjlab.core.errors import ParameterError
from mtjlab.core.units import PREFIXES, SI_UNITS, parse_quantity

# Beyond these a plain number is easier to read with an exponent.
_PLAIN_FROM, _PLAIN_TO = Decimal("1e-4"), Decimal("1e7")
# What femto and giga still make readable.
_PREFIXED_FROM, _PREFIXED_TO = Decimal("1e-15"), Decimal("1e13")


def quantity_text(value: float, unit: str = "") -> str:
    """`5 uA`, `-100 mV`, `200 kHz`; without a unit `0.002`, `3e-5`: all digits, no rounding.

    Args:
        value: in `unit`; infinity and NaN are written as such, and cannot be read back.
        unit: SI symbol, or a word of some procedure, which then gets no prefix.
    """
    if not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    # The shortest decimal that is this float; shifting its point loses nothing.
    decimal = Decimal(repr(float(value)))
    # Nobody counts in kiloseconds.
    least, most = _PREFIXED_FROM, 1 if unit == "s" else _PREFIXED_TO
    prefixes = unit in SI_UNITS and least <= abs(decimal) < most
    text = f"{_prefixed(decimal) if prefixes else f'{_plain(decimal)} '}{unit}".rstrip()
    return text if _reads_as(text, value, unit) else repr(float(value))


def _prefixed(decimal: Decimal) -> str:
    power = min(9, 3 * (decimal.adjusted() // 3))
    prefix = next(prefix for prefix, exponent in PREFIXES.items() if exponent == power)
    return f"{_plain(decimal.scaleb(-power))} {prefix}"


def _plain(decimal: Decimal) -> str:
    if decimal and not _PLAIN_FROM <= abs(decimal) < _PLAIN_TO:
        return f"{decimal.normalize():e}"
    text = f"{decimal:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _reads_as(text: str, value: float, unit: str) -> bool:
    try:
        return parse_quantity(text, unit) == value
    except ParameterError:
        return False
