"""What an operating system calls a serial port that a bench file names."""

import os
import re

_VISA = re.compile(r"ASRL(.+?)(?:::INSTR)?\Z", re.IGNORECASE)


def port_name(resource: str) -> str:
    """`/dev/pts/3` of `ASRL/dev/pts/3::INSTR`; other names as they are.

    A VISA number is a COM port on Windows and counts the first built-in port as 1 elsewhere.
    """
    match = _VISA.match(resource.strip())
    if match is None:
        return resource.strip()
    name = match[1]
    if not name.isdecimal():
        return name
    return f"COM{name}" if os.name == "nt" else f"/dev/ttyS{int(name) - 1}"
