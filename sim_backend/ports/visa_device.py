"""One simulated instrument and one session with it, as VISA sees them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from pyvisa import attributes, constants, rname
from pyvisa.constants import InterfaceType, ResourceAttribute

from sim_backend.ports.visa_locks import Locks


class MessageTwin(Protocol):
    """What stands behind a resource.

    It may also have `trigger()`, a group execute trigger (else it is fed *TRG), and `starved()`,
    which says that the controller waited for a reply in vain.

    Attributes:
        out: the reply that waits to be read.
    """

    out: bytearray

    def feed(self, data: bytes) -> None:
        """Bytes from the controller; messages end at a line feed."""
        ...

    def clear(self) -> None:
        """Device clear."""
        ...

    def status_byte(self) -> int:
        """What a serial poll sees."""
        ...


@dataclass
class Device:
    """An instrument at its resource.

    Attributes:
        resource: as the bench file writes it.
        twin: a `MessageTwin`.
        parsed: the resource in its parts; as text its one full spelling.
        locks: who may talk to it.
    """

    resource: str
    twin: Any
    parsed: rname.ResourceName
    locks: Locks = field(default_factory=Locks)

    @property
    def kind(self) -> tuple[InterfaceType, str]:
        """Interface and resource class."""
        return self.parsed.interface_type_const, self.parsed.resource_class


@dataclass
class Talk:
    """One session with a device.

    Attributes:
        device: with whom.
        values: of the VISA attributes, by their number.
    """

    device: Device
    values: dict[int, Any]


def has_end_line(talk: Talk) -> bool:
    """Whether the end of a write is told apart from its bytes (EOI), and the session uses it."""
    interface, kind = talk.device.kind
    if kind != "INSTR" or interface == InterfaceType.asrl:
        return False
    return bool(talk.values[ResourceAttribute.send_end_enabled])


def defaults(device: Device, manager: int) -> dict[int, Any]:
    """Attributes of a fresh session; what a resource of its kind has and knows."""
    known = (
        attributes.AttributesPerResource[device.kind]
        | (attributes.AttributesPerResource[attributes.AllSessionTypes])
    )
    values: dict[int, Any] = {
        one.attribute_id: one.default for one in known if not _unknown(one.default)
    }
    board = getattr(device.parsed, "board", getattr(device.parsed, "interface", "0"))
    if device.kind[0] == InterfaceType.gpib:
        values[ResourceAttribute.gpib_primary_address] = int(
            getattr(device.parsed, "primary_address", 0)
        )
    return values | {
        ResourceAttribute.interface_type: device.kind[0],
        ResourceAttribute.interface_number: int(board) if board.isdecimal() else 0,
        ResourceAttribute.resource_class: device.kind[1],
        ResourceAttribute.resource_name: str(device.parsed),
        ResourceAttribute.resource_manufacturer_name: "mtjlab",
        ResourceAttribute.resource_lock_state: constants.AccessModes.no_lock,
        ResourceAttribute.resource_manager_session: manager,
        ResourceAttribute.timeout_value: 2000,
        ResourceAttribute.termchar: 0x0A,
        ResourceAttribute.termchar_enabled: False,
        ResourceAttribute.send_end_enabled: True,
    }


def _unknown(default: Any) -> bool:
    return default is attributes.NotAvailable or default is None
