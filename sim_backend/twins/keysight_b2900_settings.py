"""Settings of a B2900A that are only remembered, or read where they take effect."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.parameters import Ge, Le, Quantity
from sim_backend.scpi import Boolean, Choice, Integer, Number, Quoted
from sim_backend.twins.remembered import Remembered

LONGEST_LIST = 2500
_LONGEST_S = 100_000.0


class KeysightB2900Options(BaseModel):
    """`[twin.instruments.NAME]` of a B2900A.

    Attributes:
        model: with one channel (B2901A, B2911A) or two.
        latency_s: time of one message on the wire, either way, s.
        noise: rms of a reading at 1 PLC over its range; falls with the root of the integration.
        line_hz: mains frequency, to which integration times refer.
        interlock: whether the interlock is closed, which voltages above 42 V need.
        serial, firmware: parts of its identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["B2901A", "B2902A", "B2911A", "B2912A"] = "B2901A"
    latency_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = 3e-4
    noise: Annotated[float, Ge(0), Le(1)] = 2e-6
    line_hz: Literal[50, 60] = 50
    interlock: bool = False
    serial: str = "MY51140123"
    firmware: str = "3.4.2011.5100"


def node(word: str, channel: int) -> str:
    """`:OUTPut[1]`, `:OUTPut2`: the number of the first channel may be left out."""
    return f":{word}[1]" if channel == 1 else f":{word}{channel}"


def source_node(channel: int) -> str:
    """`[:SOURce[1]]`, `:SOURce2`: that of the first channel may be left out altogether."""
    return f"[{node('SOURce', channel)}]" if channel == 1 else node("SOURce", channel)


def of_channel(channel: int) -> Iterator[Remembered]:
    """Settings of one channel, under names such as `1.nplc`."""

    def key(name: str) -> str:
        return f"{channel}.{name}"

    output, sense = node("OUTPut", channel), node("SENSe", channel)
    source = source_node(channel)
    # After a reset a reading switches the output on (command reference, page 4-67).
    yield Remembered(f"{output}:ON:AUTO", key("on_auto"), Boolean(), True)
    yield Remembered(f"{output}:OFF:AUTO", key("off_auto"), Boolean(), False)
    yield Remembered(f"{output}:PROTection[:STATe]", key("protect"), Boolean(), False)
    yield Remembered(f"{output}:HCAPacitance[:STATe]", key("high_capacitance"), Boolean(), False)
    yield Remembered(f"{output}:LOW", key("low"), Choice("GROund", "FLOat"), "GRO")
    shapes = Choice("DC", "PULSe")
    yield Remembered(f"{source}:FUNCtion[:SHAPe]", key("shape"), shapes, "DC")
    yield Remembered(f"{source}:FUNCtion:TRIGgered:CONTinuous", key("stays"), Boolean(), False)
    for word in ("VOLTage", "CURRent"):
        # One integration time for all functions of a channel.
        cycles = Number(4e-4, 120, 1)
        yield Remembered(f"{sense}:{word}[:DC]:NPLCycles", key("nplc"), cycles, 1.0)
        modes = Choice("FIXed", "LIST")
        name = f"{word[:4].upper()}.mode"
        yield Remembered(f"{source}:{word}:MODE", key(name), modes, "FIX")
    yield Remembered(f"{sense}:REMote", key("four_wire"), Boolean(), False)
    for action in ("ACQuire", "TRANsient"):
        short = action[:3].lower()
        arm, trigger = (f"{node(w, channel)}:{action}" for w in ("ARM", "TRIGger"))
        times, delay = Integer(1, 100_000, 1), Number(0, _LONGEST_S, 0)
        sources = Choice("AINT", "BUS", "TIMer")
        yield Remembered(f"{arm}:COUNt", key(f"{short}.arm_count"), times, 1)
        yield Remembered(f"{trigger}:COUNt", key(f"{short}.count"), times, 1)
        yield Remembered(f"{trigger}:DELay", key(f"{short}.delay_s"), delay, 0.0)
        yield Remembered(f"{trigger}:SOURce[:SIGNal]", key(f"{short}.source"), sources, "AINT")


COMMON = (
    Remembered(":FORMat[:DATA]", "format", Choice("ASCii", "REAL"), "ASC"),
    Remembered(":FORMat:BORDer", "byte_order", Choice("NORMal", "SWAPped"), "NORM"),
    Remembered(":DISPlay:ENABle", "display", Boolean(), True),
    Remembered(":DISPlay[:WINDow[1]]:TEXT:DATA", "text", Quoted(), "", lasting=True),
)
