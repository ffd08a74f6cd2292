"""Status registers of IEEE 488.2 and SCPI: what *STB?, *ESR? and :STATus speak of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim_backend.scpi.errors import POWER_ON, ErrorQueue, ScpiError

ERROR_AVAILABLE = 0x04
MESSAGE_AVAILABLE = 0x10
EVENT_SUMMARY = 0x20
MASTER_SUMMARY = 0x40


@dataclass
class EventGroup:
    """Condition, latched events, and which of them count.

    Attributes:
        summary: the bit of the status byte that sums it up.
    """

    summary: int
    condition: int = 0
    event: int = 0
    enable: int = 0

    def update(self, bits: int, mask: int) -> None:
        """Set the condition bits under `mask` to `bits`; rising ones become events."""
        now = (self.condition & ~mask) | (bits & mask)
        self.event |= now & ~self.condition
        self.condition = now

    def happen(self, bits: int) -> None:
        """Latch events that have no lasting condition."""
        self.event |= bits

    def take(self) -> int:
        """The events, which reading clears."""
        event, self.event = self.event, 0
        return event


@dataclass
class Status:
    """Everything that sums up into the status byte.

    Attributes:
        errors: the error queue.
        groups: by node name in short form, such as `OPER`.
        event, event_enable: *ESR, *ESE.
        service_enable: *SRE.
    """

    errors: ErrorQueue
    groups: Mapping[str, EventGroup] = field(default_factory=dict)
    event: int = POWER_ON
    event_enable: int = 0
    service_enable: int = 0

    def refuse(self, error: ScpiError) -> None:
        """Queue an error and set its event bit."""
        self.errors.push(error)
        self.event |= error.event

    def byte(self, *, message_available: bool) -> int:
        """The status byte with the master summary in bit 6."""
        byte = ERROR_AVAILABLE if len(self.errors) else 0
        byte |= MESSAGE_AVAILABLE if message_available else 0
        byte |= EVENT_SUMMARY if self.event & self.event_enable else 0
        for group in self.groups.values():
            byte |= group.summary if group.event & group.enable else 0
        return byte | (MASTER_SUMMARY if byte & self.service_enable else 0)

    def clear(self) -> None:
        """*CLS: events and errors go, enables stay."""
        self.errors.clear()
        self.event = 0
        for group in self.groups.values():
            group.event = 0

    def power_on(self) -> None:
        """As after switching on: nothing enabled, no errors, and *ESR? says so."""
        self.errors.clear()
        self.event, self.event_enable, self.service_enable = POWER_ON, 0, 0
        for group in self.groups.values():
            group.condition = group.event = group.enable = 0

    def preset(self) -> None:
        """:STATus:PRESet: the enables of the groups go to zero."""
        for group in self.groups.values():
            group.enable = 0

    def take_event(self) -> int:
        """*ESR?, which clears it."""
        event, self.event = self.event, 0
        return event

    def state(self) -> dict[str, object]:
        """JSON-able; for `restore`."""
        groups = {n: [g.condition, g.event, g.enable] for n, g in self.groups.items()}
        registers = [self.event, self.event_enable, self.service_enable]
        return {"errors": self.errors.entries(), "groups": groups, "registers": registers}

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        errors, groups, registers = state["errors"], state["groups"], state["registers"]
        assert isinstance(errors, list)
        assert isinstance(groups, dict)
        assert isinstance(registers, list)
        self.errors.restore((code, text) for code, text in errors)
        for name, (condition, event, enable) in groups.items():
            group = self.groups[name]
            group.condition, group.event, group.enable = condition, event, enable
        self.event, self.event_enable, self.service_enable = registers
