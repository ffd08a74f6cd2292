"""An acquisition in a saved state: a restored board goes on with it as if it had never paused.

The samples belong to the caller's task, which nothing can save. But a caller that starts the same
acquisition again on a restored board gets it from where it was: the same clock edges, and the
samples that nobody had read yet. It must have been all that runs: continuous, on its own clock.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import State
from sim_backend.twins.ni_acquisition import Acquisition

if TYPE_CHECKING:
    from sim_backend.twins.ni_task import NiTask

_NUMBERS, _UNREAD = "acquisition", "acquisition_v"


@dataclass(frozen=True)
class SavedAcquisition:
    """What is needed to go on.

    Attributes:
        channels: of the task, in order.
        ticks: of its sample clock.
        t0_s: bench time of its first edge, s.
        edge: the next one to be done.
        unread_v: (n, channels), samples that wait for a reader, V.
    """

    channels: tuple[str, ...]
    ticks: int
    t0_s: float
    edge: int
    unread_v: NDArray[np.float64]

    @classmethod
    def of(cls, task: "NiTask") -> Self | None:
        """Of a task under way; None where it cannot be gone on with."""
        part = task.part
        if not isinstance(part, Acquisition) or len(part.run.parts) > 1:
            return None
        if not task.continuous or task.depends or part.lost_from is not None:
            return None
        return cls(task.channels, task.ticks, part.run.t0_s, part.run.edge, part.unread())

    @classmethod
    def restored(cls, state: State) -> Self | None:
        """From a board's state; None if nothing was under way."""
        if _NUMBERS not in state:
            return None
        channels, ticks, t0_s, edge = json.loads(str(state[_NUMBERS]))
        unread_v = np.array(state[_UNREAD], dtype=np.float64).reshape(-1, len(channels))
        return cls(tuple(channels), ticks, t0_s, edge, unread_v)

    def state(self) -> dict[str, Any]:
        """For a board's state."""
        numbers = json.dumps([list(self.channels), self.ticks, self.t0_s, self.edge])
        return {_NUMBERS: numbers, _UNREAD: self.unread_v}

    def fits(self, tasks: "Sequence[NiTask]") -> bool:
        """Whether starting these is starting it again."""
        task = tasks[0]
        same = task.kind == "ai" and task.channels == self.channels and task.ticks == self.ticks
        return len(tasks) == 1 and same and task.continuous and not task.depends

    def go_on(self, part: Acquisition) -> None:
        """A run that has just been started becomes the one that was saved."""
        part.run.t0_s, part.run.edge = self.t0_s, self.edge
        part.take_up(self.edge, self.unread_v)
