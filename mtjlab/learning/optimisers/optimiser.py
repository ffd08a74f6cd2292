"""What every optimiser has in common."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Optimiser(Protocol):
    """Moves parameters along gradients and remembers what it needs for the next update."""

    def update(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        """Change every parameter that has a gradient of the same name, in place."""
        ...

    def state(self) -> dict[str, NDArray[Any] | int]:
        """A flat copy of the memory."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put back what `state()` returned."""
        ...
