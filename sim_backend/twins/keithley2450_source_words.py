"""What a Keithley 2450 understands about its source: levels, limits, lists, sweeps, output."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mtjlab.core.interfaces import Function, OffState
from sim_backend.scpi import Boolean, Choice, Integer, Number, Quoted, ScpiError, Vocabulary
from sim_backend.twins.keithley2450_buffers import DEFAULT
from sim_backend.twins.keithley2450_ranges import AMPERES, PROTECTIONS_V, VOLTS
from sim_backend.twins.keithley2450_settings import LONGEST_DELAY_S
from sim_backend.twins.keithley2450_trigger import Plan, Ranging
from sim_backend.twins.source_model import Ladder, Quantity

if TYPE_CHECKING:
    from sim_backend.twins.keithley2450 import Keithley2450Twin as Twin

_OFF_STATES: dict[str, OffState] = {
    "NORM": "normal",
    "ZERO": "zero",
    "HIMP": "high_impedance",
    "GUAR": "guard",
}
_OFF_WORDS = {state: word for word, state in _OFF_STATES.items()}
_off = (Choice("NORMal", "HIMPedance", "ZERO", "GUARd"),)
_on = (Boolean(),)
_delay = Number(-1, LONGEST_DELAY_S, -1)
_times = Integer(0, 268_435_455, 1)
_buffer = Quoted()
_PROTECTIONS = {f"PROT{volts}": float(volts) for volts in PROTECTIONS_V} | {"NONE": VOLTS.largest}
# Steps of a sweep, page 6-81.
_MOST_POINTS = 1_000_000


def declare(words: "Vocabulary[Twin]") -> None:
    """Add them."""
    _declare_quantity(words, "VOLTage", "voltage", VOLTS, AMPERES, "ILIMit")
    _declare_quantity(words, "CURRent", "current", AMPERES, VOLTS, "VLIMit")
    words.declare(
        ":SOURce[1]:FUNCtion[:MODE]",
        query=lambda t: t.meter.source,
        set=lambda t, v: t.set_function("voltage" if v == "VOLT" else "current"),
        takes=(Choice("VOLTage", "CURRent"),),
    )
    words.declare(
        ":SOURce[1]:VOLTage:PROTection[:LEVel]",
        query=_protection,
        set=_set_protection,
        takes=(Choice(*_PROTECTIONS),),
    )
    words.declare(
        ":SOURce[1]:VOLTage:PROTection[:LEVel]:TRIPped",
        query=lambda t: t.model.on and t.meter.protecting,
    )
    words.declare(
        ":OUTPut[1][:STATe]", query=lambda t: t.model.on, set=lambda t, v: t.switch(v), takes=_on
    )
    # 1: closed, all ranges can be used (page 6-33).
    words.declare(":OUTPut[1]:INTerlock:TRIPped", query=lambda t: t.model.interlock)
    words.declare(
        ":OUTPut[1]:SMODe",
        query=lambda t: _OFF_WORDS[t.model.off_state],
        set=lambda t, v: _set_off_state(t, v, "voltage", "current"),
        takes=_off,
    )


def _declare_quantity(
    words: "Vocabulary[Twin]",
    node: str,
    quantity: Function,
    ladder: Ladder,
    limits: Ladder,
    limit: str,
) -> None:
    top, largest_limit = ladder.largest, limits.largest
    root, name = f":SOURce[1]:{node}", node[:4]
    level = Number(-top, top, 0.0)

    def of(twin: "Twin") -> Quantity:
        found: Quantity = getattr(twin.model, quantity)
        return found

    def limited(twin: "Twin") -> Quantity:
        return twin.model.current if quantity == "voltage" else twin.model.voltage

    def set_range(twin: "Twin", value: float) -> None:
        with twin.changing() as model:
            model.set_source_range(of(twin), value)

    def set_auto(twin: "Twin", auto: bool) -> None:
        with twin.changing() as model:
            model.set_source_auto(of(twin), auto)

    def set_limit(twin: "Twin", value: float) -> None:
        with twin.changing() as model:
            model.set_compliance(limited(twin), value)

    def set_delay(twin: "Twin", seconds: float) -> None:
        twin.meter.delay_s[name] = seconds
        twin.settings[f"{name}.delay_auto"] = False

    words.declare(
        f"{root}[:LEVel][:IMMediate][:AMPLitude]",
        query=lambda t: of(t).level,
        set=lambda t, v: t.set_level(of(t), v),
        takes=(level,),
    )
    # Nominal, where the manual says full scale: which of them is sent is not verified.
    words.declare(
        f"{root}:RANGe",
        query=lambda t: of(t).source_range,
        set=set_range,
        takes=(Number(-top, top, ladder.nominal[0]),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: of(t).source_auto, set=set_auto, takes=_on)
    words.declare(
        f"{root}:{limit}[:LEVel]",
        query=lambda t: limited(t).compliance,
        set=set_limit,
        takes=(Number(-largest_limit, largest_limit, limits.full_scale(limits.start)),),
    )
    words.declare(f"{root}:{limit}[:LEVel]:TRIPped", query=lambda t: t.limiting(limited(t)))
    words.declare(
        f"{root}:DELay",
        query=lambda t: t.meter.delay_s[name],
        set=set_delay,
        takes=(Number(0, LONGEST_DELAY_S, 0),),
    )
    words.declare(
        f":OUTPut[1]:{node}:SMODe",
        query=lambda t: _OFF_WORDS[t.model.off_states[quantity]],
        set=lambda t, v: _set_off_state(t, v, quantity),
        takes=_off,
    )
    _declare_sweeps(words, node, quantity, level)


def _declare_sweeps(
    words: "Vocabulary[Twin]", node: str, function: Function, level: Number
) -> None:
    points, root = f":SOURce[1]:LIST:{node}", f":SOURce[1]:SWEep:{node}"
    ranging, count = Choice("AUTO", "BEST", "FIXed"), Integer(2, _MOST_POINTS)
    rest = (_delay, _times, ranging, Boolean(), Boolean(), _buffer)

    def linear(twin: "Twin", start: float, stop: float, n: int, *options: Any) -> None:
        _load(twin, function, np.linspace(start, stop, n).tolist(), *options)

    def stepped(twin: "Twin", start: float, stop: float, step: float, *options: Any) -> None:
        n = math.floor(abs(stop - start) / step * (1 + 1e-12)) + 1 if step > 0 else 0
        if not 2 <= n <= _MOST_POINTS:
            raise ScpiError(-222)
        levels = [start + math.copysign(step, stop - start) * i for i in range(n)]
        _load(twin, function, levels, *options)

    def logarithmic(twin: "Twin", start: float, stop: float, n: int, *options: Any) -> None:
        if not start * stop > 0:
            raise ScpiError(-222)
        _load(twin, function, np.geomspace(start, stop, n).tolist(), *options)

    words.declare(
        points,
        query=lambda t: ",".join(f"{v:.6E}" for v in t.trigger_model.lists[function]),
        set=lambda t, *v: t.trigger_model.set_list(function, v),
        takes=(level,),
        repeat=True,
    )
    words.declare(
        f"{points}:APPend",
        set=lambda t, *v: t.trigger_model.append(function, v),
        takes=(level,),
        repeat=True,
    )
    words.declare(f"{points}:POINts", query=lambda t: len(t.trigger_model.lists[function]))
    ends = (level, level)
    words.declare(f"{root}:LINear", set=linear, takes=(*ends, count, *rest), optional=6)
    words.declare(f"{root}:LINear:STEP", set=stepped, takes=(*ends, Number(), *rest), optional=6)
    words.declare(f"{root}:LOG", set=logarithmic, takes=(*ends, count, *rest), optional=6)
    words.declare(
        f"{root}:LIST",
        set=lambda t, *options: _load_list(t, function, *options),
        takes=(Integer(1, _MOST_POINTS, 1), _delay, _times, Boolean(), _buffer),
        optional=4,
    )


def _load(
    twin: "Twin",
    function: Function,
    levels: list[float],
    delay_s: float = -1.0,
    times: int = 1,
    ranging: Ranging = "BEST",
    fail_abort: bool = True,
    dual: bool = False,
    buffer: str = DEFAULT,
) -> None:
    _ = twin.buffers[buffer]
    if times == 0:
        # An endless sweep would never come back to the virtual clock.
        raise ScpiError(-222)
    once = levels + levels[::-1] if dual else levels
    if len(once) * times > _MOST_POINTS:
        raise ScpiError(-222)
    if delay_s < 0:
        twin.settings[f"{function[:4].upper()}.delay_auto"] = True
    twin.trigger_model.load(
        Plan(
            function,
            tuple(once * times),
            delay_s=max(0.0, delay_s),
            ranging=ranging,
            fail_abort=fail_abort,
            buffer=buffer,
        )
    )


def _load_list(
    twin: "Twin",
    function: Function,
    first: int,
    delay_s: float = 0.0,
    times: int = 1,
    fail_abort: bool = True,
    buffer: str = DEFAULT,
) -> None:
    levels = twin.trigger_model.lists[function][first - 1 :]
    if not levels:
        raise ScpiError(-222)
    source = twin.model.voltage if function == "voltage" else twin.model.current
    top = source.ladder.full_scale(source.source_range)
    if not source.source_auto and max(map(abs, levels)) > top:
        raise ScpiError(-222)
    ranging: Ranging = "AUTO" if source.source_auto else "FIX"
    _load(twin, function, levels, delay_s, times, ranging, fail_abort, False, buffer)


def _protection(twin: "Twin") -> str:
    return next(word for word, volts in _PROTECTIONS.items() if volts == twin.model.protection_v)


def _set_protection(twin: "Twin", word: str) -> None:
    with twin.changing() as model:
        model.set_protection(_PROTECTIONS[word])


def _set_off_state(twin: "Twin", word: str, *functions: Function) -> None:
    with twin.changing() as model:
        model.set_off_state(_OFF_STATES[word], *functions)
