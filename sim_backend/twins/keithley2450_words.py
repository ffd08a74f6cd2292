"""Every header a simulated Keithley 2450 understands, beyond those of all SCPI instruments."""

from typing import TYPE_CHECKING, Any

from sim_backend.scpi import (
    Choice,
    Integer,
    Number,
    Quoted,
    Reply,
    ScpiError,
    Vocabulary,
    declare_group,
)
from sim_backend.twins import (
    keithley2450_sense_words,
    keithley2450_source_words,
    remembered,
)
from sim_backend.twins.keithley2450_buffers import DEFAULT, LARGEST, SMALLEST
from sim_backend.twins.keithley2450_events import EPOCH, EVERYTHING, KINDS, calendar
from sim_backend.twins.keithley2450_readings import elements
from sim_backend.twins.keithley2450_settings import LONGEST_DELAY_S, REMEMBERED
from sim_backend.twins.keithley2450_trigger import Plan

if TYPE_CHECKING:
    from sim_backend.twins.keithley2450 import Keithley2450Twin as Twin


class _Word:
    """Letters and digits without quotes."""

    def read(self, text: str) -> str:
        if not text.isidentifier():
            raise ScpiError(-104)
        return text


class _Style:
    """Of a buffer; an empty one is what QCoDeS sends."""

    def __init__(self) -> None:
        self._word = Choice("COMPact", "STANdard", "FULL")

    def read(self, text: str) -> str:
        return self._word.read(text) if text else "STAN"


_name = Quoted()
_points = Integer(SMALLEST, LARGEST)
# A buffer and any number of elements, all of which may be left out.
_reading: dict[str, Any] = {"asks": (_name, _Word()), "asks_optional": 2, "asks_repeat": True}
_KIND = Choice("ERRor", "WARNing", "INFormational", "ALL")


def _declare_acquisition(words: "Vocabulary[Twin]") -> None:
    words.declare(":READ", query=lambda t, *a: t.read(*a), **_reading)
    words.declare(":FETCh", query=lambda t, *a: t.fetch(*a), **_reading)
    words.declare(":MEASure", query=lambda t, *a: t.read(*a), **_reading)
    nodes = {"VOLT": "VOLTage[:DC]", "CURR": "CURRent[:DC]", "RES": "RESistance"}
    for name, node in nodes.items():
        words.declare(f":MEASure:{node}", query=_measure(name), **_reading)
    words.declare(":INITiate[:IMMediate]", set=lambda t: t.initiate())
    # A trigger model here has always run to its end.
    words.declare(":ABORt", set=lambda t: None)
    words.declare(":TRIGger:STATe", query=lambda t: t.trigger_model.shown)
    loop = (Integer(1, 268_435_455), Number(0, LONGEST_DELAY_S, 0), _name)
    words.declare(":TRIGger:LOAD:LOOP:SIMPle", set=_load_loop, takes=loop, optional=2)
    words.declare(":TRIGger:LOAD", set=_load, takes=(_name, *loop), optional=3)


def _measure(name: str) -> Any:
    """:MEASure:...? selects the function and reads; it changes nothing else (page 6-4)."""

    def measure(twin: "Twin", *arguments: str) -> Reply:
        keithley2450_sense_words.set_function(twin, name)
        return twin.read(*arguments)

    return measure


def _load_loop(twin: "Twin", count: int, delay_s: float = 0.0, buffer: str = DEFAULT) -> None:
    _ = twin.buffers[buffer]
    twin.trigger_model.load(Plan(count=count, delay_s=delay_s, buffer=buffer))


def _load(twin: "Twin", model: str, *arguments: Any) -> None:
    if model.upper() == "EMPTY" and not arguments:
        twin.trigger_model.load(None)
    elif model.upper() == "SIMPLELOOP" and arguments:
        _load_loop(twin, *arguments)
    else:
        raise ScpiError(-224)


def _declare_buffers(words: "Vocabulary[Twin]") -> None:
    named: dict[str, Any] = {"asks": (_name,), "asks_optional": 1}

    def actual(twin: "Twin", name: str = DEFAULT) -> int:
        return len(twin.buffers[name].rows)

    words.declare(
        ":TRACe:MAKE",
        set=lambda t, name, points, style="STAN": t.buffers.make(name, points),
        takes=(_name, _points, _Style()),
        optional=1,
    )
    words.declare(":TRACe:DELete", set=lambda t, name: t.buffers.delete(name), takes=(_name,))
    words.declare(
        ":TRACe:CLEar",
        set=lambda t, name=DEFAULT: t.buffers[name].rows.clear(),
        takes=(_name,),
        optional=1,
    )
    words.declare(
        ":TRACe:POINts",
        query=lambda t, name=DEFAULT: t.buffers[name].points,
        set=_resize,
        takes=(_points, _name),
        optional=1,
        **named,
    )
    words.declare(":TRACe:ACTual", query=actual, **named)
    words.declare(":TRACe:ACTual:STARt", query=lambda t, *n: min(1, actual(t, *n)), **named)
    words.declare(":TRACe:ACTual:END", query=actual, **named)
    words.declare(
        ":TRACe:FILL:MODE",
        query=lambda t, name=DEFAULT: "CONT" if t.buffers[name].continuous else "ONCE",
        set=_set_fill,
        takes=(Choice("CONTinuous", "ONCE"), _name),
        optional=1,
        **named,
    )
    words.declare(
        ":TRACe:DATA",
        query=_data,
        asks=(Integer(1, LARGEST), Integer(1, LARGEST), _name, _Word()),
        asks_optional=2,
        asks_repeat=True,
    )
    words.declare(
        ":TRACe:TRIGger", set=lambda t, name=DEFAULT: t.read(name), takes=(_name,), optional=1
    )
    for node in ("AVERage", "MAXimum", "MINimum", "STDDev", "PK2Pk"):
        short = "".join(letter for letter in node if not letter.islower())
        words.declare(
            f":TRACe:STATistics:{node}",
            query=lambda t, name=DEFAULT, short=short: t.buffers[name].statistic(short),
            **named,
        )


