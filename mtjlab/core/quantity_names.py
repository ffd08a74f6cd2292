"""What a name says: `tau_c_s_low` is the lower end of a correlation time in seconds."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mtjlab.core.units import si

# The longest ending that fits counts.
_UNITS = {
    "_v": "V",
    "_a": "A",
    "_s": "s",
    "_hz": "Hz",
    "_ohm": "ohm",
    "_t": "T",
    "_j": "J",
    "_w": "W",
    "_k": "K",
    "_per_h": "1/h",
    "_per_v": "1/V",
    "_per_v2": "1/V^2",
    "_v_per_h": "V/h",
    "_ohm_per_v": "ohm/V",
}
# A conductance ends like a time, and a coefficient like a current.
_SIEMENS = ("conductance", "sneak")
_NUMBERS = ("ln_tau_p_a", "ln_tau_ap_a")
_WORDS = {
    "resistance": "resistance",
    "r_p": "resistance in P",
    "r_ap": "resistance in AP",
    "amplitude": "amplitude",
    "t": "time",
    "tau_c": "correlation time",
    "tau_p": "dwell time in P",
    "tau_ap": "dwell time in AP",
    "tau_low": "dwell time, lower level",
    "tau_high": "dwell time, upper level",
    "occupancy_ap": "share of time in AP",
    "occupancy_high": "share of time at the upper level",
    "noise_ratio": "junction noise / instrument noise",
    "own_bias": "own bias",
    "reads_to_target": "reads to target",
}
_ENDS = ("low", "high")
_END = re.compile(r"_(low|high)\Z")


def unit_of(name: str) -> str:
    """SI symbol that a column, result or parameter is in; empty for a pure number."""
    stem = _END.sub("", name)
    if stem in _NUMBERS:
        return ""
    if stem.endswith("_s") and stem.startswith(_SIEMENS):
        return "S"
    return _UNITS.get(_ending(stem), "")


def words_of(name: str) -> str:
    """The name for people, without its unit: `tau_c_s` is the correlation time."""
    stem = name[: -len(_ending(name))] if unit_of(name) and _ending(name) else name
    return _WORDS.get(stem, stem.replace("_", " "))


def _ending(name: str) -> str:
    return max((ending for ending in _UNITS if name.endswith(ending)), key=len, default="")


def quantities(columns: Sequence[str]) -> tuple[str, ...]:
    """Columns without the ends of intervals that lie beside them."""
    known = set(columns)
    return tuple(
        name for name in columns if not (_END.search(name) and _END.sub("", name) in known)
    )


def value_words(name: str, value: Any, low: float = math.nan, high: float = math.nan) -> str:
    """A value with the unit of its name, and its interval where there is one.

    `value_words("tau_c_s", 2e-5, 1.9e-5, 2.1e-5) == "20 us (19 us .. 21 us)"`.
    """
    if value is None:
        return "none"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    unit = unit_of(name)
    words = "not known" if math.isnan(value) else _number(float(value), unit)
    ends = [_number(end, unit) for end in (low, high)]
    if math.isfinite(low) and math.isfinite(high):
        return f"{words} ({ends[0]} .. {ends[1]})"
    if math.isfinite(low):
        return f"{words} (at least {ends[0]})"
    return f"{words} (at most {ends[1]})" if math.isfinite(high) else words


def _number(value: float, unit: str) -> str:
    if not unit and value.is_integer() and abs(value) < 1e9:
        return f"{int(value):,}".replace(",", " ")
    # A prefix before a fraction of units would be read as a unit.
    return f"{value:.4g} {unit}".rstrip() if not unit or "/" in unit else si(value, unit)


def fact_rows(row: Mapping[str, float]) -> list[tuple[str, str]]:
    """(words, value with unit and interval) of each quantity of a row by column name."""
    return [
        (words_of(name), value_words(name, row[name], *(_end(row, name, e) for e in _ENDS)))
        for name in quantities(tuple(row))
    ]


def _end(row: Mapping[str, float], name: str, end: str) -> float:
    return float(row.get(f"{name}_{end}", math.nan))
