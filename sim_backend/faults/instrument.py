"""A message instrument behind a bad line."""

from typing import Any

from mtjlab.core.protocol import State, StateValue
from sim_backend.faults.armed import InstrumentFaults
from sim_backend.faults.conversation import FaultyConversation

_LINE = "faulty_line"


class FaultyInstrument:
    """Wraps a twin: every conversation with it is a faulty one, whatever port it comes through.

    What is not part of a conversation is the twin's own.
    """

    def __init__(self, twin: Any, faults: InstrumentFaults) -> None:
        self._twin = twin
        self._faults = faults
        faults.attach(twin)
        self._bus = FaultyConversation(twin, faults, shared=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._twin, name)

    @property
    def out(self) -> bytearray:
        """As `Conversation.out`."""
        return self._bus.out

    @out.setter
    def out(self, queue: bytearray) -> None:
        self._bus.out = queue

    def due_s(self) -> float:
        """As `FaultyConversation.due_s`."""
        return self._bus.due_s()

    def feed(self, data: bytes) -> None:
        """As `Conversation.feed`."""
        self._bus.feed(data)

    def clear(self) -> None:
        """As `Conversation.clear`."""
        self._bus.clear()

    def status_byte(self) -> int:
        """As `Conversation.status_byte`."""
        return self._bus.status_byte()

    def starved(self) -> None:
        """As `Conversation.starved`."""
        self._bus.starved()

    def trigger(self) -> None:
        """Group execute trigger."""
        self._bus.trigger()

    def converse(self) -> FaultyConversation:
        """For a client with a connection of its own.

        Raises:
            LinkDown: the instrument cannot be reached.
        """
        with self._faults.scenario.lock:
            self._faults.demand_link()
            return FaultyConversation(self._twin.converse(), self._faults, shared=False)

    def state(self) -> dict[str, StateValue]:
        """The twin's, and what is on the bus."""
        return {**self._twin.state(), _LINE: self._bus.state()}

    def restore(self, state: State) -> None:
        """Go on from where `state()` was taken."""
        self._twin.restore({key: value for key, value in state.items() if key != _LINE})
        self._bus.restore(str(state[_LINE]))
