"""The trigger model of a channel of a Keithley 2600, as far as sweeps of levels need it.

A trigger model that has been started is carried out at once, while its time passes on the virtual
clock. Stimuli, timers, pulses and two arms are not simulated.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtjlab.core.interfaces import Function
from sim_backend.tsp import TspError

if TYPE_CHECKING:
    from sim_backend.twins.keithley2600_channel import Channel

LONGEST = 60_000


class TriggerModel:
    """What is loaded.

    Attributes:
        function: what the sweep sources.
        levels: of the sweep, V or A.
        count: how many points; beyond the levels they begin anew.
        steps, measures: whether each point has a source and a measure action.
        holds: the last level stays at the end, else the programmed one comes back.
        kinds: what is measured, letters of i, v, r, p.
        buffers: paths of where each goes.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing is loaded."""
        self.function: Function = "voltage"
        self.levels: list[float] = []
        self.count, self.steps, self.measures, self.holds = 1, 0, 0, 0
        self.kinds, self.buffers = "", list[str]()

    def load(self, function: Function, levels: list[float]) -> None:
        """Levels of the next sweep.

        Raises:
            TspError: none, or more than fit (the numbers are not verified).
        """
        if not 1 <= len(levels) <= LONGEST:
            raise TspError(1110, "Parameter list length is not valid")
        self.function, self.levels = function, levels

    def collect(self, kinds: str, buffers: list[str]) -> None:
        """What the next sweep measures, and where it goes."""
        self.kinds, self.buffers = kinds, buffers

    def initiate(self, channel: "Channel") -> None:
        """trigger.initiate(), to its end.

        Raises:
            TspError: nothing is loaded, another source function, a level that is out of range.
        """
        if self.steps and not self.levels:
            raise TspError(5001, "Trigger model is not configured")
        if self.steps and channel.model.function != self.function:
            raise TspError(5028, "Cannot perform requested operation with this source function")
        quantity = channel.model.sourced
        before = quantity.level
        buffers = [channel.buffer(path) for path in self.buffers]
        for buffer in buffers:
            buffer.begin()
        modes = [buffer.append for buffer in buffers]
        try:
            for buffer in buffers:
                buffer.append = 1
            for point in range(self.count):
                if self.steps:
                    channel.set_level(quantity, self.levels[point % len(self.levels)])
                if self.measures and self.kinds:
                    channel.measure(self.kinds, buffers)
        finally:
            for buffer, mode in zip(buffers, modes, strict=True):
                buffer.append = mode
            if self.steps and not self.holds:
                channel.set_level(quantity, before)

    def state(self) -> dict[str, Any]:
        """For `restore`; JSON-able."""
        return dict(vars(self))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` gave."""
        vars(self).update(state)
