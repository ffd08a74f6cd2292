"""Settings of a Keithley 2600 that are only remembered, or read where they take effect."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from mtjlab.core.parameters import Ge, Le, Quantity
from sim_backend.tsp import Node, Value, between, one_of, own, text, whole

Kind = Callable[[Value], Any]

# Of a channel, by path below smuX: start after a reset, and what is taken.
OF_CHANNEL: dict[str, tuple[float, Kind]] = {
    "sense": (0, one_of(0, 1, 3)),
    "source.delay": (0.0, between(-1.0, 3600.0)),
    "source.settling": (0, one_of(0, 1, 2, 3, 128)),
    "source.sink": (0, one_of(0, 1)),
    "source.highc": (0, one_of(0, 1)),
    "source.limitp": (0.0, between(0.0, 42.0)),
    "measure.nplc": (1.0, between(0.001, 25.0)),
    "measure.autozero": (2, one_of(0, 1, 2)),
    "measure.count": (1, whole(1, 60_000)),
    "measure.interval": (0.0, between(0.0, 1.0)),
    "measure.delay": (0.0, between(-1.0, 3600.0)),
    "measure.delayfactor": (1.0, between(0.0, 1e3)),
    "measure.filter.count": (1, whole(1, 100)),
    "measure.filter.enable": (0, one_of(0, 1)),
    "measure.filter.type": (1, one_of(0, 1, 2)),
    "measure.rel.enablei": (0, one_of(0, 1)),
    "measure.rel.enablev": (0, one_of(0, 1)),
}

CONSTANTS = {
    "OUTPUT_DCAMPS": 0,
    "OUTPUT_DCVOLTS": 1,
    "OUTPUT_OFF": 0,
    "OUTPUT_ON": 1,
    "OUTPUT_HIGH_Z": 2,
    "OUTPUT_NORMAL": 0,
    "OUTPUT_ZERO": 1,
    "SENSE_LOCAL": 0,
    "SENSE_REMOTE": 1,
    "SENSE_CALA": 3,
    "AUTORANGE_OFF": 0,
    "AUTORANGE_ON": 1,
    "AUTORANGE_FOLLOW_LIMIT": 2,
    "AUTOZERO_OFF": 0,
    "AUTOZERO_ONCE": 1,
    "AUTOZERO_AUTO": 2,
    "FILTER_OFF": 0,
    "FILTER_ON": 1,
    "FILTER_MOVING_AVG": 0,
    "FILTER_REPEAT_AVG": 1,
    "FILTER_MEDIAN": 2,
    "REL_OFF": 0,
    "REL_ON": 1,
    "DISABLE": 0,
    "ENABLE": 1,
    "DELAY_OFF": 0,
    "DELAY_AUTO": -1,
    "SOURCE_IDLE": 0,
    "SOURCE_HOLD": 1,
    "SETTLE_SMOOTH": 0,
    "SETTLE_FAST_RANGE": 1,
    "SETTLE_FAST_POLARITY": 2,
    "SETTLE_DIRECT_IRANGE": 3,
    "SETTLE_FAST_ALL": 128,
}


class Keithley2600Options(BaseModel):
    """`[twin.instruments.NAME]` of a 2602B.

    Attributes:
        latency_s: time of one message on the wire, either way, s.
        noise: rms of a reading at 1 PLC over its range; falls with the root of the integration.
        line_hz: mains frequency, to which integration times refer.
        serial, firmware: parts of its identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Quantity("s"), Ge(0), Le(10)] = 3e-4
    noise: Annotated[float, Ge(0), Le(1)] = 2e-6
    line_hz: Literal[50, 60] = 50
    serial: str = "4012345"
    firmware: str = "3.3.2"


def declare(root: Node, settings: dict[str, float]) -> None:
    """Put every remembered setting of a channel under its node."""
    for path, (_start, kind) in OF_CHANNEL.items():
        *parts, name = path.split(".")
        node = root
        for part in parts:
            node = node.node(part)

        def ask(path: str = path) -> float:
            return float(settings[path])

        def put(value: float, path: str = path) -> None:
            settings[path] = value

        node.attribute(name, ask, put, kind)


class Front:
    """Local settings that change nothing here: display, prompts, beeper.

    Attributes:
        prompts, show_errors: of `localnode`; nothing is sent unasked here.
        screen: of the display.
        beeps: whether the beeper is enabled.
    """

    def __init__(self) -> None:
        self.prompts, self.show_errors, self.screen, self.beeps = 0, 0, 2, 1

    def declare(self, root: Node) -> None:
        """Put its names under the root."""
        local = root.node("localnode")
        own(local, "prompts", self, "prompts", one_of(0, 1))
        own(local, "showerrors", self, "show_errors", one_of(0, 1))
        display = root.node("display")
        display.constants(SMUA=0, SMUB=1, SMUA_SMUB=2, USER=3)
        own(display, "screen", self, "screen", one_of(0, 1, 2, 3))
        for name in ("clear", "setcursor", "sendkey"):
            display.function(name, lambda _arguments: ())
        display.function("settext", lambda a: (text(a[0] if a else None), ())[1])
        beeper = root.node("beeper")
        beeper.constants(ON=1, OFF=0)
        own(beeper, "enable", self, "beeps", one_of(0, 1))
        beeper.function("beep", lambda _arguments: ())
