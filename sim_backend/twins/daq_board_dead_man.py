"""The dead-man timer: when nobody has said anything for so long, the outputs go to 0 V."""

from collections.abc import Sequence

SHORTEST_S, LONGEST_S = 0.1, 3600.0


class DeadMan:
    """When it strikes next.

    Attributes:
        time_s: longest silence, s.
        due_s: bench time at which it strikes.
        count: how often it has struck since power-on.
    """

    def __init__(self, time_s: float, now_s: float) -> None:
        self.time_s = time_s
        self.due_s = now_s + time_s
        self.count = 0

    def heard(self, now_s: float) -> None:
        """A line has come."""
        self.due_s = max(self.due_s, now_s + self.time_s)

    def set(self, time_s: float, now_s: float) -> None:
        """From now on this is the longest silence."""
        self.time_s, self.due_s = time_s, now_s + time_s

    def kick(self, now_s: float, silence_s: float) -> None:
        """For that long from now silence is no harm; for the usual time in any case."""
        self.due_s = now_s + max(self.time_s, silence_s)

    def state(self) -> list[float]:
        """For `restore`."""
        return [self.time_s, self.due_s, self.count]

    def restore(self, state: Sequence[float]) -> None:
        """What `state()` gave."""
        time_s, due_s, count = state
        self.time_s, self.due_s, self.count = float(time_s), float(due_s), int(count)
