"""Settings of a Keithley 2450 that are only remembered, or read where they take effect.

Those of a function are kept under its short name, such as `CURR.nplc`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.parameters import Ge, Le, Quantity
from sim_backend.scpi import Boolean, Choice, Integer, Number, Quoted
from sim_backend.twins.remembered import Remembered

SOURCES = {"VOLT": ":SOURce[1]:VOLTage", "CURR": ":SOURce[1]:CURRent"}
SENSES = {
    "VOLT": "[:SENSe[1]]:VOLTage[:DC]",
    "CURR": "[:SENSe[1]]:CURRent[:DC]",
    "RES": "[:SENSe[1]]:RESistance",
}
LONGEST_DELAY_S = 10_000.0


class Keithley2450Options(BaseModel):
    """`[twin.instruments.NAME]` of a 2450.

    Attributes:
        latency_s: time of one message on the wire, either way, s.
        noise: rms of a reading at 1 PLC over its range; falls with the root of the integration.
        line_hz: mains frequency, to which integration times refer.
        interlock: whether the interlock is closed, which voltages above 42 V need.
        serial, firmware: parts of its identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = 3e-4
    noise: Annotated[float, Ge(0), Le(1)] = 2e-6
    line_hz: Literal[50, 60] = 50
    interlock: bool = False
    serial: str = "04000024"
    firmware: str = "1.7.12b"


def _of_source(name: str, root: str) -> Iterator[Remembered]:
    yield Remembered(f"{root}:READ:BACK", f"{name}.read_back", Boolean(), True)
    yield Remembered(f"{root}:HIGH:CAPacitance", f"{name}.high_capacitance", Boolean(), False)
    yield Remembered(f"{root}:DELay:AUTO", f"{name}.delay_auto", Boolean(), True)
    for n in range(1, 6):
        delay = Number(0, LONGEST_DELAY_S, 0)
        yield Remembered(f"{root}:DELay:USER{n}", f"{name}.source_delay{n}_s", delay, 0.0)


def _of_sense(name: str, root: str) -> Iterator[Remembered]:
    yield Remembered(f"{root}:NPLCycles", f"{name}.nplc", Number(0.01, 10, 1), 1.0)
    yield Remembered(f"{root}:AZERo[:STATe]", f"{name}.auto_zero", Boolean(), True)
    yield Remembered(f"{root}:AVERage[:STATe]", f"{name}.filter", Boolean(), False)
    yield Remembered(f"{root}:AVERage:COUNt", f"{name}.filter_count", Integer(1, 100, 10), 10)
    kinds = Choice("REPeat", "MOVing")
    yield Remembered(f"{root}:AVERage:TCONtrol", f"{name}.filter_type", kinds, "REP")
    for n in range(1, 6):
        delay = Number(0, LONGEST_DELAY_S, 0)
        yield Remembered(f"{root}:DELay:USER{n}", f"{name}.sense_delay{n}_s", delay, 0.0)
    digits = root.replace("[:SENSe[1]]", ":DISPlay") + ":DIGits"
    yield Remembered(digits, f"{name}.digits", Integer(3, 6, 5), 5)


def _table() -> Iterator[Remembered]:
    for name, root in SOURCES.items():
        yield from _of_source(name, root)
    for name, root in SENSES.items():
        yield from _of_sense(name, root)
    yield Remembered("[:SENSe[1]]:RESistance:OCOMpensated", "RES.compensated", Boolean(), False)
    yield Remembered("[:SENSe[1]]:COUNt", "count", Integer(1, 300_000, 1), 1)
    # The manual of the 2470 gives SWAP after a reset (page 12-35).
    yield Remembered(":FORMat:BORDer", "byte_order", Choice("NORMal", "SWAPped"), "SWAP")
    yield Remembered(":FORMat:ASCii:PRECision", "precision", Integer(0, 16, 0), 0)
    for n in (1, 2):
        yield Remembered(f":DISPlay:USER{n}:TEXT[:DATA]", f"text{n}", Quoted(), "", lasting=True)


REMEMBERED = tuple(_table())


def significant(settings: dict[str, Any]) -> int:
    """Digits of a number in text; 0 lets the instrument choose, which sends seven."""
    return int(settings["precision"]) or 7
