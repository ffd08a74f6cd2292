"""Readings of a Keithley 2450: what is in one, and how its elements look on the wire."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sim_backend.scpi import Reply, open_block
from sim_backend.twins.keithley2450_errors import not_an_element
from sim_backend.twins.keithley2450_events import EPOCH, calendar

OVERFLOW = 9.9e37

# Bits of the status of a measurement (manual of the 2461, page 6-162; from memory, not verified).
QUESTIONABLE = 1 << 0
FRONT = 1 << 3
# Bits of the status of the source: 4 to 7 are on page 8-29, 2 and 3 are not verified.
OVERVOLTAGE = 1 << 2
READ_BACK = 1 << 3
LIMITED = 1 << 5
REMOTE_SENSE = 1 << 6
OUTPUT_ON = 1 << 7

# What was measured, or sourced, as a number in a row.
MEASURED = {"VOLT": 0, "CURR": 1, "RES": 2}
_UNITS = ("V", "A", "Ohm")
_UNIT_NAMES = ("Volt DC", "Amp DC", "Ohm")


class Row(NamedTuple):
    """One measurement.

    Attributes:
        reading: V, A or ohm.
        source: V or A; measured just before where it is read back.
        time_s: bench time at its end.
        status, source_status: bits, see above.
        measured, sourced: which quantities; index into volt, ampere, ohm.
    """

    reading: float
    source: float
    time_s: float
    status: float
    source_status: float
    measured: float
    sourced: float


def _formatted(value: float, unit: str) -> str:
    # As on the display; the number of its digits is not verified.
    if abs(value) >= OVERFLOW:
        return "Overflow"
    for prefix, factor in (("n", 1e-9), ("u", 1e-6), ("m", 1e-3), ("", 1.0), ("k", 1e3)):
        if abs(value) < 1e3 * factor:
            return f"{value / factor:+09.4f} {prefix}{unit}"
    return f"{value / 1e6:+09.4f} M{unit}"


def _seconds(row: Row) -> int:
    return int(EPOCH.timestamp() + row.time_s // 1)


# Elements that are numbers, also in binary; each of a row and the time of the buffer's first one.
NUMBERS: dict[str, Callable[[Row, float], float]] = {
    "READ": lambda row, first_s: row.reading,
    "SOUR": lambda row, first_s: row.source,
    "REL": lambda row, first_s: row.time_s - first_s,
}
_TEXTS: dict[str, Callable[[Row], str]] = {
    "DATE": lambda row: f"{calendar(row.time_s):%m/%d/%Y}",
    "FORM": lambda row: _formatted(row.reading, _UNITS[int(row.measured)]),
    "FRAC": lambda row: f"{row.time_s % 1:.9f}",
    "SEC": lambda row: str(_seconds(row)),
    "SOURFORM": lambda row: _formatted(row.source, _UNITS[int(row.sourced)]),
    "SOURSTAT": lambda row: str(int(row.source_status)),
    "SOURUNIT": lambda row: _UNIT_NAMES[int(row.sourced)],
    "STAT": lambda row: str(int(row.status)),
    "TIME": lambda row: f"{calendar(row.time_s):%H:%M:%S}",
    "TST": lambda row: f"{calendar(row.time_s):%m/%d/%Y %H:%M:%S.%f}",
    "UNIT": lambda row: _UNIT_NAMES[int(row.measured)],
}
_LONG = (
    "DATE FORMatted FRACtional READing RELative SEConds SOURce SOURFORMatted SOURSTATus "
    "SOURUNIT STATus TIME TSTamp UNIT"
)
_MOST_ELEMENTS = 14  # page 6-4


def _spellings() -> dict[str, str]:
    found = {}
    for word in _LONG.split():
        short = "".join(letter for letter in word if letter.isupper())
        found[short] = found[word.upper()] = short
    return found


_SPELLINGS = _spellings()


def elements(words: Sequence[str], data_format: str, position: int) -> tuple[str, ...]:
    """Elements asked for, in short form; without any it is the reading.

    Args:
        words: as they were sent.
        data_format: ASC, REAL or SRE.
        position: of the first word among the parameters, for the error.

    Raises:
        ScpiError: 1133, there is no such element, or not in binary.
    """
    found = tuple(_SPELLINGS.get(word.upper(), "") for word in words) or ("READ",)
    for index, word in enumerate(found):
        if word not in NUMBERS and (data_format != "ASC" or word not in _TEXTS):
            raise not_an_element(position + index)
    if len(found) > _MOST_ELEMENTS:
        raise not_an_element(position + _MOST_ELEMENTS)
    return found


def send(
    rows: Sequence[Row],
    names: Sequence[str],
    first_s: float,
    data_format: str,
    *,
    swapped: bool,
    digits: int,
) -> Reply:
    """Readings as :READ? and :TRACe:DATA? give them.

    Args:
        rows: in order.
        names: what `elements` gave.
        first_s: time of the first reading in the buffer, s.
        data_format: ASC, REAL (double) or SRE (single precision).
        swapped: little-endian.
        digits: of a number in text.
    """
    if data_format == "ASC":
        number = f"{{:.{digits - 1}E}}".format
        return ",".join(
            number(NUMBERS[name](row, first_s)) if name in NUMBERS else _TEXTS[name](row)
            for row in rows
            for name in names
        )
    values = [NUMBERS[name](row, first_s) for row in rows for name in names]
    return open_block(values, ("<" if swapped else ">") + ("f8" if data_format == "REAL" else "f4"))
