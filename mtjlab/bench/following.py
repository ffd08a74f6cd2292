"""What stands in the next line of a list of groups that go on alike."""

import re

_CHANNELS = re.compile(r"(.*/\s*[A-Za-z_]+)(\d+)(?::(\d+))?\s*\Z")
_NUMBER = re.compile(r"\s*(\d+)\s*\Z")
# Keys that count up; all others stay as they are.
COUNTING = ("row", "rows", "source", "read")


def following(key: str, text: str) -> str:
    """The same text for the next group, counted up where that is what goes on.

    `following("read", "daq/ai0:7") == "daq/ai8:15"`, `following("row", "3") == "4"`; a common
    source and a resistor stay: `following("source", "smu") == "smu"`.
    """
    if key not in COUNTING:
        return text
    number = _NUMBER.match(text)
    if number is not None:
        return str(int(number[1]) + 1)
    channels = _CHANNELS.match(text)
    # Several parts, or one that counts down, go on in no way that could be told.
    if channels is None or "," in text:
        return text
    first, last = int(channels[2]), int(channels[3] or channels[2])
    if last < first:
        return text
    begin, end = last + 1, 2 * last - first + 1
    return f"{channels[1]}{begin}" + (f":{end}" if channels[3] else "")
