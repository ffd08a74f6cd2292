"""What a Keithley 2400 understands about its source: levels, ranges, sweeps, output."""

from typing import TYPE_CHECKING, Any

from mtjlab.core.interfaces import OffState
from sim_backend.scpi import Boolean, Choice, Either, Number, Vocabulary
from sim_backend.twins.keithley2400_meter import AMPERES, VOLTS
from sim_backend.twins.source_model import Ladder, Quantity

if TYPE_CHECKING:
    from sim_backend.twins.keithley2400 import Keithley2400Twin as Twin
    from sim_backend.twins.keithley2400_sweep import Sweep

_OFF_STATES: dict[str, OffState] = {
    "NORM": "normal",
    "ZERO": "zero",
    "HIMP": "high_impedance",
    "GUAR": "guard",
}
_OFF_WORDS = {state: word for word, state in _OFF_STATES.items()}
_on = (Boolean(),)


def declare(words: "Vocabulary[Twin]") -> None:
    """Add them."""
    _declare_quantity(words, "VOLTage", "voltage", VOLTS)
    _declare_quantity(words, "CURRent", "current", AMPERES)
    words.declare(
        ":SOURce[1]:FUNCtion[:MODE]",
        query=lambda t: t.model.function[:4].upper(),
        set=lambda t, v: t.set_function("voltage" if v == "VOLT" else "current"),
        takes=(Choice("VOLTage", "CURRent"),),
    )
    words.declare(
        ":SOURce[1]:VOLTage:PROTection[:LEVel]",
        query=lambda t: t.model.ceiling_v,
        set=_set_ceiling,
        takes=(Either(Number(-210, 210, 210), Choice("NONE")),),
    )
    words.declare(
        ":SOURce[1]:DELay",
        query=lambda t: t.trigger_model.delay_s,
        set=_set_delay,
        takes=(Number(0, 999.9999, 0),),
    )
    words.declare(":SOURce[1]:CLEar[:IMMediate]", set=lambda t: t.switch(False))
    words.declare(
        ":OUTPut[1][:STATe]", query=lambda t: t.model.on, set=lambda t, v: t.switch(v), takes=_on
    )
    # The enable line of a twin is open; 1 means not tripped (table 18-4).
    words.declare(":OUTPut[1]:ENABle:TRIPped", query=lambda t: not t.settings["output_enable"])
    words.declare(
        ":OUTPut[1]:SMODe",
        query=lambda t: _OFF_WORDS[t.model.off_state],
        set=_set_off_state,
        takes=(Choice("HIMPedance", "NORMal", "ZERO", "GUARd"),),
    )


def stepped(ladder: Ladder, present: float, value: float | str) -> float:
    """A range by value, or one UP or DOWN from the present one."""
    if not isinstance(value, str):
        return value
    index = ladder.nominal.index(present) + (1 if value == "UP" else -1)
    return ladder.nominal[max(0, min(len(ladder.nominal) - 1, index))]


def _declare_quantity(words: "Vocabulary[Twin]", node: str, quantity: str, ladder: Ladder) -> None:
    top, full = ladder.largest, ladder.full_scale
    root = f":SOURce[1]:{node}"
    value = Number(-top, top, 0.0)

    def of(twin: "Twin") -> Quantity:
        found: Quantity = getattr(twin.model, quantity)
        return found

    def set_range(twin: "Twin", value: float | str) -> None:
        with twin.changing() as model:
            model.set_source_range(of(twin), stepped(ladder, of(twin).source_range, value))

    def set_auto(twin: "Twin", auto: bool) -> None:
        with twin.changing() as model:
            model.set_source_auto(of(twin), auto)

    words.declare(
        f"{root}[:LEVel][:IMMediate][:AMPLitude]",
        query=lambda t: t.programmed(of(t)),
        set=lambda t, v: t.set_level(of(t), v),
        takes=(value,),
    )
    words.declare(
        f"{root}:RANGe",
        query=lambda t: full(of(t).source_range),
        set=set_range,
        takes=(Either(Number(-top, top, full(ladder.start)), Choice("UP", "DOWN")),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: of(t).source_auto, set=set_auto, takes=_on)
    _declare_sweep(words, node, quantity, value)


def _declare_sweep(words: "Vocabulary[Twin]", node: str, quantity: str, value: Number) -> None:
    root, points = f":SOURce[1]:{node}", f":SOURce[1]:LIST:{node}"

    def sweep(twin: "Twin") -> "Sweep":
        found: Sweep = getattr(twin.trigger_model, f"{quantity}_sweep")
        return found

    def put(name: str) -> Any:
        return lambda twin, value: setattr(sweep(twin), name, value)

    def set_step(twin: "Twin", step: float) -> None:
        twin.settings["sweep_points"] = sweep(twin).points_for(step)

    words.declare(
        f"{root}:MODE",
        query=lambda t: sweep(t).mode,
        set=lambda t, v: t.set_source_mode(sweep(t), v),
        takes=(Choice("FIXed", "LIST", "SWEep"),),
    )
    words.declare(f"{root}:STARt", query=lambda t: sweep(t).start, set=put("start"), takes=(value,))
    words.declare(f"{root}:STOP", query=lambda t: sweep(t).stop, set=put("stop"), takes=(value,))
    words.declare(
        f"{root}:STEP",
        query=lambda t: sweep(t).step(t.settings["sweep_points"]),
        set=set_step,
        takes=(Number(2 * value.lower, 2 * value.upper),),
    )
    words.declare(
        points,
        query=lambda t: ",".join(f"{v:+.6E}" for v in sweep(t).points),
        set=lambda t, *v: sweep(t).set_list(*v),
        takes=(value,),
        repeat=True,
    )
    words.declare(
        f"{points}:APPend", set=lambda t, *v: sweep(t).append(*v), takes=(value,), repeat=True
    )
    words.declare(f"{points}:POINts", query=lambda t: len(sweep(t).points))


def _set_ceiling(twin: "Twin", volts: float | str) -> None:
    with twin.changing() as model:
        model.ceiling_v = VOLTS.largest if isinstance(volts, str) else _ceiling(abs(volts))


def _ceiling(volts: float) -> float:
    # The settings there are (3-12); the next higher one is taken.
    return next((top for top in (20, 40, 60, 80, 100, 120, 160) if volts <= top), VOLTS.largest)


def _set_off_state(twin: "Twin", word: str) -> None:
    with twin.changing() as model:
        model.off_state = _OFF_STATES[word]


def _set_delay(twin: "Twin", seconds: float) -> None:
    twin.trigger_model.delay_s = seconds
    twin.settings["delay_auto"] = False
