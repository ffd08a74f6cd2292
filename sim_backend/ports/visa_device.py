"""One simulated instrument and one session with it, as VISA sees them."""

import math
from dataclasses import dataclass, field
from typing import Any

from pyvisa import attributes, constants, rname
from pyvisa.constants import BufferOperation, InterfaceType, ResourceAttribute

from mtjlab.core.clock import VirtualClock
from sim_backend.conversation import Conversation, MessageTwin, due_s
from sim_backend.ports.visa_locks import Locks

# Masks of viFlush that drop what waits to be read.
DISCARDS = (
    BufferOperation.discard_read_buffer
    | BufferOperation.discard_read_buffer_no_io
    | BufferOperation.discard_receive_buffer
    | BufferOperation.discard_receive_buffer2
)


@dataclass
class Device:
    """An instrument at its resource.

    Attributes:
        resource: as the bench file writes it.
        twin: what is there.
        parsed: the resource in its parts; as text its one full spelling.
        locks: who may talk to it.
    """

    resource: str
    twin: MessageTwin
    parsed: rname.ResourceName
    locks: Locks = field(default_factory=Locks)

    @property
    def kind(self) -> tuple[InterfaceType, str]:
        """Interface and resource class."""
        return self.parsed.interface_type_const, self.parsed.resource_class

    def converse(self) -> Conversation:
        """For a new session: its own over a network, that of all others on a bus."""
        return self.twin.converse() if self.kind[0] == InterfaceType.tcpip else self.twin


@dataclass
class Talk:
    """One session with a device.

    Attributes:
        device: with whom.
        conversation: in what words.
        values: of the VISA attributes, by their number.
    """

    device: Device
    conversation: Conversation
    values: dict[int, Any]

    def awaited(self, clock: VirtualClock) -> bytearray:
        """What can be read; a reply that will be there in time lets that time pass.

        Raises:
            ConnectionError: the instrument cannot be reached.
        """
        out = self.conversation.out
        wait_s = due_s(self.conversation) - clock.now_s()
        milliseconds = self.values[ResourceAttribute.timeout_value]
        patient = milliseconds == constants.VI_TMO_INFINITE or wait_s <= milliseconds / 1e3
        if out or math.isinf(wait_s) or not patient:
            return out
        clock.sleep(wait_s)
        return self.conversation.out


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
