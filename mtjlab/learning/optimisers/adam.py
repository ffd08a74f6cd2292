"""Adam, the optimiser that noise-based learning was published with."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.learning.adam_kernel import move
from mtjlab.learning.crew import share
from mtjlab.learning.optimisers.schedule import Schedule, ScheduleName

Array = NDArray[np.float32]


class Adam:
    """Adam (Kingma and Ba, arXiv 1412.6980) with decoupled weight decay (arXiv 1711.05101).

    Args:
        learning_rate: of the first update, > 0.
        weight_decay: each update multiplies weights (not biases) by 1 - rate * weight_decay.
        beta1, beta2: forgetting of first and second moment per update, 0 <= beta < 1.
        epsilon: added to the root of the second moment.
        schedule, total_updates, warm_up: of the learning rate; see `Schedule`.

    Attributes:
        updates: so far.
    """

    def __init__(
        self,
        learning_rate: float,
        *,
        weight_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        schedule: ScheduleName = "constant",
        total_updates: int | None = None,
        warm_up: int = 0,
    ) -> None:
        self.schedule = Schedule(learning_rate, schedule, total_updates, warm_up)
        self.weight_decay = weight_decay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.updates = 0
        self._moments: dict[str, tuple[Array, Array]] = {}

    def rate(self) -> float:
        """Learning rate of the next update."""
        return self.schedule.rate(self.updates)

    def update(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        """One update of all parameters that have a gradient, in place."""
        rate = self.rate()
        self.updates += 1
        unbias1 = 1.0 - self.beta1**self.updates
        unbias2 = 1.0 - self.beta2**self.updates
        beta1, rest1 = np.float32(self.beta1), np.float32(1.0 - self.beta1)
        beta2, rest2 = np.float32(self.beta2), np.float32(1.0 - self.beta2)
        unbias, epsilon = np.float32(unbias2), np.float32(self.epsilon)
        pace = np.float32(rate / unbias1)
        for name, gradient in gradients.items():
            parameter = parameters[name]
            if name not in self._moments:
                self._moments[name] = (np.zeros_like(parameter), np.zeros_like(parameter))
            first, second = self._moments[name]
            decay = self.weight_decay if parameter.ndim > 1 else 0.0
            keep = np.float32(1.0 - rate * decay)
            p, g, m, v = (_flat(array) for array in (parameter, gradient, first, second))

            def some(
                begin: int,
                end: int,
                p: Array = p,
                g: Array = g,
                m: Array = m,
                v: Array = v,
                keep: np.float32 = keep,
            ) -> None:
                part = slice(begin, end)
                move(
                    p[part],
                    g[part],
                    m[part],
                    v[part],
                    keep,
                    beta1,
                    rest1,
                    beta2,
                    rest2,
                    unbias,
                    epsilon,
                    pace,
                )

            share(parameter.size, some, operations=10 * parameter.size)

    def state(self) -> dict[str, NDArray[Any] | int]:
        """`updates`, and for each parameter `first.NAME` and `second.NAME`; copies."""
        saved: dict[str, NDArray[Any] | int] = {"updates": self.updates}
        for name, (first, second) in self._moments.items():
            saved[f"first.{name}"] = first.copy()
            saved[f"second.{name}"] = second.copy()
        return saved

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` returned."""
        self.updates = int(state["updates"])
        names = [key.removeprefix("first.") for key in state if key.startswith("first.")]
        self._moments = {
            name: (
                np.array(state[f"first.{name}"], dtype=np.float32),
                np.array(state[f"second.{name}"], dtype=np.float32),
            )
            for name in names
        }


def _flat(array: Array) -> Array:
    if not array.flags.c_contiguous:
        raise ValueError(f"an array of shape {array.shape}: expected rows one after the other")
    return array.reshape(-1)
