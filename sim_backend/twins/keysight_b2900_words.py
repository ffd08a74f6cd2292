"""What a B2900A understands about one of its channels: source, limits, measuring."""

from typing import TYPE_CHECKING, Any

from mtjlab.core.interfaces import Function, OffState
from sim_backend.scpi import Boolean, Choice, Named, Number, ScpiError, Vocabulary
from sim_backend.twins import remembered
from sim_backend.twins.keysight_b2900_ranges import SMALLEST_LIMIT_A, SMALLEST_LIMIT_V, ladders
from sim_backend.twins.keysight_b2900_settings import LONGEST_LIST, node, of_channel, source_node
from sim_backend.twins.source_model import Quantity

if TYPE_CHECKING:
    from sim_backend.twins.keysight_b2900 import KeysightB2900Twin as Twin
    from sim_backend.twins.keysight_b2900_channel import Channel

_OFF_STATES: dict[str, OffState] = {"NORM": "normal", "ZERO": "zero", "HIZ": "high_impedance"}
_OFF_WORDS = {state: word for word, state in _OFF_STATES.items()}
_on = (Boolean(),)
_measured = Named(Choice("VOLTage", "CURRent", "RESistance"))


def declare(words: "Vocabulary[Twin]", model: str, number: int) -> None:
    """Add the words of one channel."""
    remembered.declare(words, of_channel(number))
    _declare_quantity(words, model, number, "VOLTage", "voltage", SMALLEST_LIMIT_V)
    _declare_quantity(words, model, number, "CURRent", "current", SMALLEST_LIMIT_A)
    _declare_output(words, number)
    _declare_functions(words, number)


def _declare_output(words: "Vocabulary[Twin]", number: int) -> None:
    def of(twin: "Twin") -> "Channel":
        return twin.channels[number - 1]

    def set_off_state(twin: "Twin", word: str) -> None:
        with of(twin).changing() as model:
            model.off_state = _OFF_STATES[word]

    output, source = node("OUTPut", number), source_node(number)
    words.declare(
        f"{output}[:STATe]",
        query=lambda t: of(t).model.on,
        set=lambda t, on: of(t).switch(on),
        takes=_on,
    )
    words.declare(
        f"{output}:OFF:MODE",
        query=lambda t: _OFF_WORDS[of(t).model.off_state],
        set=set_off_state,
        takes=(Choice("NORMal", "ZERO", "HIZ"),),
    )
    words.declare(
        f"{source}:FUNCtion:MODE",
        query=lambda t: "VOLT" if of(t).model.function == "voltage" else "CURR",
        set=lambda t, v: of(t).set_function("voltage" if v == "VOLT" else "current"),
        takes=(Choice("VOLTage", "CURRent"),),
    )


def _declare_functions(words: "Vocabulary[Twin]", number: int) -> None:
    sense = node("SENSe", number)

    def of(twin: "Twin") -> set[str]:
        return twin.channels[number - 1].functions

    functions: dict[str, Any] = {"takes": (_measured,), "repeat": True}
    words.declare(
        f"{sense}:FUNCtion[:ON]",
        query=lambda t: ",".join(f'"{name}"' for name in sorted(of(t))),
        set=lambda t, *names: of(t).update(names),
        **functions,
    )
    words.declare(
        f"{sense}:FUNCtion:OFF", set=lambda t, *names: of(t).difference_update(names), **functions
    )
    words.declare(f"{sense}:FUNCtion:STATe", query=lambda t, name: name in of(t), asks=(_measured,))


def _declare_quantity(
    words: "Vocabulary[Twin]",
    model: str,
    number: int,
    word: str,
    quantity: Function,
    smallest: float,
) -> None:
    ladder = ladders(model)[quantity == "current"]
    top = ladder.largest
    root, sense = f"{source_node(number)}:{word}", f"{node('SENSe', number)}:{word}[:DC]"
    level = Number(-top, top, 0.0)

    def channel(twin: "Twin") -> "Channel":
        return twin.channels[number - 1]

    def of(twin: "Twin") -> Quantity:
        found: Quantity = getattr(channel(twin).model, quantity)
        return found

    def set_range(twin: "Twin", value: float) -> None:
        with channel(twin).changing() as changed:
            changed.set_source_range(of(twin), value)

    def set_auto(twin: "Twin", auto: bool) -> None:
        with channel(twin).changing() as changed:
            changed.set_source_auto(of(twin), auto)

    def set_limit(twin: "Twin", value: float) -> None:
        with channel(twin).changing() as changed:
            changed.set_compliance(of(twin), value)

    def set_sense_range(twin: "Twin", value: float) -> None:
        with channel(twin).changing() as changed:
            changed.set_sense_range(of(twin), value)

    def set_sense_auto(twin: "Twin", auto: bool) -> None:
        with channel(twin).changing():
            of(twin).sense_auto = auto

    def append(twin: "Twin", *levels: float) -> None:
        kept = channel(twin).lists[quantity]
        if len(kept) + len(levels) > LONGEST_LIST:
            raise ScpiError(-223)
        kept.extend(levels)

    def set_list(twin: "Twin", *levels: float) -> None:
        channel(twin).lists[quantity] = []
        append(twin, *levels)

    words.declare(
        f"{root}[:LEVel][:IMMediate][:AMPLitude]",
        query=lambda t: of(t).level,
        set=lambda t, v: channel(t).set_level(of(t), v),
        takes=(level,),
    )
    # Nominal; which of nominal range and full scale is sent is not verified.
    words.declare(
        f"{root}:RANGe",
        query=lambda t: of(t).source_range,
        set=set_range,
        takes=(Number(0, top, ladder.nominal[0]),),
    )
    words.declare(f"{root}:RANGe:AUTO", query=lambda t: of(t).source_auto, set=set_auto, takes=_on)
    words.declare(
        f"{sense}:PROTection[:LEVel][:BOTH]",
        query=lambda t: of(t).compliance,
        set=set_limit,
        takes=(Number(smallest, top, ladder.full_scale(ladder.start)),),
    )
    words.declare(
        f"{sense}:PROTection:TRIPped",
        query=lambda t: channel(t).model.limited is of(t) and channel(t).limiting,
    )
    words.declare(
        f"{sense}:RANGe[:UPPer]",
        query=lambda t: channel(t).model.measuring_range(of(t)),
        set=set_sense_range,
        takes=(Number(0, top, ladder.start),),
    )
    words.declare(
        f"{sense}:RANGe:AUTO", query=lambda t: of(t).sense_auto, set=set_sense_auto, takes=_on
    )
    words.declare(
        f"{source_node(number)}:LIST:{word}",
        query=lambda t: channel(t).lists[quantity],
        set=set_list,
        takes=(level,),
        repeat=True,
    )
    words.declare(
        f"{source_node(number)}:LIST:{word}:APPend", set=append, takes=(level,), repeat=True
    )
    words.declare(
        f"{source_node(number)}:LIST:{word}:POINts",
        query=lambda t: len(channel(t).lists[quantity]),
    )
