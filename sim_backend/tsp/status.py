"""Status of a TSP instrument: error queue, standard events, and the status byte of them."""

from collections.abc import Mapping

from sim_backend.tsp.errors import POWER_ON, ErrorQueue, TspError

ERROR_AVAILABLE = 0x04
MESSAGE_AVAILABLE = 0x10
EVENT_SUMMARY = 0x20
MASTER_SUMMARY = 0x40


class Status:
    """Registers of IEEE 488.2.

    Attributes:
        errors: the error queue.
        event, event_enable: *ESR, *ESE.
        service_enable: *SRE.
    """

    def __init__(self) -> None:
        self.errors = ErrorQueue()
        self.power_on()

    def power_on(self) -> None:
        """Nothing enabled, no errors, and *ESR? says so."""
        self.errors.clear()
        self.event, self.event_enable, self.service_enable = POWER_ON, 0, 0

    def refuse(self, error: TspError) -> None:
        """Queue an error and set its event bit."""
        self.errors.push(error)
        self.event |= error.event

    def clear(self) -> None:
        """*CLS: events and errors go, enables stay."""
        self.errors.clear()
        self.event = 0

    def take_event(self) -> int:
        """*ESR?, which clears it."""
        event, self.event = self.event, 0
        return event

    def byte(self, *, message_available: bool) -> int:
        """The status byte with the master summary in bit 6."""
        byte = ERROR_AVAILABLE if len(self.errors) else 0
        byte |= MESSAGE_AVAILABLE if message_available else 0
        byte |= EVENT_SUMMARY if self.event & self.event_enable else 0
        return byte | (MASTER_SUMMARY if byte & self.service_enable else 0)

    def state(self) -> dict[str, object]:
        """JSON-able; for `restore`."""
        registers = [self.event, self.event_enable, self.service_enable]
        return {"errors": self.errors.entries(), "registers": registers}

    def restore(self, state: Mapping[str, object]) -> None:
        """Put back what `state()` gave."""
        errors, registers = state["errors"], state["registers"]
        assert isinstance(errors, list)
        assert isinstance(registers, list)
        self.errors.restore((code, text, severity) for code, text, severity in errors)
        self.event, self.event_enable, self.service_enable = registers
