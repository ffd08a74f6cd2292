"""How the learning rate changes over a run."""

import math
from typing import Literal, get_args

ScheduleName = Literal["constant", "cosine", "linear"]


class Schedule:
    """A learning rate for every update.

    Args:
        learning_rate: the highest, > 0.
        schedule: "constant"; "cosine" or "linear" go from `learning_rate` to 0 in `total_updates`,
            and stay there.
        total_updates: needed by "cosine" and "linear".
        warm_up: the first so many updates rise in equal steps to the rate of the schedule, >= 0.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        learning_rate: float,
        schedule: ScheduleName = "constant",
        total_updates: int | None = None,
        warm_up: int = 0,
    ) -> None:
        if not 0.0 < learning_rate < math.inf:
            raise ValueError(f"learning_rate = {learning_rate!r} must be positive and finite")
        if schedule not in get_args(ScheduleName):
            raise ValueError(f"schedule = {schedule!r}: known are {get_args(ScheduleName)}")
        if schedule != "constant" and (total_updates is None or total_updates < 1):
            raise ValueError(
                f"total_updates = {total_updates!r}: a {schedule} schedule needs its end"
            )
        if warm_up < 0:
            raise ValueError(f"warm_up = {warm_up!r} updates must be 0 or more")
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.total_updates = total_updates
        self.warm_up = warm_up

    def rate(self, updates: int) -> float:
        """Learning rate of the next update after so many."""
        rate = self.learning_rate
        if updates < self.warm_up:
            rate *= (updates + 1) / self.warm_up
        if self.schedule == "constant" or self.total_updates is None:
            return rate
        done = min(1.0, updates / self.total_updates)
        if self.schedule == "linear":
            return rate * (1.0 - done)
        return 0.5 * rate * (1.0 + math.cos(math.pi * done))
