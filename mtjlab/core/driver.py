"""The contract between the bench and a driver: what it is handed, and what it must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mtjlab.core.clock import Clock
from mtjlab.core.interfaces import Instrument
from mtjlab.core.permit import WritePermit
from mtjlab.core.wiring import ArrayWiring, InputWire


@dataclass(frozen=True)
class Ports:
    """How drivers reach their instruments: vendor libraries, or the twins behind them.

    Attributes:
        visa_library: what PyVISA's `ResourceManager` is given: text, or a library instance.
        ni: None for NI's own driver; else an object with `task(name)` and `device(name)` that
            hands out real nidaqmx objects on another interpreter.
        serial: None for pyserial's own ports; else an object with `open(resource)` that hands out
            what has the members of a `serial.Serial` that `drivers.serial_link` uses.
        virtual: time-outs pass in bench time only; nothing waits.
    """

    visa_library: Any = ""
    ni: Any = None
    serial: Any = None
    virtual: bool = False


@dataclass(frozen=True)
class Opening:
    """Everything a driver is handed when it is opened; `arrays` are those that it selects in."""

    name: str
    resource: str
    options: Mapping[str, Any]
    ports: Ports
    clock: Clock
    permit: WritePermit
    inputs: Mapping[str, InputWire] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    arrays: Sequence[ArrayWiring] = ()


class Driver(Protocol):
    """What an entry point of `mtjlab.drivers` names: a class with `open`.

    Attributes:
        options_model: pydantic model of `[instruments.X.options]`; unknown keys are refused.
        host_loss: what covers the loss of the host or the link, for `mtjlab check`.

    It may also have a static method `preload()`, which imports what `open` would import: the
    supervisor calls it long before it must act. A board that can sample on the clock of another
    has `join(name, player)`, called with the other's driver after both are open.

    `mtjlab find` can match an instrument only with a driver that has a static or class method
    `recognises(reply) -> bool`: whether this reply to `*IDN?`, or to the question in its attribute
    `recognised_by`, comes from an instrument that it drives.
    """

    options_model: type[Any]
    host_loss: str

    @classmethod
    def open(cls, opening: Opening) -> "Driver":
        """Connect and identify. Never resets, never changes an output or a setting."""
        ...

    def faces(self) -> Mapping[str, Instrument]:
        """Channel suffix -> instrument; `""` for the only channel."""
        ...

    def close(self) -> None:
        """Release the link. Changes no output: safe first, then close."""
        ...
