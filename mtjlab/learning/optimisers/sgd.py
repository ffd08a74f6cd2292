"""Stochastic gradient descent, plain and with momentum."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.optimisers.schedule import Schedule, ScheduleName

Array = NDArray[np.float32]


class Sgd:
    """Each update moves a parameter against its gradient g, with or without momentum.

        v <- momentum v + g,   w <- w - rate v      (Nesterov: w <- w - rate (g + momentum v))

    Args:
        learning_rate: of the schedule, > 0.
        momentum: 0 <= momentum < 1; 0 remembers nothing.
        nesterov: whether the gradient counts once more beside the velocity.
        weight_decay: each update multiplies weights (not biases) by 1 - rate * weight_decay.
        schedule, total_updates, warm_up: of the learning rate; see `Schedule`.

    Attributes:
        updates: so far.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        schedule: ScheduleName = "constant",
        total_updates: int | None = None,
        warm_up: int = 0,
    ) -> None:
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum = {momentum!r} must lie in 0 <= momentum < 1")
        if nesterov and not momentum:
            raise ValueError("nesterov = True needs a momentum above 0")
        self.schedule = Schedule(learning_rate, schedule, total_updates, warm_up)
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.updates = 0
        self._velocity: dict[str, Array] = {}

    def rate(self) -> float:
        """Learning rate of the next update."""
        return self.schedule.rate(self.updates)

    def update(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        """One update of all parameters that have a gradient, in place."""
        rate = self.rate()
        self.updates += 1
        for name, gradient in gradients.items():
            parameter = parameters[name]
            change = gradient.copy()
            if self.momentum:
                velocity = self._velocity.setdefault(name, np.zeros_like(parameter))
                velocity *= self.momentum
                velocity += gradient
                if self.nesterov:
                    change += np.float32(self.momentum) * velocity
                else:
                    change[...] = velocity
            change *= rate
            if self.weight_decay and parameter.ndim > 1:
                parameter *= 1.0 - rate * self.weight_decay
            parameter -= change

    def state(self) -> dict[str, NDArray[Any] | int]:
        """`updates`, and with momentum for each parameter `velocity.NAME`; copies."""
        saved: dict[str, NDArray[Any] | int] = {"updates": self.updates}
        for name, velocity in self._velocity.items():
            saved[f"velocity.{name}"] = velocity.copy()
        return saved

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` returned."""
        self.updates = int(state["updates"])
        self._velocity = {
            key.removeprefix("velocity."): np.array(value, dtype=np.float32)
            for key, value in state.items()
            if key.startswith("velocity.")
        }
