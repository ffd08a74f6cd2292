"""The range notation of the bench file: `0:31` for columns, `daq/ai0:31` for channels.

A range is `first:last`, both included, counting up; commas join several, as NI writes it:
`daq/ai0:7, ai16:23` (the differential inputs of a 32-channel multiplexed board). A part without
`instrument/` belongs to the instrument named before it.
"""

import re
from collections.abc import Iterator, Sequence

# More than any crossbar or rack has; a slip such as 0:99999999 must not fill the memory.
LARGEST_RANGE = 65_536

_NUMBER = r"(0|[1-9][0-9]*)"
_RANGE = re.compile(rf"{_NUMBER}(?::{_NUMBER})?\Z")
_CHANNELS = re.compile(rf"(?:([A-Za-z][A-Za-z0-9_-]*)/)?([A-Za-z_]+){_NUMBER}(?::{_NUMBER})?\Z")
_INSTRUMENT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_]+)?\Z")
_NUMBERED = re.compile(rf"(.*[A-Za-z_]){_NUMBER}\Z")


def indices(value: object) -> tuple[int, ...]:
    """Expand `3`, `"0:31"` or `"0:7, 16:23"`, in the order written.

    Raises:
        ValueError: not that notation, or a range that counts down; the text says what is.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"got {value!r}; {_EXPECTED_INDICES}")
    found: list[int] = []
    for part in value.split(","):
        match = _RANGE.match(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a column or a range; {_EXPECTED_INDICES}")
        found += _count(part.strip(), match.group(1), match.group(2))
    return tuple(found)


def terminals(value: object) -> tuple[str, ...]:
    """Expand `"smu"`, `"smu.a"`, `"daq/ao0:7"` or `"daq/ai0:7, ai16:23"`, in the order written.

    Raises:
        ValueError: not that notation, or a range that counts down; the text says what is.
    """
    if not isinstance(value, str):
        raise ValueError(f"got {value!r}; {_EXPECTED_TERMINALS}")
    if _INSTRUMENT.match(value.strip()):
        return (value.strip(),)
    found: list[str] = []
    instrument = ""
    for part in value.split(","):
        match = _CHANNELS.match(part.strip())
        if match is None or not (match.group(1) or instrument):
            raise ValueError(f"{part.strip()!r} is not a terminal; {_EXPECTED_TERMINALS}")
        instrument = match.group(1) or instrument
        numbers = _count(part.strip(), match.group(3), match.group(4))
        found += [f"{instrument}/{match.group(2)}{number}" for number in numbers]
    return tuple(found)


def shorten(names: Sequence[str | int]) -> str:
    """The shortest text that expands to `names` again: `daq/ai0:7, ai16:23`."""
    parts: list[str] = []
    instrument = ""
    for stem, first, last in _runs([_split(str(name)) for name in names]):
        owner, slash, channel = stem.rpartition("/")
        text = stem if not slash or owner != instrument else channel
        instrument = owner
        parts.append(text + (first if first == last else f"{first}:{last}"))
    return ", ".join(parts)


def _runs(split: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Consecutive numbers on one stem, as (stem, first, last)."""
    start = 0
    for end in range(1, len(split) + 1):
        goes_on = (
            end < len(split)
            and split[end][0] == split[start][0]
            and split[end][1].isdecimal()
            and split[start][1].isdecimal()
            and int(split[end][1]) == int(split[start][1]) + end - start
        )
        if not goes_on:
            yield split[start][0], split[start][1], split[end - 1][1]
            start = end


def _split(name: str) -> tuple[str, str]:
    if name.isdecimal():
        return "", name
    match = _NUMBERED.match(name)
    return (match.group(1), match.group(2)) if match and "/" in name else (name, "")


def _count(part: str, first: str, last: str | None) -> range:
    low = int(first)
    high = low if last is None else int(last)
    if high < low:
        raise ValueError(f"{part!r} counts down; write the smaller number first")
    if high - low >= LARGEST_RANGE:
        raise ValueError(f"{part!r} is a range of {high - low + 1}; at most {LARGEST_RANGE}")
    return range(low, high + 1)


_EXPECTED_INDICES = "expected a column such as 3 or '3', or a range such as '0:31'"
_EXPECTED_TERMINALS = (
    "expected a terminal such as 'smu', 'smu.a' or 'daq/ai0', or a range such as 'daq/ai0:31'"
)
