"""Tasks of a served board by name, and the clients that hold them.

A real board goes on when a client dies: outputs hold, and a finite output plays to its end. The
name and the reservation go with the client here, so that somebody else can take the outputs.
"""

from dataclasses import dataclass, field
from typing import Any

from nidaqmx.errors import DaqError

from sim_backend.ports.ni_attributes import Session
from sim_backend.twins.ni_errors import NiCode

# Kinds of event that a client can listen to.
SAMPLES, DONE = "samples", "done"
# What NI's clients send as `initialization_behavior`.
AUTO, NEW, ATTACH = 0, 1, 2


class NoSuchSession(Exception):
    """A client wants to attach to a task that is not there."""


class SessionTaken(Exception):
    """A client wants a new task under a name that is in use."""


@dataclass(eq=False)
class Held:
    """One task that clients hold.

    Attributes:
        handle: the interpreter's.
        clients: whoever made it or attached to it.
        events: kind of event -> who listens to it now, with an `end`.
    """

    handle: Session
    clients: set[str]
    events: dict[str, Any] = field(default_factory=dict)


class Sessions:
    """Tasks by name; to be used under the world's lock.

    Args:
        interpreter: on simulated boards.
    """

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self._held: dict[str, Held] = {}

    def create(self, name: str, behaviour: int, client: str) -> tuple[str, bool]:
        """A new task, or one that is there already; its name, and whether it is new.

        Raises:
            SessionTaken, NoSuchSession: as `behaviour` demands.
        """
        known = self._held.get(name) if name else None
        if known is None:
            if behaviour == ATTACH:
                raise NoSuchSession(f"there is no task {name!r} to attach to")
            handle, _ = self._interpreter.create_task(name)
            self._held[handle.name] = Held(handle, {client})
            return handle.name, True
        if behaviour == NEW:
            raise SessionTaken(
                f"there is a task {name!r} already; another client holds it. Use no name, or "
                "another one"
            )
        known.clients.add(client)
        return name, False

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def held(self, name: str) -> Held:
        """By name.

        Raises:
            DaqError: -200088, no such task.
        """
        if name not in self._held:
            raise DaqError(
                f"task {name!r} was cleared, or its client has gone", NiCode.INVALID_TASK, name
            )
        return self._held[name]

    def clear(self, name: str) -> None:
        """Stop and forget, for every client; outputs hold."""
        held = self.held(name)
        del self._held[name]
        held.events.clear()
        self._interpreter.clear_task(held.handle)

    def clients(self) -> set[str]:
        """Everybody who holds a task."""
        return {client for held in self._held.values() for client in held.clients}

    def leave(self, dead: set[str]) -> None:
        """Let go of what nobody holds but clients that have died."""
        for name, held in tuple(self._held.items()):
            held.clients -= dead
            if not held.clients:
                del self._held[name]
                held.events.clear()
                self._interpreter.abandon_task(held.handle)
