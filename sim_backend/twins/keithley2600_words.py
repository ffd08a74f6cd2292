"""Every name a simulated Keithley 2602B answers to, below `smua` and `smub`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mtjlab.core.interfaces import Function
from sim_backend.tsp import Machine, Node, RuntimeFault, Table, Value, number, one_of, own, whole
from sim_backend.twins import keithley2600_settings
from sim_backend.twins.keithley2600_sweep import LONGEST

if TYPE_CHECKING:
    from sim_backend.twins.keithley2600_buffers import ReadingBuffer
    from sim_backend.twins.keithley2600_channel import Channel
    from sim_backend.twins.source_model import Quantity

_KINDS = ("i", "v", "iv", "r", "p")


def declare(machine: Machine, channel: "Channel") -> None:
    """Put the names of a channel below the root."""
    root = machine.root.node(channel.name)
    root.constants(**keithley2600_settings.CONSTANTS)
    keithley2600_settings.declare(root, channel.settings)
    _declare_source(root, channel)
    _declare_measure(root, channel)
    _declare_sweep(root.node("trigger"), channel)
    for place in (0, 1):
        node = root.node(f"nvbuffer{place + 1}")
        channel.buffers[place].declare(node)
    root.function("reset", lambda _arguments: _done(channel.reset))
    # Nothing runs here between two messages.
    root.function("abort", lambda _arguments: ())
    status = machine.root.node("status").node("measurement").node("instrument")
    node = status.node(channel.name)
    node.attribute("condition", lambda: float(channel.register))
    node.constants(VOLTAGE_LIMIT=1, VLMT=1, CURRENT_LIMIT=2, ILMT=2, ROF=128, BAV=256)


def _done(action: Callable[[], object]) -> tuple[()]:
    action()
    return ()


def _reader(owner: object, attribute: str) -> Callable[[], float]:
    return lambda: float(getattr(owner, attribute))


def _declare_source(root: Node, channel: "Channel") -> None:
    source, model = root.node("source"), channel.model

    def set_function(word: int) -> None:
        with channel.changing():
            model.function = "voltage" if word == 1 else "current"

    def off_setter(name: str) -> Callable[[float], None]:
        def put(value: float) -> None:
            with channel.changing():
                setattr(model, name, value)
                model.set_off()

        return put

    source.attribute("output", lambda: float(channel.switched), channel.switch, one_of(0, 1, 2))
    source.attribute("func", lambda: float(model.function == "voltage"), set_function, one_of(0, 1))
    source.attribute("compliance", lambda: channel.limiting)
    off = {"offmode": ("off_mode", one_of(0, 1, 2)), "offfunc": ("off_function", one_of(0, 1))}
    for name, (attribute, kind) in off.items():
        source.attribute(name, _reader(model, attribute), off_setter(attribute), kind)
    own(source, "offlimiti", model, "off_limit_a", number)
    own(source, "offlimitv", model, "off_limit_v", number)
    for letter, quantity in (("v", model.voltage), ("i", model.current)):
        _declare_quantity(source, channel, letter, quantity)


def _declare_quantity(source: Node, channel: "Channel", letter: str, quantity: "Quantity") -> None:
    def set_range(value: float) -> None:
        with channel.changing() as model:
            model.set_source_range(quantity, value)

    def set_auto(word: int) -> None:
        with channel.changing() as model:
            model.set_source_auto(quantity, bool(word))

    def set_limit(value: float) -> None:
        with channel.changing() as model:
            model.set_compliance(quantity, value)

    source.attribute(
        f"level{letter}",
        lambda: quantity.level,
        lambda value: channel.set_level(quantity, value),
        number,
    )
    source.attribute(f"range{letter}", lambda: quantity.source_range, set_range, number)
    source.attribute(
        f"autorange{letter}", lambda: float(quantity.source_auto), set_auto, one_of(0, 1)
    )
    source.attribute(f"limit{letter}", lambda: quantity.compliance, set_limit, number)


def _declare_measure(root: Node, channel: "Channel") -> None:
    measure, model = root.node("measure"), channel.model
    for kinds in _KINDS:

        def take(arguments: Sequence[Value], kinds: str = kinds) -> Sequence[Value]:
            return channel.measure(kinds, _buffers(arguments, channel))

        def take_overlapped(arguments: Sequence[Value], kinds: str = kinds) -> Sequence[Value]:
            channel.measure(kinds, _buffers(arguments, channel))
            return ()

        measure.function(kinds, take)
        measure.function(f"overlapped{kinds}", take_overlapped)
    for letter, quantity in (("v", model.voltage), ("i", model.current)):
        _declare_sense(measure, channel, letter, quantity)


def _declare_sense(measure: Node, channel: "Channel", letter: str, quantity: "Quantity") -> None:
    def set_range(value: float) -> None:
        with channel.changing() as model:
            model.set_sense_range(quantity, value)

    def set_auto(word: int) -> None:
        with channel.changing():
            quantity.sense_auto = bool(word)

    def set_floor(value: float) -> None:
        with channel.changing():
            quantity.sense_floor = quantity.ladder.holding(value)

    measure.attribute(
        f"range{letter}", lambda: channel.model.measuring_range(quantity), set_range, number
    )
    # FOLLOW_LIMIT is taken for ON.
    measure.attribute(
        f"autorange{letter}", lambda: float(quantity.sense_auto), set_auto, one_of(0, 1, 2)
    )
    measure.attribute(f"lowrange{letter}", lambda: quantity.sense_floor, set_floor, number)


def _buffers(arguments: Sequence[Value], channel: "Channel") -> list["ReadingBuffer"]:
    return [channel.buffer(path) for path in _paths(arguments)]


def _paths(arguments: Sequence[Value]) -> list[str]:
    for value in arguments:
        if not isinstance(value, Node):
            raise RuntimeFault("reading buffer expected")
    return [value.path for value in arguments]


def _declare_sweep(trigger: Node, channel: "Channel") -> None:
    model = channel.trigger_model
    own(trigger, "count", model, "count", whole(0, LONGEST))
    trigger.function("initiate", lambda _arguments: _done(lambda: model.initiate(channel)))
    trigger.node("arm").attribute("count", lambda: 1.0, lambda _value: None, one_of(1))
    own(trigger.node("source"), "action", model, "steps", one_of(0, 1))
    own(trigger.node("measure"), "action", model, "measures", one_of(0, 1))
    own(trigger.node("endsweep"), "action", model, "holds", one_of(0, 1))
    functions: dict[str, Function] = {"v": "voltage", "i": "current"}
    for letter, function in functions.items():

        def load_list(arguments: Sequence[Value], function: Function = function) -> tuple[()]:
            table = arguments[0] if arguments else None
            if not isinstance(table, Table):
                raise RuntimeFault("table expected")
            model.load(function, [number(value) for value in table.sequence()])
            return ()

        def load_line(arguments: Sequence[Value], function: Function = function) -> tuple[()]:
            if len(arguments) != 3:
                raise RuntimeFault("start, stop and points expected")
            start, stop, points = (number(value) for value in arguments)
            count = whole(2, LONGEST)(points)
            step = (stop - start) / (count - 1)
            model.load(function, [start + n * step for n in range(count)])
            return ()

        trigger.node("source").function(f"list{letter}", load_list)
        trigger.node("source").function(f"linear{letter}", load_line)
    for kinds in _KINDS:

        def collect(arguments: Sequence[Value], kinds: str = kinds) -> tuple[()]:
            _buffers(arguments, channel)
            model.collect(kinds, _paths(arguments))
            return ()

        trigger.node("measure").function(kinds, collect)
