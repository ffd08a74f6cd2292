"""What a Keithley 2450 understands about measuring: function, ranges, remote sense."""

from typing import TYPE_CHECKING

from sim_backend.scpi import Boolean, Named, Number, Vocabulary
from sim_backend.twins.keithley2400_sense_words import FUNCTIONS, FunctionName
from sim_backend.twins.keithley2450_ranges import AMPERES, OHMS, OHMS_START, VOLTS
from sim_backend.twins.keithley2450_settings import SENSES
from sim_backend.twins.source_model import Ladder, Quantity

if TYPE_CHECKING:
    from sim_backend.twins.keithley2450 import Keithley2450Twin as Twin

_on = (Boolean(),)


def declare(words: "Vocabulary[Twin]") -> None:
    """Add them."""
    _declare_ranges(words, SENSES["VOLT"], "voltage", VOLTS)
    _declare_ranges(words, SENSES["CURR"], "current", AMPERES)
    _declare_ohms(words, SENSES["RES"])
    for name, root in SENSES.items():
        _declare_remote_sense(words, name, root)
    words.declare(
        "[:SENSe[1]]:FUNCtion[:ON]",
        query=lambda t: FUNCTIONS[t.meter.function],
        set=set_function,
        takes=(Named(FunctionName()),),
    )
    # New references are taken now; auto zero is not simulated.
    words.declare("[:SENSe[1]]:AZERo:ONCE", set=lambda t: None)


def set_function(twin: "Twin", name: str) -> None:
    """Measure VOLT, CURR or RES from now on."""
    twin.meter.function = name


def _declare_remote_sense(words: "Vocabulary[Twin]", name: str, root: str) -> None:
    words.declare(
        f"{root}:RSENse",
        query=lambda t: t.meter.four_wire[name],
        set=lambda t, on: t.set_four_wire(name, on),
        takes=_on,
    )


def _declare_ranges(words: "Vocabulary[Twin]", root: str, quantity: str, ladder: Ladder) -> None:
    top = ladder.largest

    def of(twin: "Twin") -> Quantity:
        found: Quantity = getattr(twin.model, quantity)
        return found

    def set_range(twin: "Twin", value: float) -> None:
        with twin.changing() as model:
            model.set_sense_range(of(twin), value)

    def set_auto(twin: "Twin", auto: bool) -> None:
        with twin.changing():
            of(twin).sense_auto = auto

    def set_floor(twin: "Twin", value: float) -> None:
        of(twin).sense_floor = ladder.holding(value)

    words.declare(
        f"{root}:RANGe[:UPPer]",
        query=lambda t: t.model.measuring_range(of(t)),
        set=set_range,
        takes=(Number(-top, top, ladder.start),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: of(t).sense_auto, set=set_auto, takes=_on)
    words.declare(
        f"{root}:RANGe:AUTO:LLIMit",
        query=lambda t: of(t).sense_floor,
        set=set_floor,
        takes=(Number(-top, top, ladder.nominal[0]),),
    )
    words.declare(f"{root}:RANGe:AUTO:ULIMit", query=lambda t: of(t).compliance_range)


def _declare_ohms(words: "Vocabulary[Twin]", root: str) -> None:
    def set_range(twin: "Twin", ohms: float) -> None:
        twin.meter.ohms_range = next(top for top in OHMS if ohms <= 1.05 * top)
        twin.meter.ohms_auto = False

    def set_auto(twin: "Twin", auto: bool) -> None:
        twin.meter.ohms_auto = auto

    words.declare(
        f"{root}:RANGe[:UPPer]",
        query=lambda t: t.meter.ohms_range,
        set=set_range,
        takes=(Number(0, 1.05 * OHMS[-1], OHMS_START),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: t.meter.ohms_auto, set=set_auto, takes=_on)
