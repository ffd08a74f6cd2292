"""Every header a simulated Keithley 2400 understands, beyond those of all SCPI instruments."""

import math
from typing import TYPE_CHECKING, Any

from sim_backend.scpi import (
    Choice,
    Integer,
    Number,
    Reply,
    ScpiError,
    Vocabulary,
    declare_group,
)
from sim_backend.twins import (
    keithley2400_sense_words,
    keithley2400_settings,
    keithley2400_source_words,
)
from sim_backend.twins.keithley2400_errors import error
from sim_backend.twins.keithley2400_readings import ELEMENTS
from sim_backend.twins.keithley2400_sense_words import FUNCTIONS, active
from sim_backend.twins.keithley2400_settings import ARM, ARM_SOURCES, TRIGGER

if TYPE_CHECKING:
    from sim_backend.twins.keithley2400 import Keithley2400Twin as Twin


class _ArmCount(Number):
    """1 to 2500, or INF."""

    def read(self, text: str) -> float:
        value = super().read(text)
        return value if math.isinf(value) else float(round(value))


def _declare_acquisition(words: "Vocabulary[Twin]") -> None:
    nodes = {"VOLT": "VOLTage[:DC]", "CURR": "CURRent[:DC]", "RES": "RESistance"}
    for name, node in nodes.items():
        words.declare(f":CONFigure:{node}", set=lambda t, name=name: t.configure(name))
        words.declare(f":MEASure:{node}", query=_measure(name))
    words.declare(":CONFigure", query=active)
    words.declare(":MEASure", query=_measure_present)
    words.declare(":READ", query=lambda t: t.read())
    words.declare(":FETCh", query=lambda t: t.fetch())
    words.declare(":INITiate[:IMMediate]", set=lambda t: t.initiate())
    words.declare(":ABORt", set=lambda t: t.abort())
    words.declare(
        f"{ARM}:COUNt",
        query=lambda t: _count(t.trigger_model.arm_count),
        set=lambda t, v: t.trigger_model.set_counts(arm=v),
        takes=(_ArmCount(1, 2500, 1, infinite=True),),
    )
    words.declare(
        f"{ARM}:SOURce",
        query=lambda t: t.trigger_model.arm_source,
        set=_set_arm_source,
        takes=(ARM_SOURCES,),
    )
    words.declare(
        f"{TRIGGER}:COUNt",
        query=lambda t: t.trigger_model.count,
        set=lambda t, v: t.trigger_model.set_counts(trigger=v),
        takes=(Integer(1, 2500, 1),),
    )
    # Nothing is ever pending on a trigger line that nothing is wired to.
    words.declare(f"{TRIGGER}:CLEar", set=lambda t: None)


def _measure(name: str) -> Any:
    def measure(twin: "Twin") -> Reply:
        twin.configure(name)
        return twin.read()

    return measure


def _measure_present(twin: "Twin") -> Reply:
    name = next((name for name in FUNCTIONS if name in twin.meter.functions), None)
    if name is not None:
        twin.configure(name)
    return twin.read()


def _count(value: float) -> Reply:
    # SCPI writes infinity as 9.9E37.
    return 9.9e37 if math.isinf(value) else int(value)


def _set_arm_source(twin: "Twin", source: str) -> None:
    twin.trigger_model.arm_source = source


def _declare_store(words: "Vocabulary[Twin]") -> None:
    for root in (":TRACe", ":DATA"):
        words.declare(f"{root}:DATA", query=_stored)
        words.declare(f"{root}:CLEar", set=_clear_store)
        words.declare(f"{root}:FREE", query=_free)
        words.declare(
            f"{root}:POINts",
            query=lambda t: t.buffer.points,
            set=_set_points,
            takes=(Integer(1, 2500, 100),),
        )
        words.declare(f"{root}:POINts:ACTual", query=lambda t: len(t.buffer.rows))
        # Math and limit tests are not simulated: only raw readings can be stored.
        words.declare(
            f"{root}:FEED",
            query=lambda t: "SENS1",
            set=_set_feed,
            takes=(Choice("SENSe", "SENS1", "SENSE1"),),
        )
        words.declare(
            f"{root}:FEED:CONTrol",
            query=lambda t: "NEXT" if t.buffer.storing else "NEV",
            set=_set_storing,
            takes=(Choice("NEXT", "NEVer"),),
        )
    words.declare(
        ":CALCulate3:DATA",
        query=lambda t: ",".join(f"{v:+.6E}" for v in t.buffer.statistic(t.settings["statistic"])),
    )


