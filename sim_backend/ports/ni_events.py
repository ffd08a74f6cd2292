"""Events of served tasks, as streams: so many more samples, and the task done."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from sim_backend.ports.ni_sessions import Held
from sim_backend.ports.ni_turns import Turns


class Listening:
    """One event of one task, from its registration until it is unregistered or nobody listens.

    Args:
        held: the task.
        kind: of the event; a task has one listener for each.
        interpreter: on simulated boards.
        register, unregister: with the interpreter; the first takes what is to be called.
    """

    def __init__(
        self,
        held: Held,
        kind: str,
        interpreter: Any,
        register: Callable[[Callable[..., object]], object],
        unregister: Callable[[], None],
    ) -> None:
        self._held, self._kind = held, kind
        self._interpreter = interpreter
        self._unregister = unregister
        self._due: deque[None] = deque()
        register(lambda *_: self._due.append(None))
        held.events[kind] = self

    def stream(self, turns: Turns, wanted: Callable[[], bool]) -> Iterator[None]:
        """One for each event, while it is `wanted`."""
        try:
            while wanted() and self._held.events.get(self._kind) is self:
                left_s = turns.look(self._look)
                while self._due:
                    self._due.popleft()
                    yield
                if turns.pause(left_s):
                    return
        finally:
            turns.look(self.end)

    def end(self) -> None:
        """Unregister, once; under the world's lock."""
        if self._held.events.get(self._kind) is self:
            del self._held.events[self._kind]
            self._unregister()

    def _look(self) -> float:
        """Let events happen that are due; seconds until the next one."""
        self._interpreter.deliver_events()
        task = self._held.handle.task
        if task is None:
            return 0.0
        next_s: float = self._interpreter.events.next_s()
        return next_s - task.board.world.clock.now_s()
