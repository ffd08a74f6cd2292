"""Numbers with units: SI floats inside, prefixes only where people read or write.

`parse_quantity` is the one prefix parser of the house: `--set`, TOML strings and the GUI use it.
"""

import math
import re
from dataclasses import dataclass

from mtjlab.core.errors import ParameterError

PREFIXES = {
    "f": -15,
    "p": -12,
    "n": -9,
    "u": -6,
    "µ": -6,
    "μ": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
}

_ALIASES = {"Ohm": "ohm", "Ω": "ohm", "Ohms": "ohm", "ohms": "ohm"}
SI_UNITS = ("ohm", "Hz", "S/s", "V/s", "V", "A", "s", "K", "T", "F", "W", "J", "S", "m")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d]\S*)?\s*\Z")


@dataclass(frozen=True)
class Unit:
    """Marks a parameter or field with its SI unit, as in `Annotated[float, Unit("V")]`."""

    symbol: str


def parse_quantity(text: str, unit: str = "") -> float:
    """A number with an optional SI prefix and unit: `5u`, `200k`, `0.1 V`, `10 kohm`, `1e-3`.

    A lone `m` is milli unless the unit is metre and nothing precedes it; the unit may be left
    out, but if it is given it must be the one expected.

    Args:
        text: what the user wrote.
        unit: the SI unit expected; empty for a plain number.

    Raises:
        ParameterError: not a number, not a prefix, or another unit than expected.
    """
    match = _NUMBER.match(text)
    if match is None:
        raise ParameterError(f"{text!r} is not a number{_expected(unit)}")
    mantissa, tail = match.group(1), match.group(2) or ""
    prefix = _prefix_of(text, tail, unit)
    # Decimal text, not a product: "5u" must be the float 5e-06, not 5 * 1e-06.
    number, _, exponent = mantissa.lower().partition("e")
    value = float(f"{number}e{int(exponent or 0) + PREFIXES[prefix]}")
    if not math.isfinite(value):
        raise ParameterError(f"{text!r} is too large for a number{_expected(unit)}")
    return value


def _prefix_of(text: str, tail: str, unit: str) -> str:
    if tail in PREFIXES and not (tail == "m" and unit == "m"):
        return tail
    for alias, symbol in _ALIASES.items():
        if tail.endswith(alias):
            tail = tail[: -len(alias)] + symbol
            break
    for symbol in sorted({*SI_UNITS, unit} - {""}, key=len, reverse=True):
        if tail.endswith(symbol) and tail[: -len(symbol)] in PREFIXES:
            if symbol != unit:
                wanted = f"in {unit}" if unit else "without a unit"
                raise ParameterError(f"{text!r} is in {symbol}; expected a value {wanted}")
            return tail[: -len(symbol)]
    raise ParameterError(f"{text!r}: {tail!r} is neither an SI prefix nor a unit{_expected(unit)}")


def _expected(unit: str) -> str:
    example = f"0.1, 100m, '100 m{unit}'" if unit else "0.1, 5u, 200k"
    return f"; expected a value{f' in {unit}' if unit else ''} such as {example}"


def si(value: float, unit: str, digits: int = 4) -> str:
    """A value for people, as in `si(5e-06, "A") == "5 uA"`."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g} {unit}".rstrip()
    exponent = min(9, max(-15, 3 * math.floor(math.log10(abs(value)) / 3 + 1e-12)))
    for prefix, power in PREFIXES.items():
        if power == exponent:
            return f"{value / 10.0**power:.{digits}g} {prefix}{unit}".rstrip()
    raise AssertionError(exponent)