def _stored(twin: "Twin") -> Reply:
    return twin.data_string(twin.buffer.stamped(twin.settings["stamps"]))


def _clear_store(twin: "Twin") -> None:
    twin.buffer.rows = []
    twin.trigger_model.report_buffer()


def _set_points(twin: "Twin", points: int) -> None:
    twin.buffer.resize(points)
    twin.trigger_model.report_buffer()


def _set_storing(twin: "Twin", mode: str) -> None:
    twin.buffer.control(mode)
    twin.trigger_model.report_buffer()


def _set_feed(twin: "Twin", source: str) -> None:
    if twin.buffer.storing:
        raise error(800)


def _free(twin: "Twin") -> str:
    # Bytes free and reserved; a reading takes five numbers of four bytes (not verified).
    used = 20 * len(twin.buffer.rows)
    return f"{20 * 2500 - used},{used}"


def _declare_system(words: "Vocabulary[Twin]") -> None:
    words.declare(
        ":FORMat:ELEMents[:SENSe[1]]",
        query=lambda t: ",".join(t.elements),
        set=_set_elements,
        takes=(Choice("VOLTage", "CURRent", "RESistance", "TIME", "STATus"),),
        repeat=True,
    )
    words.declare(
        ":FORMat[:DATA]",
        query=lambda t: t.data_format,
        set=_set_format,
        takes=(Choice("ASCii", "REAL", "SREal"), Integer(32, 32)),
        optional=1,
    )
    words.declare(
        ":SYSTem:LFRequency",
        query=lambda t: int(t.meter.line_hz),
        set=_set_line,
        takes=(Integer(50, 60),),
    )
    # 65 Hz to 2 MHz, up to 7.9 s; nobody hears a twin.
    words.declare(
        ":SYSTem:BEEPer[:IMMediate]",
        set=lambda t, hertz, seconds: None,
        takes=(Number(65, 2e6), Number(0, 7.9)),
    )
    words.declare(":SYSTem:TIME", query=lambda t: f"{t.meter.shown_timer_s:+.6E}")
    words.declare(":SYSTem:TIME:RESet", set=lambda t: t.meter.reset_timer())
    words.declare(":SYSTem:PRESet", set=lambda t: t.preset())
    words.declare(":SYSTem:VERSion", query=lambda t: "1996.0")
    words.declare(":SYSTem:MEP[:STATe]", query=lambda t: 0)
    words.declare(":SYSTem:LOCal", set=lambda t: None)
    words.declare(":SYSTem:REMote", set=lambda t: None)
    words.declare(":DISPlay:CNDisplay", set=lambda t: None)
    words.declare("*OPT", query=lambda t: "0")
    for group in ("MEASurement", "QUEStionable", "OPERation"):
        declare_group(words, group)


def _set_elements(twin: "Twin", *names: str) -> None:
    twin.elements = [name for name in ELEMENTS if name in names]


def _set_format(twin: "Twin", form: str, length: int = 32) -> None:
    twin.data_format = "ASC" if form == "ASC" else "REAL"


def _set_line(twin: "Twin", hertz: int) -> None:
    if hertz not in (50, 60):
        raise ScpiError(-222)
    twin.meter.line_hz = float(hertz)
    twin.settings["line_auto"] = False


WORDS: "Vocabulary[Twin]" = Vocabulary()
keithley2400_source_words.declare(WORDS)
keithley2400_sense_words.declare(WORDS)
keithley2400_settings.declare(WORDS)
_declare_acquisition(WORDS)
_declare_store(WORDS)
_declare_system(WORDS)
