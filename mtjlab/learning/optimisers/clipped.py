"""Weights that never leave a range."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.errors import ParameterError
from mtjlab.learning.optimisers.optimiser import Array, Optimiser


class Clipped:
    """An optimiser whose parameters never leave -limit .. limit.

    Args:
        optimiser: what moves them.
        limit: of weights and biases, > 0.

    Attributes:
        clipped: parameters that an update had carried beyond, all updates counted.

    Raises:
        ParameterError: the limit is none.
    """

    def __init__(self, optimiser: Optimiser, limit: float) -> None:
        if not 0.0 < limit < np.inf:
            raise ParameterError(f"weight_clip = {limit!r} must be positive and finite")
        self.optimiser = optimiser
        self.limit = limit
        self.clipped = 0

    def update(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        """See `Optimiser.update`; then clip what was moved."""
        self.optimiser.update(parameters, gradients)
        for name in gradients:
            parameter = parameters[name]
            self.clipped += int(np.count_nonzero(np.abs(parameter) > self.limit))
            np.clip(parameter, -self.limit, self.limit, out=parameter)

    def state(self) -> dict[str, NDArray[Any] | int]:
        """That of the optimiser, and `clipped`."""
        return {**self.optimiser.state(), "clipped": self.clipped}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` returned."""
        self.clipped = int(state["clipped"])
        self.optimiser.restore({name: v for name, v in state.items() if name != "clipped"})


def clipped(optimiser: Optimiser, limit: float | None) -> Optimiser:
    """`Clipped`; or the optimiser itself where the limit is None."""
    return optimiser if limit is None else Clipped(optimiser, limit)
