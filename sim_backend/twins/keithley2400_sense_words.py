"""What a Keithley 2400 understands about measuring: functions, ranges, compliance, integration."""

from typing import TYPE_CHECKING

from sim_backend.scpi import Boolean, Choice, Either, Named, Number, Reply, ScpiError, Vocabulary
from sim_backend.twins.keithley2400_meter import AMPERES, OHMS, OHMS_START, VOLTS
from sim_backend.twins.keithley2400_source_words import stepped
from sim_backend.twins.source_model import Ladder, Quantity

if TYPE_CHECKING:
    from sim_backend.twins.keithley2400 import Keithley2400Twin as Twin

FUNCTIONS = {"VOLT": '"VOLT:DC"', "CURR": '"CURR:DC"', "RES": '"RES"'}
_on = (Boolean(),)


class FunctionName:
    """A measuring function as in `'VOLTage[:DC]'`."""

    def __init__(self) -> None:
        self._word = Choice("VOLTage", "CURRent", "RESistance")

    def read(self, text: str) -> str:
        """VOLT, CURR or RES."""
        word, _, rest = text.upper().partition(":")
        name = self._word.read(word)
        if rest not in ("", "DC") or (rest and name == "RES"):
            raise ScpiError(-224)
        return name


def declare(words: "Vocabulary[Twin]") -> None:
    """Add them."""
    _declare_quantity(words, "VOLTage", "voltage", VOLTS)
    _declare_quantity(words, "CURRent", "current", AMPERES)
    _declare_nplc(words, "[:SENSe[1]]:RESistance")
    _declare_functions(words)
    words.declare(
        "[:SENSe[1]]:RESistance:RANGe[:UPPer]",
        query=lambda t: t.meter.ohms_range,
        set=_set_ohms_range,
        takes=(Number(0, OHMS[-1][0], OHMS_START),),
    )
    words.declare(
        "[:SENSe[1]]:RESistance:RANGe:AUTO",
        query=lambda t: t.meter.ohms_auto,
        set=_set_ohms_auto,
        takes=_on,
    )
    words.declare("[:SENSe[1]]:DATA[:LATest]", query=_latest)


def active(twin: "Twin") -> str:
    """The functions that are measured, as `"VOLT:DC","CURR:DC"`."""
    return ",".join(text for name, text in FUNCTIONS.items() if name in twin.meter.functions)


def _declare_quantity(words: "Vocabulary[Twin]", node: str, quantity: str, ladder: Ladder) -> None:
    top, full = ladder.largest, ladder.full_scale
    root = f"[:SENSe[1]]:{node}[:DC]"

    def of(twin: "Twin") -> Quantity:
        found: Quantity = getattr(twin.model, quantity)
        return found

    def set_range(twin: "Twin", value: float | str) -> None:
        with twin.changing() as model:
            model.set_sense_range(of(twin), stepped(ladder, of(twin).sense_range, value))

    def set_auto(twin: "Twin", auto: bool) -> None:
        with twin.changing():
            of(twin).sense_auto = auto

    def set_floor(twin: "Twin", value: float) -> None:
        of(twin).sense_floor = ladder.holding(value)

    def set_compliance(twin: "Twin", value: float) -> None:
        with twin.changing() as model:
            model.set_compliance(of(twin), value)

    words.declare(
        f"{root}:RANGe[:UPPer]",
        query=lambda t: full(t.model.measuring_range(of(t))),
        set=set_range,
        takes=(Either(Number(-top, top, full(ladder.start)), Choice("UP", "DOWN")),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: of(t).sense_auto, set=set_auto, takes=_on)
    words.declare(
        f"{root}:RANGe:AUTO:LLIMit",
        query=lambda t: full(of(t).sense_floor),
        set=set_floor,
        takes=(Number(-top, top, ladder.nominal[0]),),
    )
    words.declare(f"{root}:RANGe:AUTO:ULIMit", query=lambda t: full(of(t).compliance_range))
    words.declare(
        f"{root}:PROTection[:LEVel]",
        query=lambda t: of(t).compliance,
        set=set_compliance,
        takes=(Number(-top, top, full(ladder.start)),),
    )
    words.declare(f"{root}:PROTection:TRIPped", query=lambda t: t.limiting(of(t)))
    _declare_nplc(words, root)


def _declare_nplc(words: "Vocabulary[Twin]", root: str) -> None:
    def put(twin: "Twin", value: float) -> None:
        # One setting for all functions (18-70).
        twin.meter.nplc = value

    words.declare(
        f"{root}:NPLCycles", query=lambda t: t.meter.nplc, set=put, takes=(Number(0.01, 10, 1),)
    )


def _declare_functions(words: "Vocabulary[Twin]") -> None:
    root, named = "[:SENSe[1]]:FUNCtion", (Named(FunctionName()),)
    words.declare(f"{root}[:ON]", query=active, set=_enable, takes=named, repeat=True)
    words.declare(f"{root}[:ON]:ALL", set=lambda t: _enable(t, *FUNCTIONS))
    words.declare(f"{root}[:ON]:COUNt", query=lambda t: len(t.meter.functions))
    words.declare(f"{root}:OFF", query=_inactive, set=_disable, takes=named, repeat=True)
    words.declare(f"{root}:OFF:ALL", set=lambda t: _disable(t, *FUNCTIONS))
    words.declare(f"{root}:OFF:COUNt", query=lambda t: len(FUNCTIONS) - len(t.meter.functions))
    words.declare(f"{root}:STATe", query=lambda t, n: n in t.meter.functions, asks=named)


def _enable(twin: "Twin", *names: str) -> None:
    if twin.settings["concurrent"]:
        twin.meter.functions = twin.meter.functions | set(names)
    elif len(set(names)) == 1:
        twin.meter.functions = set(names)
    else:
        raise ScpiError(-221)


def _disable(twin: "Twin", *names: str) -> None:
    twin.meter.functions = twin.meter.functions - set(names)


def _inactive(twin: "Twin") -> str:
    return ",".join(text for name, text in FUNCTIONS.items() if name not in twin.meter.functions)


def _set_ohms_range(twin: "Twin", ohms: float) -> None:
    twin.meter.ohms_range = next(top for top, _ in OHMS if ohms <= top)
    twin.meter.ohms_auto = False


def _set_ohms_auto(twin: "Twin", auto: bool) -> None:
    twin.meter.ohms_auto = auto


def _latest(twin: "Twin") -> Reply:
    if not twin.trigger_model.latest:
        raise ScpiError(-230)
    return twin.data_string(twin.trigger_model.latest[-1:])
