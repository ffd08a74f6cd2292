"""Settings of a Keithley 2400 that are only remembered, or read where they take effect.

Headers, parameters and *RST values are those of the 2400 Series user's manual, tables 18-1 to
18-11, where it prints them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.parameters import Ge, Le, Quantity
from sim_backend.scpi import Boolean, Choice, Either, Integer, Number, Quoted, Vocabulary
from sim_backend.twins import remembered
from sim_backend.twins.remembered import Remembered


class Keithley2400Options(BaseModel):
    """`[twin.instruments.NAME]` of a 2400.

    Attributes:
        latency_s: time of one message on the wire, either way, s.
        noise: rms of a reading at 1 PLC over its range; falls with the root of the integration.
        line_hz: mains frequency, to which integration times refer.
        serial, firmware: parts of its identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = 1e-3
    noise: Annotated[float, Ge(0), Le(1)] = 5e-6
    line_hz: Literal[50, 60] = 50
    serial: str = "1000024"
    firmware: str = "C34 Sep 21 2016 15:30:00/A02  /K/J"


ARM = ":ARM[:SEQuence[1]][:LAYer[1]]"
TRIGGER = ":TRIGger[:SEQuence[1]]"
_LINES = Integer(1, 4)


REMEMBERED = (
    Remembered(":SYSTem:RSENse", "four_wire", Boolean(), False),
    Remembered(":SYSTem:AZERo[:STATe]", "auto_zero", Either(Boolean(), Choice("ONCE")), True),
    Remembered(":SYSTem:AZERo:CACHing[:STATe]", "zero_caching", Boolean(), False),
    Remembered(":SYSTem:LFRequency:AUTO", "line_auto", Boolean(), True, lasting=True),
    Remembered(":SYSTem:GUARd", "guard", Choice("CABLe", "OHMS"), "CABL"),
    Remembered(":SYSTem:BEEPer:STATe", "beeper", Boolean(), True, lasting=True),
    Remembered(":SYSTem:RWLock", "front_locked", Boolean(), False, lasting=True),
    Remembered(":SYSTem:TIME:RESet:AUTO", "timer_auto_reset", Boolean(), False),
    Remembered(":SYSTem:RCMode", "auto_range_mode", Choice("SINGle", "MULTiple"), "SING"),
    Remembered(":SYSTem:POSetup", "power_on_setup", Choice("RST", "PRESet"), "RST", lasting=True),
    Remembered(":DISPlay:ENABle", "display", Boolean(), True),
    Remembered(":DISPlay:DIGits", "digits", Integer(4, 7, 6), 6),
    Remembered(":DISPlay[:WINDow[1]]:TEXT:DATA", "text", Quoted(), "", lasting=True),
    Remembered(":DISPlay[:WINDow[1]]:TEXT:STATe", "text_on", Boolean(), False, lasting=True),
    Remembered(":DISPlay:WINDow2:TEXT:DATA", "text2", Quoted(), "", lasting=True),
    Remembered(":DISPlay:WINDow2:TEXT:STATe", "text2_on", Boolean(), False, lasting=True),
    Remembered(":ROUTe:TERMinals", "terminals", Choice("FRONt", "REAR"), "FRON"),
    Remembered(":OUTPut[1]:ENABle[:STATe]", "output_enable", Boolean(), False),
    Remembered(":FORMat:BORDer", "byte_order", Choice("NORMal", "SWAPped"), "NORM"),
    Remembered("[:SENSe[1]]:AVERage[:STATe]", "filter", Boolean(), False),
    Remembered("[:SENSe[1]]:AVERage:COUNt", "filter_count", Integer(1, 100, 10), 10),
    Remembered("[:SENSe[1]]:AVERage:TCONtrol", "filter_type", Choice("REPeat", "MOVing"), "REP"),
    Remembered("[:SENSe[1]]:RESistance:MODE", "ohms_mode", Choice("MANual", "AUTO"), "AUTO"),
    Remembered("[:SENSe[1]]:RESistance:OCOMpensated", "ohms_compensated", Boolean(), False),
    Remembered("[:SENSe[1]]:FUNCtion:CONCurrent", "concurrent", Boolean(), True),
    Remembered(":SOURce[1]:CLEar:AUTO", "auto_off", Boolean(), False),
    Remembered(":SOURce[1]:CLEar:AUTO:MODE", "auto_off_mode", Choice("ALWays", "TCOunt"), "ALW"),
    Remembered(":SOURce[1]:DELay:AUTO", "delay_auto", Boolean(), True),
    Remembered(":SOURce[1]:SWEep:POINts", "sweep_points", Integer(1, 2500, 2500), 2500),
    Remembered(":SOURce[1]:SWEep:SPACing", "sweep_spacing", Choice("LINear", "LOGarithmic"), "LIN"),
    Remembered(":SOURce[1]:SWEep:DIRection", "sweep_direction", Choice("UP", "DOWN"), "UP"),
    Remembered(
        ":SOURce[1]:SWEep:RANGing", "sweep_ranging", Choice("BEST", "AUTO", "FIXed"), "BEST"
    ),
    Remembered(f"{ARM}:TIMer", "arm_timer_s", Number(0.001, 99999.99, 0.1), 0.1),
    Remembered(f"{ARM}:DIRection", "arm_direction", Choice("SOURce", "ACCeptor"), "ACC"),
    Remembered(f"{ARM}:ILINe", "arm_in", _LINES, 1),
    Remembered(f"{ARM}:OLINe", "arm_out", _LINES, 2),
    Remembered(f"{ARM}:OUTPut", "arm_event", Choice("TENTer", "TEXit", "NONE"), "NONE"),
    Remembered(f"{TRIGGER}:SOURce", "trigger_source", Choice("IMMediate", "TLINk"), "IMM"),
    Remembered(f"{TRIGGER}:DELay", "trigger_delay_s", Number(0.0, 999.9999, 0.0), 0.0),
    Remembered(f"{TRIGGER}:DIRection", "trigger_direction", Choice("SOURce", "ACCeptor"), "ACC"),
    Remembered(f"{TRIGGER}:ILINe", "trigger_in", _LINES, 1),
    Remembered(f"{TRIGGER}:OLINe", "trigger_out", _LINES, 2),
    Remembered(
        f"{TRIGGER}:OUTPut", "trigger_event", Choice("SOURce", "DELay", "SENSe", "NONE"), "NONE"
    ),
    Remembered(
        f"{TRIGGER}:INPut", "trigger_detector", Choice("SOURce", "DELay", "SENSe", "NONE"), "NONE"
    ),
    # *RST does not reach the trace subsystem (table 18-10).
    Remembered(":TRACe:TSTamp:FORMat", "stamps", Choice("ABSolute", "DELTa"), "ABS", lasting=True),
    Remembered(
        ":CALCulate3:FORMat",
        "statistic",
        Choice("MEAN", "SDEViation", "MAXimum", "MINimum", "PKPK"),
        "MEAN",
    ),
)

ARM_SOURCES = Choice("IMMediate", "TLINk", "TIMer", "MANual", "BUS", "NSTest", "PSTest", "BSTest")


def declare(words: Vocabulary[Any]) -> None:
    """Add command and query of each to the words of an instrument with `settings`."""
    remembered.declare(words, REMEMBERED)


def reset(settings: dict[str, Any]) -> None:
    """*RST."""
    remembered.reset(settings, REMEMBERED)


def power_on() -> dict[str, Any]:
    """Every setting as after switching on."""
    return remembered.power_on(REMEMBERED)
