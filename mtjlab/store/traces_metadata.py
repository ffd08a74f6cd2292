"""The sampling interval, from what a file says of itself."""

import json
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import DataError, ParameterError
from mtjlab.core.units import parse_quantity

TIME_NAMES = ("t", "time", "ts", "times", "seconds")

# Names are compared in small letters, without blanks and signs: "Sample Interval (s)" is one.
_INTERVALS = (
    *("interval", "sampleinterval", "samplinginterval", "traceinterval"),
    *("dt", "xincr", "timestep", "sampletime", "samplingtime"),
)
_RATES = ("rate", "fs", "samplerate", "samplingrate", "samplefrequency", "samplingfrequency")
# Equal steps, but for the rounding of the column.
_UNEVEN = 0.01


def plain_name(name: str) -> str:
    """A name in small letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def stated_interval_s(entries: Mapping[str, object], where: str) -> float | None:
    """The interval among `entries`, s; None where they say nothing of it.

    Known are intervals (`interval_s`, `dt`, `Sample Interval`) and rates (`rate_hz`, `fs`,
    `sampling rate`), as numbers in s or Hz or as text with a unit: "5 us", "200 kS/s". An entry
    that is a JSON object (pandas writes one) is looked into.

    Raises:
        DataError: such an entry that is no number, or not positive.
    """
    for name, value in entries.items():
        plain = plain_name(name)
        if plain in _with("s", _INTERVALS):
            return _positive(value, "s", f"{where}: {name}")
        if plain in _with("hz", _RATES):
            return 1.0 / _positive(value, "Hz", f"{where}: {name}")
    for name, value in entries.items():
        inner = _object(value)
        if inner is not None and name.lower() != "pandas":
            found = stated_interval_s(inner, where)
            if found is not None:
                return found
    return None


def interval_of_times(times: NDArray[np.floating], where: str) -> float | None:
    """The interval of a column of times in s, from its first values; None with less than two.

    Raises:
        DataError: the times are not equally spaced.
    """
    if len(times) < 2:
        return None
    steps = np.diff(np.asarray(times, dtype=np.float64))
    mean = float(steps.mean())
    rounding = 4.0 * float(np.finfo(times.dtype).eps) * float(np.abs(times).max())
    if not mean > 0.0 or float(np.abs(steps - mean).max()) > max(_UNEVEN * mean, rounding):
        raise DataError(
            f"{where}: the column of times is not equally spaced "
            f"({steps.min():g} s to {steps.max():g} s in the first {len(times)} rows)"
        )
    return mean


def _with(unit: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return names + tuple(name + unit for name in names)


def _positive(value: object, unit: str, what: str) -> float:
    try:
        number = _number(str(value), unit)
    except ParameterError as error:
        raise DataError(f"{what}: {error}") from error
    if not number > 0.0:
        raise DataError(f"{what} = {value} must be positive")
    return number


def _number(text: str, unit: str) -> float:
    if unit == "Hz" and text.rstrip().endswith("S/s"):
        return parse_quantity(text, "S/s")
    return parse_quantity(text, unit)


def _object(value: object) -> dict[str, object] | None:
    if not isinstance(value, str) or not value.startswith("{"):
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