def _resize(twin: "Twin", points: int, name: str = DEFAULT) -> None:
    buffer = twin.buffers[name]
    # What was in it is lost (manual of the 2470, page 12-129).
    buffer.rows.clear()
    buffer.points = points


def _set_fill(twin: "Twin", mode: str, name: str = DEFAULT) -> None:
    twin.buffers[name].continuous = mode == "CONT"


def _data(twin: "Twin", first: int, last: int, name: str = DEFAULT, *words: str) -> Reply:
    names = elements(words, twin.data_format, 4)
    buffer = twin.buffers[name]
    return twin.data_string(buffer.part(first, last), names, buffer)


def _declare_events(words: "Vocabulary[Twin]") -> None:
    def next_event(twin: "Twin", *kinds: str) -> str:
        code, text = twin.events.take(_kinds(kinds))
        return f'{code},"{text}"'

    kinds: dict[str, Any] = {"asks": (_KIND,), "asks_optional": 1, "asks_repeat": True}
    words.declare(":SYSTem:EVENtlog:NEXT", query=next_event, **kinds)
    words.declare(":SYSTem:EVENtlog:COUNt", query=lambda t, *k: t.events.count(_kinds(k)), **kinds)
    words.declare(
        ":SYSTem:EVENtlog:POST",
        # So in the manual of the 2461, page 6-151.
        set=lambda t, text, kind="INF": t.events.log(1003, f"User: {text}", _kinds((kind,))[0]),
        takes=(Quoted(), Choice("ERRor", "WARNing", "INFormational")),
        optional=1,
    )
    words.declare(":STATus:CLEar", set=_clear_registers)


def _kinds(words: tuple[str, ...]) -> tuple[int, ...]:
    if not words or "ALL" in words:
        return EVERYTHING
    return tuple(KINDS[word][0] for word in words)


def _clear_registers(twin: "Twin") -> None:
    twin.status.event = 0
    for group in twin.status.groups.values():
        group.event = 0


def _declare_system(words: "Vocabulary[Twin]") -> None:
    words.declare("*LANG", query=lambda t: "SCPI", set=_set_language, takes=(_Word(),))
    words.declare(
        ":FORMat[:DATA]",
        query=lambda t: t.data_format,
        set=_set_format,
        takes=(Choice("ASCii", "REAL", "SREal"),),
    )
    words.declare(
        ":ROUTe:TERMinals",
        query=lambda t: "FRON" if t.meter.front else "REAR",
        set=lambda t, v: t.set_terminals(v == "FRON"),
        takes=(Choice("FRONt", "REAR"),),
    )
    # Found at power-on; it cannot be set.
    words.declare(":SYSTem:LFRequency", query=lambda t: int(t.line_hz))
    # 20 Hz to 8 kHz, up to 100 s; nobody hears a twin. PyMeasure's range is that of a 2400.
    words.declare(
        ":SYSTem:BEEPer[:IMMediate]",
        set=lambda t, hertz, seconds: None,
        takes=(Number(20, 2e6), Number(0.001, 100)),
    )
    words.declare(":SYSTem:TIME", query=_time)
    words.declare(":SYSTem:VERSion", query=lambda t: "1996.0")
    words.declare(":DISPlay:CLEar", set=lambda t: None)
    words.declare(":DISPlay:SCReen", set=lambda t, screen: None, takes=(_Word(),))
    for group in ("QUEStionable", "OPERation"):
        declare_group(words, group)


def _set_language(twin: "Twin", language: str) -> None:
    # The others would hold after the next power-on.
    if language.upper() != "SCPI":
        raise ScpiError(-224)


def _set_format(twin: "Twin", form: str) -> None:
    twin.data_format = form


def _time(twin: "Twin") -> int:
    return int((calendar(twin.world.clock.now_s()) - EPOCH).total_seconds() + EPOCH.timestamp())


WORDS: "Vocabulary[Twin]" = Vocabulary()
keithley2450_source_words.declare(WORDS)
keithley2450_sense_words.declare(WORDS)
remembered.declare(WORDS, REMEMBERED)
_declare_acquisition(WORDS)
_declare_buffers(WORDS)
_declare_events(WORDS)
_declare_system(WORDS)
